/* What a device's work leaves in a trace, and the fall-back to the processor, on the fake device; NVML's
 * samples and ranges of NVTX by libraries that stand for a driver's and a tool's. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/scoring/pose_estimator.h"
#include "harness/device/device.h"
#include "photofinish/gpu.h"
#include "tests/gpu/fake_entries.h"
#include "tests/unit/pose_fixture.h"
#include "tests/unit/temp_folder.h"

enum { PHOTOS = 4, RING = 256 };

static char data[256];
static pf_fixture_folder folder;
static const char *model;
static pf_image images[2];
static pf_trace trace;
static pf_span ring[RING];

static void decode(pf_image *image, uint32_t width, uint32_t height)
{
	pf_fixture_bytes photo = pf_fixture_pose_photo(width, height, 1);
	assert_int_equal(pf_fixture_decode(&photo, image, NULL), PF_OK);
	pf_fixture_free(&photo);
}

static int open_all(void **state)
{
	static const char card[] = "{width: 192, height: 144, turn: yes, output: heatmap, colour: ycbcr,\n"
				   " mean: [128, 128, 128], std: [64, 64, 64]}\n";
	(void)state;
	pf_temp_make(data);
	setenv("PHOTOFINISH_DATA", data, 1);
	if (fake_entries_open()) {
		return -1;
	}
	pf_fixture_folder_open(&folder);
	pf_fixture_bytes network = pf_fixture_pose_model(0, 0, 18);
	model = pf_fixture_pose_write(folder.path, "spots.onnx", network.data, network.bytes);
	pf_fixture_pose_write(folder.path, "spots.yaml", card, strlen(card));
	pf_fixture_free(&network);
	decode(&images[0], 333, 250);
	decode(&images[1], 2304, 1536);
	return 0;
}

static int close_all(void **state)
{
	(void)state;
	pf_image_release(&images[0]);
	pf_image_release(&images[1]);
	pf_fixture_folder_close(&folder);
	pf_temp_remove(data);
	return 0;
}

static pf_pose_estimator *open_estimator(const char *backend, bool fall_back, uint32_t batch)
{
	pf_pose_options options = {.model_file = model,
				   .backend = backend,
				   .trace = &trace,
				   .fall_back = fall_back,
				   .batch = batch};
	pf_pose_estimator *estimator;
	pf_error error = {.code = PF_OK};
	pf_trace_reset(&trace);
	pf_trace_keep(&trace, ring, RING);
	pf_trace_enter(&trace);
	if (pf_pose_estimator_create(&options, &estimator, &error) != PF_OK) {
		fail_msg("%s: %s", backend, error.message);
	}
	return estimator;
}

static void find_poses(pf_pose_estimator *estimator, size_t batch, pf_pose *poses)
{
	pf_image several[PHOTOS];
	pf_error error = {.code = PF_OK};
	for (size_t i = 0; i < PHOTOS; i++) {
		several[i] = images[i / 2];
	}
	for (size_t i = 0; i < PHOTOS; i += batch) {
		uint64_t begin = pf_span_begin(&trace, PF_STAGE_DECODE);
		pf_status status = batch > 1 ? pf_pose_estimate_all(estimator, several + i, batch, poses + i,
								    &error)
					     : pf_pose_estimate(estimator, &several[i], &poses[i], &error);
		pf_span_end(&trace, PF_STAGE_DECODE, begin);
		if (status != PF_OK) {
			fail_msg("photo %zu: %s", i, error.message);
		}
	}
}

/* The device's parts are timed within the host's spans, and copies have their bytes. */
static void test_times(void **state)
{
	(void)state;
	pf_pose poses[PHOTOS];
	uint64_t begin_ns = pf_now_ns();
	pf_pose_estimator *estimator = open_estimator("cudnn", false, 0);
	find_poses(estimator, 1, poses);
	uint64_t end_ns = pf_now_ns();
	const pf_device_work *work = &trace.device;
	assert_string_equal(work->name, "fake device of the tests");
	assert_string_equal(work->bus, "0000:17:00.0");
	assert_int_equal(work->photos, PHOTOS);
	assert_int_equal(work->fallen, 0);
	assert_int_equal(work->untimed, 0);
	assert_true(work->parts[PF_DEVICE_UPLOAD].bytes > 2u * 2304 * 1536 + 2u * 333 * 250);
	assert_true(work->parts[PF_DEVICE_UPLOAD].count > PHOTOS); /* the large ones go in pieces */
	assert_int_equal(work->parts[PF_DEVICE_INPUT].count, PHOTOS);
	assert_true(work->parts[PF_DEVICE_NETWORK].count >= PHOTOS);
	assert_int_equal(work->parts[PF_DEVICE_OUTPUT].count, PHOTOS);
	assert_int_equal(work->parts[PF_DEVICE_DOWNLOAD].count, PHOTOS);
	assert_true(work->parts[PF_DEVICE_DOWNLOAD].bytes >= PHOTOS * 17 * 4 * 5);
	uint64_t spans = 0, sum = 0, parts = 0;
	for (uint64_t i = 0; i < trace.ended && i < RING; i++) {
		if (ring[i].stage >= PF_DEVICE_SPAN) {
			assert_true(ring[i].begin_ns >= begin_ns && ring[i].end_ns <= end_ns);
			sum += ring[i].end_ns - ring[i].begin_ns;
			spans++;
		}
	}
	for (int part = 0; part < PF_DEVICE_PARTS; part++) {
		assert_true(work->parts[part].ns > 0);
		parts += work->parts[part].ns;
		spans -= work->parts[part].count;
	}
	assert_int_equal(spans, 0);
	assert_int_equal(sum, parts);

	pf_device_found *found = pf_device_find(&trace, 0, ring, RING, begin_ns, end_ns - begin_ns);
	assert_non_null(found);
	const pf_device_overlap *o = &found->overlap;
	assert_true(o->copy_ns > 0 && o->compute_ns > 0);
	assert_true(o->both_ns <= o->busy_ns / 100); /* one stream: nothing but what floats leave of a time */
	assert_int_equal(o->busy_ns, o->copy_ns + o->compute_ns - o->both_ns);
	assert_int_equal(o->with_decode_ns, o->busy_ns); /* all of it lies in what stands for decoding here */
	assert_true(strpbrk(found->timeline, "uinod"));
	free(found);
	pf_pose_estimator_destroy(estimator);
	assert_int_equal(fake_live(), 0);
}

/* Two workers of one device, by hand; and what a record keeps of it. */
static void test_overlap(void **state)
{
	(void)state;
	static pf_trace traces[2];
	static pf_span rings[2][4];
	for (int i = 0; i < 2; i++) {
		pf_trace_reset(&traces[i]);
		pf_trace_keep(&traces[i], rings[i], 4);
		traces[i].device.photos = 3;
	}
	assert_null(pf_device_find(&trace, 0, ring, 0, 0, 0)); /* nothing was noted */
	snprintf(traces[1].device.name, PF_DEVICE_NAME, "a \033[31mdevice");
	snprintf(traces[1].device.why, PF_DEVICE_WHY, "no memory");
	traces[1].device.fallen = 2;
	pf_trace_device(&traces[0], PF_DEVICE_UPLOAD, 1000, 1100, 5000);
	pf_trace_device(&traces[1], PF_DEVICE_NETWORK, 1050, 1150, 0);
	pf_trace_device(&traces[1], PF_DEVICE_DOWNLOAD, 1300, 1500, 80); /* beyond the trial's end */
	rings[0][traces[0].ended++] = (pf_span){
		.begin_ns = 1120, .end_ns = 1200, .photo = 1, .stage = PF_STAGE_DECODE};
	pf_device_found *found = pf_device_find(traces, 1, rings[0], 4, 1000, 400);
	assert_non_null(found);
	json_t *record = pf_device_json(found);
	pf_device_found *again = pf_device_of(record);
	assert_non_null(again);
	assert_memory_equal(again, found, sizeof *found);
	const pf_device_overlap want = {.wall_ns = 400,
					.copy_ns = 200,
					.compute_ns = 100,
					.both_ns = 50,
					.busy_ns = 250,
					.with_decode_ns = 30};
	assert_memory_equal(&again->overlap, &want, sizeof want);
	assert_int_equal(again->work.photos, 6);
	assert_int_equal(again->work.fallen, 2);
	assert_int_equal(again->work.parts[PF_DEVICE_UPLOAD].bytes, 5000);
	assert_string_equal(again->work.name, "a ?[31mdevice");
	assert_int_equal(strspn(again->timeline, "u"), 100);
	assert_int_equal(strspn(again->timeline, "un"), 150);
	assert_int_equal(strspn(again->timeline + 150, " "), 150);
	assert_string_equal(again->timeline + 300, "dddddddddddddddddddddddddddddddddddddddddddddddddd"
						   "dddddddddddddddddddddddddddddddddddddddddddddddddd");
	json_decref(record);
	free(found);
	free(again);
}

/* With one fault planted all photos have the pose that the processor finds, and what ran where adds up. */
static void meet(const char *fault, size_t batch, const char *says, const pf_pose *want)
{
	pf_pose poses[PHOTOS];
	fake_reset();
	setenv("PF_FAKE_GPU_FAULT", fault, 1);
	pf_pose_estimator *estimator = open_estimator("cudnn-fp32", true, (uint32_t)batch);
	find_poses(estimator, batch, poses);
	unsetenv("PF_FAKE_GPU_FAULT");
	fake_reset();
	const pf_device_work *work = &trace.device;
	if (!work->fallen || work->photos + work->fallen != PHOTOS || !strstr(work->why, says)) {
		fail_msg("%s: %ju on the device, %ju on the processor: %s", fault, (uintmax_t)work->photos,
			 (uintmax_t)work->fallen, work->why);
	}
	for (int i = 0; i < PHOTOS; i++) {
		assert_true(poses[i].found);
		assert_true(pf_fixture_pose_error(&poses[i]) <= pf_fixture_pose_error(&want[i]) + 0.01);
	}
	if (fake_live() != 0) {
		fail_msg("%s left %zu behind", fault, fake_live());
	}
	pf_pose_estimator_destroy(estimator);
}

static void test_fall_back(void **state)
{
	(void)state;
	static const struct {
		const char *fault;
		size_t batch;
		const char *says;
	} faults[] = {
		{"cuInit:1:100", 1, "CUDA_ERROR_NO_DEVICE"},
		{"cudnnCreate:1:3000", 1, "opening cuDNN"},
		{"cuMemAlloc:1:2", 1, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuMemAlloc:9:2", 2, "CUDA_ERROR_OUT_OF_MEMORY"},
		{"cuLaunchKernel:1:719", 1, "pf_kernel_picture: CUDA_ERROR_LAUNCH_FAILED"},
		{"cuLaunchKernel:7:719", 1, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuLaunchKernel:3:719", 2, "CUDA_ERROR_LAUNCH_FAILED"},
		{"cuMemcpyHtoDAsync:4:700", 1, "CUDA_ERROR_ILLEGAL_ADDRESS"},
		{"cuGraphLaunch:2:719", 1, "replaying the network: CUDA_ERROR_LAUNCH_FAILED"},
		{"cudnnBackendExecute:1:5000", 2, "a convolution"},
	};
	pf_pose want[PHOTOS];
	pf_pose_estimator *plain = open_estimator("plain", false, 0);
	find_poses(plain, 1, want);
	pf_pose_estimator_destroy(plain);
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		meet(faults[i].fault, faults[i].batch, faults[i].says, want);
	}
	/* What is wrong on the processor, too, is said. */
	pf_pose_options options = {.model_file = "/nowhere.onnx", .backend = "cudnn", .fall_back = true};
	pf_pose_estimator *estimator;
	pf_error error = {.code = PF_OK};
	assert_int_equal(pf_pose_estimator_create(&options, &estimator, &error), PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, "/nowhere.onnx");
}

static void test_load(void **state)
{
	(void)state;
	pf_nvml_load load = {.busy_samples = 0};
	assert_true(pf_nvml_open());
	pf_nvml_sample("0000:99:00.0", &load);
	assert_int_equal(load.busy_samples + load.memory_samples, 0);
	assert_string_equal(load.why, "the device's handle: Not Found");
	for (int i = 0; i < 3; i++) {
		pf_nvml_sample("0000:17:00.0", &load);
	}
	assert_int_equal(load.busy_samples, 3);
	assert_int_equal(load.memory_samples, 3);
	assert_string_equal(load.why, "");
	assert_true(fabs(load.busy_percent - 20) < 1e-9); /* 10, 20, 30 */
	assert_int_equal(load.used_most_bytes, 3u << 20);
	assert_int_equal(load.memory_bytes, 512u << 20);

	/* A device that is cut into parts tells nothing of how busy it is. */
	pf_nvml_load part = {.busy_samples = 0};
	setenv("PF_FAKE_NVML_PARTS", "1", 1);
	pf_nvml_sample("0000:17:00.0", &part);
	unsetenv("PF_FAKE_NVML_PARTS");
	assert_int_equal(part.busy_samples, 0);
	assert_int_equal(part.memory_samples, 1);
	assert_int_equal(part.memory_bytes, 512u << 20);
	assert_string_equal(part.why, "utilisation: Not Supported");
	pf_device_found found = {.load = part};
	json_t *json = pf_device_json(&found);
	pf_device_found *again = pf_device_of(json);
	assert_non_null(again);
	assert_int_equal(again->load.busy_samples, 0);
	assert_int_equal(again->load.memory_samples, 1);
	assert_string_equal(again->load.why, part.why);
	free(again);
	json_decref(json);
}

/* Ranges are nested as spans are; one that was left open ends with the one around it. */
static void test_ranges(void **state)
{
	(void)state;
	static const char want[] =
		"push pose\npush pose.input\npop\npush pose.network\npop\npop\npush faces\npop\n";
	char path[300], got[256] = "";
	snprintf(path, sizeof path, "%s/ranges", data);
	setenv("PF_FAKE_NVTX_FILE", path, 1);
	pf_gpu_ranges(); /* no tool asks */
	assert_null(pf_span_hooks);
	setenv("NVTX_INJECTION64_PATH", PF_FAKE_NVTX, 1);
	pf_gpu_ranges();
	assert_non_null(pf_span_hooks);
	pf_trace_reset(&trace);
	pf_trace_enter(&trace);
	uint64_t pose = pf_span_begin(&trace, PF_STAGE_POSE),
		 input = pf_span_begin(&trace, PF_STAGE_POSE_INPUT);
	pf_span_end(&trace, PF_STAGE_POSE_INPUT, input);
	pf_span_begin(&trace, PF_STAGE_POSE_NETWORK);
	pf_span_end(&trace, PF_STAGE_POSE, pose);
	uint64_t faces = pf_span_begin(&trace, PF_STAGE_FACES);
	pf_span_end(&trace, PF_STAGE_FACES, faces);
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	assert_true(fread(got, 1, sizeof got - 1, file) > 0);
	fclose(file);
	assert_string_equal(got, want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_overlap), cmocka_unit_test(test_times),
					   cmocka_unit_test(test_fall_back), cmocka_unit_test(test_load),
					   cmocka_unit_test(test_ranges)};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
