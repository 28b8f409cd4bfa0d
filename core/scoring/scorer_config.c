#include "photofinish/scorer.h"

#include <cyaml/cyaml.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/nn/ranges.h"
#include "core/scoring/engine_libraries.h"
#include "core/scoring/pose_card.h"
#include "core/scoring/pose_estimator.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"
#include "photofinish/workspace.h"
#include "photofinish/yaml_file.h"

#ifndef PF_CASCADE_FILE
#define PF_CASCADE_FILE "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
#endif

#define MIB (1024.0 * 1024.0)

#define PF_FACTOR_WEIGHT(constant, name, weight, text) [constant] = (weight),
static const double default_weights[PF_FACTOR_COUNT] = {PF_FACTOR_LIST(PF_FACTOR_WEIGHT)};

/* Every byte is set: configurations are compared and hashed. */
static void set_text(char *to, size_t bytes, const char *text)
{
	memset(to, 0, bytes);
	snprintf(to, bytes, "%s", text);
}

void pf_scorer_config_default(pf_scorer_config *config)
{
	memset(config, 0, sizeof *config);
	memcpy(config->weights, default_weights, sizeof config->weights);
	config->timing_weight = PF_TIMING_WEIGHT;
	config->max_pixels = 200000000;
	config->max_decode_bytes = 2ull * 1024 * 1024 * 1024;
	config->max_scans = 100;
	set_text(config->cascade_file, sizeof config->cascade_file, PF_CASCADE_FILE);
	const char *model = pf_pose_default_model();
	set_text(config->model_file, sizeof config->model_file, model);
	set_text(config->box_model_file, sizeof config->box_model_file, model);
	set_text(config->backend, sizeof config->backend, pf_pose_default_backend());
	if (!model[0]) {
		char reason[sizeof config->no_pose];
		set_text(config->no_pose, sizeof config->no_pose,
			 pf_pose_default_problem(reason, sizeof reason));
	}
}

/* What a YAML file may say; pointers are NULL where it says nothing. */
typedef struct yaml_weights {
	double *of[PF_FACTOR_COUNT];
} yaml_weights;

typedef struct yaml_config {
	yaml_weights *weights;
	double *timing_weight;
	double *max_megapixels;
	double *max_decode_mib;
	uint32_t *max_scans;
	char *cascade_file, *model, *box_model, *backend;
} yaml_config;

#define OPTIONAL_POINTER (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)

#define PF_FACTOR_FIELD(constant, name, weight, text)                                                   \
	{                                                                                               \
		.key = (name),                                                                          \
		.data_offset = offsetof(yaml_weights, of) + (constant) * sizeof(double *),              \
		.value = {.type = CYAML_FLOAT, .flags = OPTIONAL_POINTER, .data_size = sizeof(double)}, \
	},
static const cyaml_schema_field_t weight_fields[] = {PF_FACTOR_LIST(PF_FACTOR_FIELD) CYAML_FIELD_END};

static const cyaml_schema_field_t config_fields[] = {
	CYAML_FIELD_MAPPING_PTR("weights", OPTIONAL_POINTER, yaml_config, weights, weight_fields),
	CYAML_FIELD_FLOAT_PTR("timing_weight", OPTIONAL_POINTER, yaml_config, timing_weight),
	CYAML_FIELD_FLOAT_PTR("max_megapixels", OPTIONAL_POINTER, yaml_config, max_megapixels),
	CYAML_FIELD_FLOAT_PTR("max_decode_mib", OPTIONAL_POINTER, yaml_config, max_decode_mib),
	CYAML_FIELD_UINT_PTR("max_scans", OPTIONAL_POINTER, yaml_config, max_scans),
	CYAML_FIELD_STRING_PTR("cascade_file", OPTIONAL_POINTER, yaml_config, cascade_file, 1, 511),
	CYAML_FIELD_STRING_PTR("model", OPTIONAL_POINTER, yaml_config, model, 0, 511),
	CYAML_FIELD_STRING_PTR("box_model", OPTIONAL_POINTER, yaml_config, box_model, 0, 511),
	CYAML_FIELD_STRING_PTR("backend", OPTIONAL_POINTER, yaml_config, backend, 1, 31),
	CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, yaml_config, config_fields)};

static pf_status take_weights(const yaml_config *yaml, const char *yaml_file, double *weights,
			      pf_error *error)
{
	double sum = 0.0;
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		const double *value = yaml->weights ? yaml->weights->of[i] : NULL;
		pf_status status = pf_yaml_take(value, 0.0, 1e6, pf_factor_name((pf_factor)i), yaml_file,
						&weights[i], error);
		if (status != PF_OK) {
			return status;
		}
		sum += weights[i];
	}
	if (sum <= 0.0) {
		return pf_fail(error, PF_ERR_INVALID, yaml_file, "weights: at least one must be above 0");
	}
	return PF_OK;
}

static pf_status take_model(const yaml_config *yaml, const char *yaml_file, pf_scorer_config *config,
			    pf_error *error)
{
	if (yaml->model) {
		set_text(config->model_file, sizeof config->model_file, yaml->model);
		set_text(config->no_pose, sizeof config->no_pose,
			 yaml->model[0] ? "" : "the configuration names no pose network");
	}
	if (yaml->box_model) {
		set_text(config->box_model_file, sizeof config->box_model_file, yaml->box_model);
	}
	if (!yaml->backend) {
		return PF_OK;
	}
	for (size_t i = 0; pf_network_backend(i); i++) {
		if (strcmp(pf_network_backend(i), yaml->backend) == 0) {
			set_text(config->backend, sizeof config->backend, yaml->backend);
			return PF_OK;
		}
	}
	return pf_fail(error, PF_ERR_INVALID, yaml_file, "backend: \"%s\" was not built in", yaml->backend);
}

static pf_status take_all(const yaml_config *yaml, const char *yaml_file, pf_scorer_config *config,
			  pf_error *error)
{
	double megapixels = (double)config->max_pixels / 1e6, mib = (double)config->max_decode_bytes / MIB;
	double scans = config->max_scans;
	double stated_scans = yaml->max_scans ? *yaml->max_scans : 0.0;
	pf_status status = take_weights(yaml, yaml_file, config->weights, error);
	if (status == PF_OK) {
		status = pf_yaml_take(yaml->timing_weight, 0.0, 1e6, "timing_weight", yaml_file,
				      &config->timing_weight, error);
	}
	if (status == PF_OK) {
		status = pf_yaml_take(yaml->max_megapixels, 1e-3, 4290.0, "max_megapixels", yaml_file,
				      &megapixels, error);
	}
	if (status == PF_OK) {
		status = pf_yaml_take(yaml->max_decode_mib, 1.0, 1048576.0, "max_decode_mib", yaml_file, &mib,
				      error);
	}
	if (status == PF_OK) {
		status = pf_yaml_take(yaml->max_scans ? &stated_scans : NULL, 1.0, 10000.0, "max_scans",
				      yaml_file, &scans, error);
	}
	if (status != PF_OK) {
		return status;
	}
	if (yaml->max_megapixels) {
		config->max_pixels = (uint64_t)(megapixels * 1e6);
	}
	if (yaml->max_decode_mib) {
		config->max_decode_bytes = (uint64_t)(mib * MIB);
	}
	config->max_scans = (uint32_t)scans;
	if (yaml->cascade_file) {
		set_text(config->cascade_file, sizeof config->cascade_file, yaml->cascade_file);
	}
	return take_model(yaml, yaml_file, config, error);
}

pf_status pf_scorer_config_load(pf_scorer_config *config, const char *yaml_file, pf_error *error)
{
	void *yaml = NULL;
	pf_scorer_config loaded = *config;
	pf_status status = pf_yaml_load(yaml_file, &config_schema, &yaml, error);
	if (status == PF_OK && yaml) { /* an empty file gives no data */
		status = take_all(yaml, yaml_file, &loaded, error);
	}
	if (status == PF_OK) {
		*config = loaded;
	}
	pf_yaml_free(&config_schema, yaml);
	return status;
}

/* SHA-256 of a model and its card in hexadecimal, one line; "-" where there is no card. */
static pf_status describe_model(const char *what, const char *file, FILE *out, pf_error *error)
{
	uint8_t sum[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], card[1024];
	if (!file[0]) {
		fprintf(out, "%s none\n", what);
		return PF_OK;
	}
	pf_status status = pf_file_sha256(file, sum, NULL, error);
	if (status == PF_OK) {
		status = pf_pose_card_path(file, card, sizeof card, error);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_sha256_hex(sum, hex);
	fprintf(out, "%s %s ", what, hex);
	pf_error missing;
	status = pf_file_sha256(card, sum, NULL, &missing);
	if (status != PF_OK && status != PF_ERR_NOT_FOUND) {
		if (error) {
			*error = missing;
		}
		return status;
	}
	pf_sha256_hex(sum, hex);
	fprintf(out, "%s\n", status == PF_OK ? hex : "-");
	return PF_OK;
}

/* What a preset with 8 bits takes its ranges from: they decide scores. */
static pf_status describe_ranges(const char *model, FILE *out, pf_error *error)
{
	char file[1024], hex[2 * PF_SHA256_BYTES + 1] = "-";
	uint8_t sum[PF_SHA256_BYTES];
	if (!model[0]) {
		return PF_OK;
	}
	if (!pf_ranges_path(model, file, sizeof file)) {
		return pf_fail(error, PF_ERR_INVALID, model, "the model's path is too long");
	}
	if (!pf_file_is_absent(file)) {
		pf_status status = pf_file_sha256(file, sum, NULL, error);
		if (status != PF_OK) {
			return status;
		}
		pf_sha256_hex(sum, hex);
	}
	fprintf(out, "ranges %s\n", hex);
	return PF_OK;
}

/* Nothing where it changes nothing. */
static pf_status describe_preset(const pf_scorer_config *config, FILE *out, pf_error *error)
{
	const pf_preset_plan *plan = pf_preset_plan_of(config->preset);
	if (!config->preset || !plan) {
		return PF_OK;
	}
	fprintf(out, "preset %s %x %x %u", plan->name, plan->strategy, plan->left_out, plan->pose_longest_px);
	for (unsigned i = 0; i < PF_SIZE_CLASSES; i++) {
		fprintf(out, " %u:%u", pf_size_class_longest_px[i], plan->reduction[i]);
	}
	fputc('\n', out);
	if (!(plan->strategy & PF_STRATEGY_INT8)) {
		return PF_OK;
	}
	pf_status status = describe_ranges(config->model_file, out, error);
	return status == PF_OK ? describe_ranges(config->box_model_file, out, error) : status;
}

/* The text that is hashed: a line for everything that changes scores. */
static pf_status describe(const pf_scorer_config *config, FILE *out, pf_error *error)
{
	uint8_t cascade[PF_SHA256_BYTES], libraries[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], libraries_hex[2 * PF_SHA256_BYTES + 1];
	pf_status status = pf_file_sha256(config->cascade_file, cascade, NULL, error);
	if (status == PF_OK) {
		status = pf_engine_libraries_digest(libraries, error);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_sha256_hex(cascade, hex);
	pf_sha256_hex(libraries, libraries_hex);
	fprintf(out, "%s\nlibraries %s\ncascade %s\nlimits %llu %llu %u\nbackend %s %s\n",
		pf_engine_version(), libraries_hex, hex, (unsigned long long)config->max_pixels,
		(unsigned long long)config->max_decode_bytes, config->max_scans,
		config->model_file[0] ? config->backend : "none",
		config->model_file[0] ? pf_pose_backend_version(config->backend) : "");
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		fprintf(out, "%s %a\n", pf_factor_name((pf_factor)i), config->weights[i]);
	}
	fprintf(out, "timing %a\nleft out %u\npose %s\n", config->timing_weight, config->left_out,
		config->model_file[0] ? "on" : "off");
	status = describe_preset(config, out, error);
	if (status == PF_OK) {
		status = describe_model("model", config->model_file, out, error);
	}
	/* Whether it is used is for the card to say; without a pose network it never is. */
	return status == PF_OK ? describe_model("box", config->model_file[0] ? config->box_model_file : "",
						out, error)
			       : status;
}

pf_status pf_scorer_config_digest(const pf_scorer_config *config, uint8_t digest[PF_SHA256_BYTES],
				  pf_error *error)
{
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	if (!out) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory to describe a configuration");
	}
	pf_status status = describe(config, out, error);
	if (fclose(out) != 0 && status == PF_OK) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory to describe a configuration");
	}
	if (status == PF_OK) {
		pf_sha256_of(text, bytes, digest);
	}
	free(text);
	return status;
}
