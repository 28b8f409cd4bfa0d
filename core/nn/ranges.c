#include "core/nn/ranges.h"

#include <cyaml/cyaml.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "photofinish/dataset.h"
#include "photofinish/file.h"
#include "photofinish/workspace.h"
#include "photofinish/yaml_file.h"

#define NODES_MAX 1000
#define NAME_MAX_BYTES 255

static const cyaml_schema_field_t range_fields[] = {
	CYAML_FIELD_STRING_PTR("node", CYAML_FLAG_POINTER, pf_range, node, 1, NAME_MAX_BYTES),
	CYAML_FIELD_FLOAT_PTR("most", CYAML_FLAG_POINTER, pf_range, most), CYAML_FIELD_END};

static const cyaml_schema_value_t range_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, pf_range, range_fields)};

static const cyaml_schema_field_t fields[] = {
	CYAML_FIELD_STRING_PTR("model_sha256", CYAML_FLAG_POINTER, pf_ranges, model, 64, 64),
	CYAML_FIELD_SEQUENCE_COUNT("inputs", CYAML_FLAG_POINTER, pf_ranges, ranges, count, &range_schema, 1,
				   NODES_MAX),
	CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, pf_ranges, fields)};

void pf_ranges_free(pf_ranges *ranges)
{
	pf_yaml_free(&schema, ranges);
}

/* The sum of the model that was asked for last, for who asks again: it takes as long as half a photo. */
static struct {
	pthread_mutex_t lock;
	bool holds;
	char file[1024];
	struct stat info;
	uint8_t sum[PF_SHA256_BYTES];
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_kept(const char *file, const struct stat *info)
{
	return kept.holds && strcmp(kept.file, file) == 0 && kept.info.st_dev == info->st_dev &&
	       kept.info.st_ino == info->st_ino && kept.info.st_size == info->st_size &&
	       memcmp(&kept.info.st_mtim, &info->st_mtim, sizeof info->st_mtim) == 0 &&
	       memcmp(&kept.info.st_ctim, &info->st_ctim, sizeof info->st_ctim) == 0;
}

static pf_status sum_of(const char *file, uint8_t sum[PF_SHA256_BYTES], pf_error *error)
{
	struct stat info;
	bool known = stat(file, &info) == 0 && strlen(file) < sizeof kept.file;
	pthread_mutex_lock(&kept.lock);
	bool same = known && is_kept(file, &info);
	pf_status status = same ? PF_OK : pf_file_sha256(file, sum, NULL, error);
	if (same) {
		memcpy(sum, kept.sum, sizeof kept.sum);
	} else if (status == PF_OK && known) {
		kept.holds = true;
		kept.info = info;
		memcpy(kept.file, file, strlen(file) + 1);
		memcpy(kept.sum, sum, sizeof kept.sum);
	}
	pthread_mutex_unlock(&kept.lock);
	return status;
}

static pf_status check(const pf_ranges *ranges, const char *model_file, const char *file, pf_error *error)
{
	uint8_t sum[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1];
	if (!ranges) {
		return pf_fail(error, PF_ERR_INVALID, file, "there are no ranges in it");
	}
	pf_status status = sum_of(model_file, sum, error);
	if (status != PF_OK) {
		return status;
	}
	pf_sha256_hex(sum, hex);
	if (strcmp(hex, ranges->model) != 0) {
		return pf_fail(error, PF_ERR_INVALID, file, "these ranges are another model's");
	}
	double most;
	for (unsigned i = 0; i < ranges->count && status == PF_OK; i++) {
		status = pf_yaml_take(ranges->ranges[i].most, 1e-6, 1e6, "most", file, &most, error);
	}
	return status;
}

bool pf_ranges_path(const char *model_file, char *out, size_t capacity)
{
	static const char ending[] = ".onnx";
	size_t length = strlen(model_file), stem = length;
	if (length > sizeof ending - 1 && strcmp(model_file + length - (sizeof ending - 1), ending) == 0) {
		stem -= sizeof ending - 1;
	}
	return snprintf(out, capacity, "%.*s.bytes.yaml", (int)stem, model_file) < (int)capacity;
}

pf_status pf_ranges_load(const char *model_file, pf_ranges **out, pf_error *error)
{
	char file[1024];
	*out = NULL;
	if (!pf_ranges_path(model_file, file, sizeof file)) {
		return pf_fail(error, PF_ERR_INVALID, model_file, "the model's path is too long");
	}
	void *data = NULL;
	pf_status status = pf_yaml_load(file, &schema, &data, error);
	if (status == PF_OK) {
		status = check(data, model_file, file, error);
	}
	if (status != PF_OK) {
		pf_ranges_free(data);
		return status;
	}
	*out = data;
	return PF_OK;
}

double pf_ranges_of(const pf_ranges *ranges, const char *node)
{
	for (unsigned i = 0; i < ranges->count; i++) {
		if (strcmp(ranges->ranges[i].node, node) == 0) {
			return *ranges->ranges[i].most;
		}
	}
	return 0;
}

const char *pf_network_bytes_problem(const char *model_file)
{
#ifdef PF_WITH_ONEDNN
	pf_error ignored;
	pf_ranges *ranges = NULL;
	pf_status status = pf_ranges_load(model_file, &ranges, &ignored);
	pf_ranges_free(ranges);
	return status == PF_OK ? NULL
			       : "8-bit convolutions need the ranges of the pose network's activations, and "
				 "there are none beside it";
#else
	(void)model_file;
	return "8-bit convolutions come with the oneDNN backend, which was not built in";
#endif
}
