/* Readers of the engine: photos, EXIF, networks, manifests, YAML, cascades, journals of makes. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "core/faces/haar_cascade.h"
#include "core/kernels/kernels.h"
#include "core/photo/baseline.h"
#include "core/photo/exif.h"
#include "core/photo/exif_gate.h"
#include "core/photo/jpeg.h"
#include "core/scoring/pose_card.h"
#include "datasets/dataset_spec.h"
#include "datasets/make_journal.h"
#include "photofinish/dataset.h"
#include "photofinish/network.h"
#include "photofinish/scorer.h"
#include "photofinish/workspace.h"
#include "tests/fuzz/fuzz_target.h"

static void same_plane(const pf_plane *a, const pf_plane *b)
{
	FUZZ_CHECK(a->width_px == b->width_px && a->height_px == b->height_px && !a->data == !b->data);
	for (uint32_t y = 0; a->data && y < a->height_px; y++) {
		size_t at = (size_t)y * a->stride_bytes;
		FUZZ_CHECK(memcmp(a->data + at, b->data + at, a->width_px) == 0);
	}
}

enum { VERSIONS_MAX = 8 };

/* A decoder for each version of the kernels that this processor has, the plain one first. */
static size_t open_decoders(pf_baseline **decoders)
{
	size_t count = 0;
	for (size_t v = 0; pf_kernels_at(v) && count < VERSIONS_MAX; v++) {
		if (pf_kernels_at(v)->needs & ~pf_kernels_flags()) {
			continue;
		}
		FUZZ_CHECK(pf_baseline_create(&decoders[count], NULL) == PF_OK);
		pf_baseline_use(decoders[count++], pf_kernels_at(v));
	}
	return count;
}

typedef struct planes {
	const pf_jpeg_head *head;
	pf_image image;
} planes;

static bool target_planes(void *context, uint32_t mcu_row, bool done, pf_baseline_target *target)
{
	const planes *to = context;
	const pf_plane *plane[3] = {&to->image.y, &to->image.cb, &to->image.cr};
	for (uint32_t i = 0; i < to->head->components && i < 3 && !done; i++) {
		size_t row = (size_t)mcu_row * 8 * to->head->component[i].v;
		target->rows[i] = plane[i]->data + row * plane[i]->stride_bytes;
		target->stride_bytes[i] = plane[i]->stride_bytes;
	}
	return true;
}

/* The file, and what is left of it without its last bytes, in one loop: each ends as alone. */
static void take_two(pf_baseline *decoder, const pf_jpeg_source *source, const pf_jpeg_head *head,
		     bool decoded, const pf_image *expected)
{
	static pf_baseline *second;
	static pf_baseline_pair *pair;
	static planes to[2];
	pf_jpeg_source cut = *source;
	cut.bytes -= cut.bytes / 16 % 64;
	const pf_jpeg_source *sources[2] = {source, &cut};
	FUZZ_CHECK(second || pf_baseline_create(&second, NULL) == PF_OK);
	FUZZ_CHECK(pair || pf_baseline_pair_create(&pair, NULL) == PF_OK);
	pf_baseline_job jobs[2];
	for (unsigned i = 0; i < 2; i++) {
		to[i].head = head;
		if (pf_jpeg_lay_out(head, 1, &to[i].image, NULL) != PF_OK) {
			return;
		}
		jobs[i] = (pf_baseline_job){.baseline = i ? second : decoder,
					    .source = sources[i],
					    .head = head,
					    .fn = target_planes,
					    .context = &to[i]};
	}
	pf_baseline_pair_rows(pair, jobs);
	FUZZ_CHECK(jobs[0].done == decoded);
	FUZZ_CHECK(jobs[1].done == pf_baseline_rows(second, &cut, head, target_planes, &to[1]));
	if (decoded) {
		same_plane(&expected->y, &to[0].image.y);
		same_plane(&expected->cb, &to[0].image.cb);
		same_plane(&expected->cr, &to[0].image.cr);
	}
}

/* To a half and a quarter: each version of the kernels decodes what the plain one does, to its planes. */
static void take_reduced(pf_baseline *const *decoders, size_t versions, const pf_jpeg_source *source,
			 const pf_jpeg_head *head)
{
	static pf_image plain, other;
	for (uint32_t by = 2; by <= 4; by *= 2) {
		bool decoded = pf_baseline_decode(decoders[0], source, head, by, &plain);
		for (size_t v = 1; v < versions; v++) {
			FUZZ_CHECK(pf_baseline_decode(decoders[v], source, head, by, &other) == decoded);
			if (decoded) {
				same_plane(&plain.y, &other.y);
				same_plane(&plain.cb, &other.cb);
				same_plane(&plain.cr, &other.cr);
			}
		}
	}
}

/* Our own decoder with libjpeg-turbo as the oracle: whatever bytes the gate passes, it declines, or libjpeg
 * decodes them without an error to the same planes and flaws; beside another file, too. */
static void take_jpeg(const uint8_t *data, size_t size)
{
	static pf_baseline *decoders[VERSIONS_MAX];
	static size_t versions;
	static pf_image expected, image;
	/* Most are small, so that there are many; files of some lengths may be of larger photos. */
	const pf_jpeg_limits limits = {
		.max_pixels = size % 16 ? 4096 : 65536, .max_decode_bytes = 16 << 20, .max_scans = 10};
	pf_jpeg_source source = {.data = data, .bytes = size};
	pf_jpeg_head head;
	versions = versions ? versions : open_decoders(decoders);
	if (pf_jpeg_gate(&source, &limits, &head, NULL) != PF_OK) {
		return;
	}
	take_reduced(decoders, versions, &source, &head);
	bool decoded = pf_baseline_decode(decoders[0], &source, &head, 1, &image);
	pf_status status = pf_jpeg_decode(&source, &head, &limits, &expected, NULL);
	FUZZ_CHECK(!decoded || status == PF_OK);
	for (size_t v = 0; v < versions; v++) {
		FUZZ_CHECK(v == 0 || pf_baseline_decode(decoders[v], &source, &head, 1, &image) == decoded);
		if (decoded) {
			same_plane(&expected.y, &image.y);
			same_plane(&expected.cb, &image.cb);
			same_plane(&expected.cr, &image.cr);
			FUZZ_CHECK(expected.flaws == image.flaws);
		}
	}
	take_two(decoders[versions - 1], &source, &head, decoded, &expected);
}

static void take_exif(const uint8_t *data, size_t size)
{
	static pf_exif_reader *reader;
	pf_exif exif;
	int64_t number;
	int32_t minutes;
	FUZZ_CHECK(reader || pf_exif_reader_create(&reader, NULL) == PF_OK);
	pf_exif_read(reader, data, size, &exif);
	FUZZ_CHECK(exif.orientation >= 1 && exif.orientation <= 8);
	for (size_t i = 0, sum = 0; exif.thumbnail && i < exif.thumbnail_bytes; i++) {
		sum += exif.thumbnail[i]; /* all of it can be read */
		FUZZ_CHECK(sum <= 255 * exif.thumbnail_bytes);
	}
	pf_exif_parse_time(data, size, &number);
	pf_exif_parse_utc_offset(data, size, &minutes);
	pf_exif_parse_subsecond(data, size, &number);
}

/* Loads and runs a network; with small caps, so that each takes milliseconds. */
static void take_network(const uint8_t *data, size_t size)
{
	pf_network_options options;
	pf_network *network = NULL;
	pf_network_options_default(&options);
	options.max_nodes = 200;
	options.max_folded_bytes = 1 << 20;
	options.max_activation_bytes = 4 << 20;
	options.max_work = 4000000;
	if (pf_network_load_memory(data, size, "fuzz", &options, &network, NULL) != PF_OK) {
		FUZZ_CHECK(!network);
		return;
	}
	for (int backend = 0; backend < 2; backend++) {
		pf_workspace *workspace = NULL;
		if (pf_workspace_create(network, backend ? "onednn" : "plain", 0, &workspace, NULL) !=
		    PF_OK) {
			continue;
		}
		for (size_t i = 0; i < pf_network_input_count(network); i++) {
			const pf_network_tensor *input = pf_network_input(network, i);
			size_t bytes = (size_t)pf_shape_elements(&input->shape) * pf_type_bytes(input->type);
			void *values = pf_workspace_input(workspace, i);
			if (values) {
				memset(values, input->type == PF_TYPE_FLOAT ? 0x3e : 1, bytes);
			}
		}
		if (pf_workspace_run(workspace, NULL) == PF_OK) {
			for (size_t i = 0; i < pf_network_output_count(network); i++) {
				const unsigned char *values = pf_workspace_output(workspace, i);
				FUZZ_CHECK(values);
			}
		}
		pf_workspace_destroy(workspace);
	}
	pf_network_free(network);
}

static void take_manifest(const uint8_t *data, size_t size)
{
	pf_dataset *dataset = NULL;
	(void)data;
	(void)size;
	if (pf_dataset_load(fuzz_file(), &dataset, NULL) == PF_OK) {
		char *text = NULL;
		size_t count = 0;
		FILE *stream = open_memstream(&text, &count);
		FUZZ_CHECK(stream);
		pf_dataset_write(dataset, dataset->root, stream);
		fclose(stream);
		free(text);
	}
	pf_dataset_free(dataset);
}

/* A packed dataset with some bytes replaced: place, value, place, value; three bytes each. */
static void take_image(const uint8_t *data, size_t size)
{
	static char *packed;
	static size_t count;
	pf_dataset *dataset = NULL;
	uint8_t none[PF_SHA256_BYTES] = {1};
	if (!packed) {
		FILE *stream = open_memstream(&packed, &count);
		FUZZ_CHECK(stream && pf_dataset_create("fuzz", "/tmp", &dataset, NULL) == PF_OK);
		FUZZ_CHECK(pf_dataset_add(dataset, "photos/a.jpg", 100, none, NULL) == PF_OK);
		FUZZ_CHECK(pf_dataset_add(dataset, "photos/b.jpg", 200, none, NULL) == PF_OK);
		FUZZ_CHECK(pf_dataset_pack(dataset, stream) == PF_OK && fclose(stream) == 0);
		pf_dataset_free(dataset);
		dataset = NULL;
	}
	char *bytes = malloc(count);
	FUZZ_CHECK(bytes);
	memcpy(bytes, packed, count);
	for (size_t i = 0; i + 2 < size; i += 3) {
		bytes[(data[i] << 8 | data[i + 1]) % count] = (char)data[i + 2];
	}
	size_t kept = size && data[size - 1] < 64 ? count - data[size - 1] % count : count;
	int fd = memfd_create("image", MFD_CLOEXEC);
	FUZZ_CHECK(fd >= 0 && write(fd, bytes, kept) == (ssize_t)kept);
	free(bytes);
	if (pf_dataset_unpack(fd, &dataset, NULL) == PF_OK) {
		uint8_t hash[PF_SHA256_BYTES];
		pf_dataset_hash(dataset, hash);
	}
	pf_dataset_free(dataset);
	close(fd);
}

static void take_config(const uint8_t *data, size_t size)
{
	pf_scorer_config config;
	(void)data;
	(void)size;
	pf_scorer_config_default(&config);
	if (pf_scorer_config_load(&config, fuzz_file(), NULL) == PF_OK) {
		double weights[PF_FACTOR_COUNT];
		uint8_t digest[PF_SHA256_BYTES];
		pf_scorer_weights(&config, weights);
		pf_scorer_config_digest(&config, digest, NULL);
	}
}

static void take_card(const uint8_t *data, size_t size)
{
	pf_pose_card card;
	(void)data;
	(void)size;
	pf_pose_card_load(fuzz_file(), &card, NULL);
}

static void take_spec(const uint8_t *data, size_t size)
{
	static pf_spec spec;
	(void)data;
	(void)size;
	if (pf_spec_load(fuzz_file(), &spec, NULL) == PF_OK) {
		FUZZ_CHECK(spec.camera_count > 0 && spec.camera_count <= PF_SPEC_CAMERAS_MAX);
		FUZZ_CHECK(spec.sequence_count > 0 && spec.sequence_count <= PF_SPEC_SEQUENCE_MAX);
	}
}

static void take_cascade(const uint8_t *data, size_t size)
{
	pf_haar_cascade *cascade = NULL;
	(void)data;
	(void)size;
	if (pf_haar_cascade_read(fuzz_file(), &cascade, NULL) == PF_OK) {
		pf_haar_cascade_destroy(cascade);
	}
}

static void take_make_journal(const uint8_t *data, size_t size)
{
	static pf_made_photo photos[64];
	pf_made_photo *all = NULL;
	size_t count = 0;
	(void)data;
	(void)size;
	int fd = open(fuzz_file(), O_RDWR | O_APPEND | O_CLOEXEC);
	pf_journal_read(fd, photos, 64, NULL);
	if (pf_journal_read_all(fd, &all, &count, NULL) == PF_OK) {
		free(all);
	}
	close(fd);
}

const struct fuzz_target fuzz_core_targets[] = {
	{"jpeg", take_jpeg, NULL},
	{"exif", take_exif, NULL},
	{"network", take_network, NULL},
	{"manifest", take_manifest, ""},
	{"image", take_image, NULL},
	{"config", take_config, ".yaml"},
	{"card", take_card, ".yaml"},
	{"spec", take_spec, ".yaml"},
	{"cascade", take_cascade, ".xml"},
	{"make-journal", take_make_journal, ""},
	{0},
};
