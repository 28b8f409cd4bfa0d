#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "jpeg_fixture.h"
#include "photofinish/scorer.h"
#include "photofinish/workspace.h"
#include "tests/unit/trace_fixture.h"

static pf_scorer *open_scorer(pf_trace *trace)
{
	pf_scorer_config config;
	pf_scorer *scorer;
	pf_scorer_config_default(&config);
	assert_int_equal(pf_scorer_create(&config, trace, &scorer, NULL), PF_OK);
	return scorer;
}

static size_t add_jpeg(pf_fixture_folder *folder, const char *name, const pf_fixture_spec *spec)
{
	pf_fixture_bytes bytes = pf_fixture_jpeg(spec);
	size_t index = pf_fixture_folder_add(folder, name, &bytes);
	pf_fixture_free(&bytes);
	return index;
}

static void test_stages_and_measures(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_trace trace;
	pf_score score;
	pf_trace_reset(&trace);
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes exif = pf_fixture_exif(&(pf_fixture_exif_spec){.orientation = 8});
	size_t index = add_jpeg(&folder, "a.jpg",
				&(pf_fixture_spec){.width_px = 800, .height_px = 500, .exif = exif});
	pf_scorer *scorer = open_scorer(&trace);
	assert_int_equal(pf_scorer_photo(scorer, folder.dataset, index, &score, NULL), PF_OK);
	static const pf_stage stages[] = {PF_STAGE_STARTUP, PF_STAGE_READ,    PF_STAGE_GATE, PF_STAGE_DECODE,
					  PF_STAGE_FACES,   PF_STAGE_QUALITY, PF_STAGE_SCORE};
	for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
		assert_int_equal(pf_fixture_spans(&trace, stages[i]), 1);
		assert_true(pf_fixture_own_ns(&trace, stages[i]) > 0);
	}
	assert_int_equal(trace.read_bytes, folder.dataset->photos[0].size_bytes);
	assert_int_equal(atomic_load(&trace.stage), PF_STAGE_COUNT);
	assert_true(score.measures[PF_MEASURE_WIDTH] == 800.0 && score.measures[PF_MEASURE_HEIGHT] == 500.0);
	assert_true(score.measures[PF_MEASURE_ORIENTATION] == 8.0);
	assert_true(score.total > 0.2 && score.total < 1.0);
	pf_scorer_destroy(scorer);
	pf_fixture_free(&exif);
	pf_fixture_folder_close(&folder);
}

/* In whichever order and by whichever way, a photo gets the same bits. */
static void test_same_photo_same_bits(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_jpeg(&folder, "a.jpg", &(pf_fixture_spec){.width_px = 900, .height_px = 600});
	add_jpeg(&folder, "b.jpg", &(pf_fixture_spec){.width_px = 333, .height_px = 470, .scans = 1, .v = 1});
	add_jpeg(&folder, "c.jpg", &(pf_fixture_spec){.width_px = 64, .height_px = 64, .components = 1});
	pf_fixture_folder_add(&folder, "d.jpg", &(pf_fixture_bytes){(uint8_t *)"text", 4});
	pf_score first[3], score;
	pf_scorer *scorer = open_scorer(NULL);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pf_scorer_photo(scorer, folder.dataset, i, &first[i], NULL), PF_OK);
	}
	static const size_t order[] = {2, 1, 3, 0, 0, 3, 2, 0, 1};
	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		pf_status status = pf_scorer_photo(scorer, folder.dataset, order[i], &score, NULL);
		assert_int_equal(status, order[i] == 3 ? PF_ERR_NOT_JPEG : PF_OK);
		if (order[i] < 3) {
			assert_memory_equal(&score, &first[order[i]], sizeof score);
		}
	}
	/* Twice loaded, once for each half: the double-load way. */
	pf_image one = {0}, two = {0};
	for (size_t i = 0; i < 3; i++) {
		score = (pf_score){0};
		assert_int_equal(pf_scorer_load(scorer, folder.dataset, i, &one, NULL), PF_OK);
		assert_int_equal(pf_scorer_detect(scorer, &one, &score, NULL), PF_OK);
		assert_int_equal(pf_scorer_load(scorer, folder.dataset, i, &two, NULL), PF_OK);
		assert_int_equal(pf_scorer_analyse(scorer, &two, &score, NULL), PF_OK);
		pf_scorer_fuse(scorer, &score);
		assert_memory_equal(&score, &first[i], sizeof score);
		assert_int_equal(two.file_bytes, folder.dataset->photos[i].size_bytes);
	}
	pf_image_release(&one);
	pf_image_release(&two);
	pf_scorer_destroy(scorer);
	pf_fixture_folder_close(&folder);
}

/* One photo in parts, by two scorers, of which one has no pose network; the faces come first. */
static void test_parts_make_the_whole(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_jpeg(&folder, "a.jpg", &(pf_fixture_spec){.width_px = 900, .height_px = 600});
	add_jpeg(&folder, "b.jpg", &(pf_fixture_spec){.width_px = 333, .height_px = 470, .scans = 1, .v = 1});
	add_jpeg(&folder, "c.jpg", &(pf_fixture_spec){.width_px = 5, .height_px = 5, .components = 1});
	pf_trace trace;
	pf_trace_reset(&trace);
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	config.model_file[0] = '\0';
	pf_scorer *lead = open_scorer(NULL), *helper;
	pf_bands *bands;
	pf_image image = {0};
	assert_int_equal(pf_scorer_create(&config, &trace, &helper, NULL), PF_OK);
	assert_int_equal(pf_bands_create(&bands, NULL), PF_OK);
	for (size_t i = 0; i < 3; i++) {
		pf_score whole, score = {0};
		assert_int_equal(pf_scorer_photo(lead, folder.dataset, i, &whole, NULL), PF_OK);
		assert_int_equal(pf_scorer_load(helper, folder.dataset, i, &image, NULL), PF_OK);
		assert_int_equal(pf_scorer_detect_faces(helper, &image, &score, NULL), PF_OK);
		for (uint32_t band = PF_BANDS; band-- > 0;) {
			pf_bands_sum(bands, band % 3 ? helper : lead, &image, band);
		}
		assert_int_equal(pf_scorer_detect_pose(lead, &image, &score, NULL), PF_OK);
		pf_bands_analyse(bands, lead, &image, &score);
		pf_scorer_fuse(lead, &score);
		assert_memory_equal(&score, &whole, sizeof score);
	}
	assert_int_equal(pf_fixture_spans(&trace, PF_STAGE_QUALITY), 3 * 5); /* bands 1, 2, 4, 5 and 7 */
	pf_image_release(&image);
	pf_bands_destroy(bands);
	pf_scorer_destroy(helper);
	pf_scorer_destroy(lead);
	pf_fixture_folder_close(&folder);
}

typedef struct worker {
	const pf_dataset *dataset;
	pf_score scores[2];
	pf_status status;
} worker;

static void *work(void *argument)
{
	worker *w = argument;
	pf_scorer_config config;
	pf_scorer *scorer;
	pf_scorer_config_default(&config);
	w->status = pf_scorer_create(&config, NULL, &scorer, NULL);
	for (size_t i = 0; i < 6 && w->status == PF_OK; i++) {
		w->status = pf_scorer_photo(scorer, w->dataset, i % 2, &w->scores[i % 2], NULL);
	}
	if (w->status == PF_OK) {
		pf_scorer_destroy(scorer);
	}
	return NULL;
}

/* A scorer of one's own is all that a thread needs. */
static void test_threads_with_their_own_scorers(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_jpeg(&folder, "a.jpg", &(pf_fixture_spec){.width_px = 700, .height_px = 500});
	add_jpeg(&folder, "b.jpg", &(pf_fixture_spec){.width_px = 333, .height_px = 470, .scans = 1});
	pthread_t threads[3];
	worker workers[3];
	for (size_t i = 0; i < 3; i++) {
		workers[i] = (worker){.dataset = folder.dataset};
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].status, PF_OK);
		assert_memory_equal(workers[i].scores, workers[0].scores, sizeof workers[0].scores);
	}
	pf_fixture_folder_close(&folder);
}

static void expect(pf_scorer *scorer, const pf_fixture_folder *folder, const char *name, pf_status expected)
{
	for (size_t i = 0; i < folder->dataset->count; i++) {
		if (strcmp(folder->dataset->photos[i].path, name) == 0) {
			pf_score score;
			pf_error error = {.code = PF_OK};
			pf_status status = pf_scorer_photo(scorer, folder->dataset, i, &score, &error);
			if (status != expected) {
				print_error("%s: %s (%s)\n", name, pf_status_name(status), error.message);
			}
			assert_int_equal(status, expected);
			assert_int_equal(error.code, expected);
			if (expected != PF_OK) {
				assert_string_equal(error.file, name);
			}
			return;
		}
	}
	fail();
}

static void add_bytes(pf_fixture_folder *folder, const char *name, pf_fixture_bytes bytes)
{
	pf_fixture_folder_add(folder, name, &bytes);
	pf_fixture_free(&bytes);
}

static void test_bad_photos(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes cut = pf_fixture_jpeg(&(pf_fixture_spec){.width_px = 500, .height_px = 400});
	cut.bytes /= 2;
	add_bytes(&folder, "truncated.jpg", cut);
	add_bytes(&folder, "bomb.jpg", pf_fixture_bomb(65500, 65500));
	add_jpeg(&folder, "scans.jpg", &(pf_fixture_spec){.width_px = 200, .height_px = 200, .scans = 500});
	add_jpeg(&folder, "cmyk.jpg",
		 &(pf_fixture_spec){.width_px = 80, .height_px = 60, .components = 4, .h = 1, .v = 1});
	add_jpeg(&folder, "progressive.jpg",
		 &(pf_fixture_spec){.width_px = 400, .height_px = 300, .scans = 1});
	add_jpeg(&folder, "esc\x1b[31m.jpg", &(pf_fixture_spec){.width_px = 40, .height_px = 30});
	pf_fixture_folder_add(&folder, "text.jpg", &(pf_fixture_bytes){(uint8_t *)"just text", 9});
	pf_fixture_folder_add(&folder, "empty.jpg", &(pf_fixture_bytes){(uint8_t *)"", 0});
	char path[512];
	snprintf(path, sizeof path, "%s/fifo.jpg", folder.path);
	assert_int_equal(mkfifo(path, 0600), 0);
	snprintf(path, sizeof path, "%s/link.jpg", folder.path);
	assert_int_equal(symlink("/etc/hostname", path), 0);
	static const char *const special[] = {"fifo.jpg", "link.jpg", "missing.jpg"};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(pf_dataset_add(folder.dataset, special[i], 0, NULL, NULL), PF_OK);
	}
	pf_scorer *scorer = open_scorer(NULL);
	expect(scorer, &folder, "truncated.jpg", PF_ERR_TRUNCATED);
	expect(scorer, &folder, "bomb.jpg", PF_ERR_TOO_LARGE);
	expect(scorer, &folder, "scans.jpg", PF_ERR_TOO_MANY_SCANS);
	expect(scorer, &folder, "cmyk.jpg", PF_ERR_UNSUPPORTED);
	expect(scorer, &folder, "progressive.jpg", PF_OK);
	expect(scorer, &folder, "esc\x1b[31m.jpg", PF_OK);
	expect(scorer, &folder, "text.jpg", PF_ERR_NOT_JPEG);
	expect(scorer, &folder, "empty.jpg", PF_ERR_EMPTY);
	expect(scorer, &folder, "fifo.jpg", PF_ERR_NOT_REGULAR);
	expect(scorer, &folder, "link.jpg", PF_ERR_OUTSIDE);
	expect(scorer, &folder, "missing.jpg", PF_ERR_NOT_FOUND);
	pf_scorer_destroy(scorer);
	pf_fixture_folder_close(&folder);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
/* A refused file costs below 50 ms and 16 MB, whatever its size: each in a process of its own. */
static void test_refusal_is_cheap(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_bytes(&folder, "bomb.jpg", pf_fixture_bomb(65500, 65500));
	add_bytes(&folder, "padded.jpg", pf_fixture_bomb(65500, 65500));
	add_jpeg(&folder, "scans.jpg", &(pf_fixture_spec){.width_px = 1000, .height_px = 750, .scans = 500});
	pf_fixture_folder_add(&folder, "text.jpg", &(pf_fixture_bytes){(uint8_t *)"text", 4});
	static const char *const large[] = {"padded.jpg", "text.jpg"};
	for (size_t i = 0; i < 2; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/%s", folder.path, large[i]);
		assert_int_equal(truncate(path, 900 << 20), 0);
	}
	for (size_t i = 0; i < folder.dataset->count; i++) {
		pid_t child = fork();
		if (child == 0) {
			struct timespec begin, end;
			struct rusage before, after;
			pf_score score;
			pf_scorer *scorer = open_scorer(NULL);
			getrusage(RUSAGE_SELF, &before);
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &begin);
			pf_status status = pf_scorer_photo(scorer, folder.dataset, i, &score, NULL);
			clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &end);
			getrusage(RUSAGE_SELF, &after);
			double ms = (double)(end.tv_sec - begin.tv_sec) * 1e3 +
				    (double)(end.tv_nsec - begin.tv_nsec) / 1e6;
			_exit(status == PF_OK || ms > 50.0 || after.ru_maxrss - before.ru_maxrss > 16 * 1024);
		}
		int result;
		assert_int_equal(waitpid(child, &result, 0), child);
		assert_int_equal(result, 0);
	}
	pf_fixture_folder_close(&folder);
}
#endif

static pf_status load_config(const char *text, pf_scorer_config *config, pf_error *error)
{
	char path[] = "/tmp/photofinish-config-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	pf_scorer_config_default(config);
	pf_status status = pf_scorer_config_load(config, path, error);
	unlink(path);
	return status;
}

static void test_configuration(void **state)
{
	(void)state;
	pf_scorer_config config, defaults;
	pf_error error;
	pf_scorer_config_default(&defaults);
	assert_int_equal(load_config("", &config, &error), PF_OK);
	assert_memory_equal(&config, &defaults, sizeof config);
	assert_int_equal(
		load_config("# weights only\nweights: {sharpness: 0.5, faces: 0}\n", &config, &error), PF_OK);
	assert_true(config.weights[PF_FACTOR_SHARPNESS] == 0.5 && config.weights[PF_FACTOR_FACES] == 0.0);
	assert_true(config.weights[PF_FACTOR_NOISE] == defaults.weights[PF_FACTOR_NOISE]);
	assert_int_equal(load_config("max_megapixels: 12.5\nmax_decode_mib: 256\nmax_scans: 20\n"
				     "cascade_file: /tmp/x.xml\n",
				     &config, &error),
			 PF_OK);
	assert_int_equal(config.max_pixels, 12500000);
	assert_int_equal(config.max_decode_bytes, 256u << 20);
	assert_int_equal(config.max_scans, 20);
	assert_string_equal(config.cascade_file, "/tmp/x.xml");
	assert_int_equal(load_config("timing_weight: 0.25\n", &config, &error), PF_OK);
	assert_true(config.timing_weight == 0.25);
	assert_int_equal(load_config("model: /m/rtm.onnx\nbox_model: \"\"\n", &config, &error), PF_OK);
	assert_string_equal(config.model_file, "/m/rtm.onnx");
	assert_string_equal(config.box_model_file, "");
	assert_int_equal(load_config("backend: plain\n", &config, &error),
			 pf_network_backend(0) ? PF_OK : PF_ERR_INVALID);
	assert_int_equal(load_config("model: \"\"\n", &config, &error), PF_OK);
	assert_string_equal(config.model_file, "");
}

/* Why there is no pose, and that a configuration without one is another. */
static void test_no_pose(void **state)
{
	(void)state;
	pf_scorer_config config, usual;
	pf_error error;
	uint8_t with[PF_SHA256_BYTES], without[PF_SHA256_BYTES];
	pf_scorer_config_default(&usual);
	config = usual;
	assert_true((pf_scorer_no_pose(&usual)[0] != 0) == (usual.model_file[0] == 0));
	assert_int_equal(load_config("model: \"\"\n", &config, &error), PF_OK);
	assert_string_equal(pf_scorer_no_pose(&config), "the configuration names no pose network");
	if (usual.model_file[0]) {
		assert_int_equal(pf_scorer_config_digest(&usual, with, &error), PF_OK);
		assert_int_equal(pf_scorer_config_digest(&config, without, &error), PF_OK);
		assert_memory_not_equal(with, without, sizeof with);
	}
	assert_int_equal(load_config("model: /m/rtm.onnx\n", &config, &error), PF_OK);
	assert_string_equal(pf_scorer_no_pose(&config), "");
	memset(config.model_file, 0, sizeof config.model_file);
	assert_string_equal(pf_scorer_no_pose(&config), "there is no pose network");
	assert_int_equal(pf_scorer_config_stages(&config, "quality", &error), PF_OK);
	assert_string_equal(pf_scorer_no_pose(&config), "");
}

static void test_wrong_configurations(void **state)
{
	(void)state;
	/* text, what the message has to name */
	static const char *const cases[][2] = {
		{"weights: {sharpnes: 1}\n", "weights.sharpnes: there is no such key, line 1"},
		{"weigths: {sharpness: 1}\n", "weigths: there is no such key, line 1"},
		{"timing_weight: 1\nmax_scans: 3\nweigths: {}\n", "weigths: there is no such key, line 3"},
		{"weights: {noise: -0.1}\n", "noise"},
		{"weights: {noise: nan}\n", "noise"},
		{"weights: {noise: inf}\n", "noise"},
		{"weights:\n  exposure: 1\n  noise: much\n",
		 "weights.noise: expected a number, not \"much\", line 3"},
		{"timing_weight: 1\ntiming_weight: 2\n", "timing_weight: stands twice, line 2"},
		{"weights: {noise: [1]}\n", "weights.noise: expected a number, line 1"},
		{"weights: 3\n", "weights: expected names with values, line 1"},
		{"weights: {sharpness: 0, steadiness: 0, exposure: 0, contrast: 0, noise: 0, colour: 0, faces: 0, "
		 "composition: 0, form: 0}\n",
		 "weights"},
		{"timing_weight: -1\n", "timing_weight"},
		{"max_megapixels: 0\n", "max_megapixels"},
		{"max_megapixels: 1e9\n", "max_megapixels"},
		{"max_scans: 0\n", "max_scans"},
		{"max_scans: -1\n", "max_scans: expected a whole number, not \"-1\", line 1"},
		{"max_decode_mib: 0.5\n", "max_decode_mib"},
		{"backend: abacus\n", "abacus"},
		{"backend: \"\"\n", "backend: must not be empty, line 1"},
		{"modell: x.onnx\n", "modell"},
		{"a: &a [*a]\n", ""},
		{"weights: {sharpness: 1\n", "not YAML: "},
		{"\x01\x02", ""}};
	pf_scorer_config config, defaults;
	pf_scorer_config_default(&defaults);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_error error = {.code = PF_OK};
		assert_int_equal(load_config(cases[i][0], &config, &error), PF_ERR_INVALID);
		if (!strstr(error.message, cases[i][1])) {
			fail_msg("%s: %s", cases[i][0], error.message);
		}
		assert_true(error.message[0] && !strchr(error.message, '\n'));
		assert_memory_equal(&config, &defaults, sizeof config);
	}
	pf_error error;
	assert_int_equal(pf_scorer_config_load(&config, "/nowhere.yaml", &error), PF_ERR_NOT_FOUND);
}

static void test_digest(void **state)
{
	(void)state;
	pf_scorer_config config;
	uint8_t first[PF_SHA256_BYTES], digest[PF_SHA256_BYTES];
	pf_scorer_config_default(&config);
	assert_int_equal(pf_scorer_config_digest(&config, first, NULL), PF_OK);
	assert_int_equal(pf_scorer_config_digest(&config, digest, NULL), PF_OK);
	assert_memory_equal(first, digest, sizeof digest);
	for (unsigned i = 0; i < PF_FACTOR_COUNT + 4; i++) {
		pf_scorer_config_default(&config);
		if (i < PF_FACTOR_COUNT) {
			config.weights[i] += 0x1p-40;
		} else {
			config.max_pixels += i == PF_FACTOR_COUNT;
			config.max_decode_bytes += i == PF_FACTOR_COUNT + 1;
			config.max_scans += i == PF_FACTOR_COUNT + 2;
			config.timing_weight += i == PF_FACTOR_COUNT + 3;
		}
		assert_int_equal(pf_scorer_config_digest(&config, digest, NULL), PF_OK);
		assert_memory_not_equal(first, digest, sizeof digest);
	}
	pf_scorer_config_default(&config);
	config.strategy = ~0u; /* another way to the same scores: the reference stays what it is */
	assert_int_equal(pf_scorer_config_digest(&config, digest, NULL), PF_OK);
	assert_memory_equal(first, digest, sizeof digest);
	pf_scorer_config_default(&config);
	snprintf(config.cascade_file, sizeof config.cascade_file, "/nowhere.xml");
	assert_int_equal(pf_scorer_config_digest(&config, digest, NULL), PF_ERR_NOT_FOUND);
	pf_scorer *scorer;
	assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_ERR_NOT_FOUND);
	assert_null(scorer);
	pf_scorer_destroy(NULL);
}

static void test_limits_are_the_configurations(void **state)
{
	(void)state;
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	add_jpeg(&folder, "a.jpg", &(pf_fixture_spec){.width_px = 400, .height_px = 300, .scans = 1});
	pf_scorer_config config;
	pf_scorer *scorer;
	pf_score score;
	static const pf_status expected[] = {PF_ERR_TOO_LARGE, PF_ERR_MEMORY_LIMIT, PF_ERR_TOO_MANY_SCANS};
	for (unsigned i = 0; i < 3; i++) {
		pf_scorer_config_default(&config);
		config.max_pixels = i == 0 ? 119999 : config.max_pixels;
		config.max_decode_bytes = i == 1 ? 1024 * 1024 : config.max_decode_bytes;
		config.max_scans = i == 2 ? 3 : config.max_scans;
		assert_int_equal(pf_scorer_create(&config, NULL, &scorer, NULL), PF_OK);
		assert_int_equal(pf_scorer_photo(scorer, folder.dataset, 0, &score, NULL), expected[i]);
		pf_scorer_destroy(scorer);
	}
	pf_fixture_folder_close(&folder);
}

static void test_version(void **state)
{
	(void)state;
	assert_non_null(strstr(pf_engine_version(), "libjpeg-turbo 2"));
	assert_non_null(strstr(pf_engine_version(), "OpenCV 4"));
	assert_non_null(strstr(pf_engine_version(), "pose "));
}

/* What is left out costs nothing, takes no part in the total, and is said in the digest. */
static void test_stages_left_out(void **state)
{
	(void)state;
	static const struct {
		const char *list;
		uint32_t left_out;
		pf_factor judged, unjudged;
		pf_stage ran, did_not;
		const char *in, *out;
	} cases[] = {
		{"facts,decode,quality", PF_LEAVE_OUT_POSE | PF_LEAVE_OUT_FACES, PF_FACTOR_NOISE,
		 PF_FACTOR_FORM, PF_STAGE_QUALITY, PF_STAGE_FACES, "facts, decode, quality", "pose, faces"},
		{"faces", PF_LEAVE_OUT_QUALITY | PF_LEAVE_OUT_POSE, PF_FACTOR_COUNT, PF_FACTOR_NOISE,
		 PF_STAGE_FACES, PF_STAGE_QUALITY, "facts, decode, faces", "quality, pose"},
		{"quality,faces", PF_LEAVE_OUT_POSE, PF_FACTOR_EXPOSURE, PF_FACTOR_FORM, PF_STAGE_FACES,
		 PF_STAGE_POSE, "facts, decode, quality, faces", "pose"},
	};
	pf_fixture_folder folder;
	pf_fixture_folder_open(&folder);
	size_t index = add_jpeg(&folder, "a.jpg", &(pf_fixture_spec){.width_px = 800, .height_px = 500});
	uint8_t digests[4][PF_SHA256_BYTES];
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_int_equal(config.left_out, 0);
	assert_int_equal(pf_scorer_config_digest(&config, digests[3], NULL), PF_OK);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_trace trace;
		pf_scorer *scorer;
		pf_score score;
		char in[PF_STAGES_TEXT], out[PF_STAGES_TEXT];
		pf_trace_reset(&trace);
		assert_int_equal(pf_scorer_config_stages(&config, cases[i].list, NULL), PF_OK);
		assert_int_equal(config.left_out, cases[i].left_out);
		pf_scorer_stages_text(&config, in, out);
		assert_string_equal(in, cases[i].in);
		assert_string_equal(out, cases[i].out);
		assert_int_equal(pf_scorer_config_digest(&config, digests[i], NULL), PF_OK);
		assert_memory_not_equal(digests[i], digests[3], PF_SHA256_BYTES);
		assert_memory_not_equal(digests[i], digests[i ? i - 1 : 3], PF_SHA256_BYTES);
		assert_int_equal(pf_scorer_create(&config, &trace, &scorer, NULL), PF_OK);
		assert_int_equal(pf_scorer_photo(scorer, folder.dataset, index, &score, NULL), PF_OK);
		assert_int_equal(pf_fixture_spans(&trace, cases[i].ran), 1);
		assert_int_equal(pf_fixture_spans(&trace, cases[i].did_not), 0);
		assert_true(cases[i].judged == PF_FACTOR_COUNT || score.factors[cases[i].judged] > 0.0);
		assert_true(score.factors[cases[i].unjudged] == 0.0);
		assert_true(score.measures[PF_MEASURE_WIDTH] == 800.0);
		/* The total is the mean of those that were judged. */
		double weights[PF_FACTOR_COUNT], sum = 0.0, total = 0.0;
		pf_scorer_weights(&config, weights);
		assert_true(weights[cases[i].unjudged] == 0.0);
		for (unsigned f = 0; f < PF_FACTOR_COUNT; f++) {
			sum += weights[f];
			total += weights[f] * score.factors[f];
		}
		assert_float_equal(score.total, total / sum, 1e-12);
		pf_scorer_destroy(scorer);
	}
	pf_fixture_folder_close(&folder);
}

static void test_wrong_stages(void **state)
{
	(void)state;
	static const struct {
		const char *list, *says;
	} cases[] = {
		{"facts,decode", "nothing would be judged"},
		{"", "is no stage"},
		{"quality,", "is no stage"},
		{"qualit", "\"qualit\" is no stage"},
		{"quality faces", "no stage"},
	};
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		pf_error error;
		assert_int_equal(pf_scorer_config_stages(&config, cases[i].list, &error), PF_ERR_USAGE);
		assert_non_null(strstr(error.message, cases[i].says));
		assert_int_equal(config.left_out, 0);
	}
	/* All that the weights name is left out: they are kept, or there would be no mean. */
	double weights[PF_FACTOR_COUNT];
	memset(config.weights, 0, sizeof config.weights);
	config.weights[PF_FACTOR_FACES] = 1.0;
	assert_int_equal(pf_scorer_config_stages(&config, "quality", NULL), PF_OK);
	pf_scorer_weights(&config, weights);
	assert_true(weights[PF_FACTOR_FACES] == 1.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stages_and_measures),
		cmocka_unit_test(test_no_pose),
		cmocka_unit_test(test_stages_left_out),
		cmocka_unit_test(test_wrong_stages),
		cmocka_unit_test(test_same_photo_same_bits),
		cmocka_unit_test(test_parts_make_the_whole),
		cmocka_unit_test(test_threads_with_their_own_scorers),
		cmocka_unit_test(test_bad_photos),
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
		cmocka_unit_test(test_refusal_is_cheap),
#endif
		cmocka_unit_test(test_configuration),
		cmocka_unit_test(test_wrong_configurations),
		cmocka_unit_test(test_digest),
		cmocka_unit_test(test_limits_are_the_configurations),
		cmocka_unit_test(test_version),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
