#include "photofinish/scorer.h"

#include <cyaml/cyaml.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/scoring/engine_libraries.h"

#ifndef PF_CASCADE_FILE
#define PF_CASCADE_FILE "/usr/share/opencv4/haarcascades/haarcascade_frontalface_default.xml"
#endif

#define YAML_BYTES_MAX (64 * 1024)
#define MIB (1024.0 * 1024.0)

#define PF_FACTOR_WEIGHT(constant, name, weight, text) [constant] = (weight),
static const double default_weights[PF_FACTOR_COUNT] = {PF_FACTOR_LIST(PF_FACTOR_WEIGHT)};

void pf_scorer_config_default(pf_scorer_config *config)
{
	/* Every byte is set: configurations are compared and hashed. */
	memset(config, 0, sizeof *config);
	memcpy(config->weights, default_weights, sizeof config->weights);
	config->max_pixels = 200000000;
	config->max_decode_bytes = 2ull * 1024 * 1024 * 1024;
	config->max_scans = 100;
	snprintf(config->cascade_file, sizeof config->cascade_file, "%s", PF_CASCADE_FILE);
}

/* What a YAML file may say; pointers are NULL where it says nothing. */
typedef struct yaml_weights {
	double *of[PF_FACTOR_COUNT];
} yaml_weights;

typedef struct yaml_config {
	yaml_weights *weights;
	double *max_megapixels;
	double *max_decode_mib;
	uint32_t *max_scans;
	char *cascade_file;
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
	CYAML_FIELD_FLOAT_PTR("max_megapixels", OPTIONAL_POINTER, yaml_config, max_megapixels),
	CYAML_FIELD_FLOAT_PTR("max_decode_mib", OPTIONAL_POINTER, yaml_config, max_decode_mib),
	CYAML_FIELD_UINT_PTR("max_scans", OPTIONAL_POINTER, yaml_config, max_scans),
	CYAML_FIELD_STRING_PTR("cascade_file", OPTIONAL_POINTER, yaml_config, cascade_file, 1, 511),
	CYAML_FIELD_END};

static const cyaml_schema_value_t config_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, yaml_config, config_fields)};

/* The first complaint of libcyaml is the one that names the key; what follows says where it stands. */
typedef struct complaint {
	char text[160];
} complaint;

static void keep_complaint(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	complaint *c = context;
	if (level < CYAML_LOG_WARNING || c->text[0] != '\0') {
		return;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is libcyaml's */
	vsnprintf(c->text, sizeof c->text, format, arguments);
#pragma GCC diagnostic pop
	c->text[strcspn(c->text, "\r\n")] = '\0';
}

static pf_status read_yaml(const char *yaml_file, char *text, size_t *bytes, pf_error *error)
{
	FILE *file = fopen(yaml_file, "rbe");
	if (!file) {
		return pf_fail_errno(error, yaml_file, "cannot open");
	}
	*bytes = fread(text, 1, YAML_BYTES_MAX + 1, file);
	pf_status status = PF_OK;
	if (ferror(file)) {
		status = pf_fail_errno(error, yaml_file, "cannot read");
	} else if (*bytes > YAML_BYTES_MAX) {
		status = pf_fail(error, PF_ERR_INVALID, yaml_file, "a configuration above %d bytes",
				 YAML_BYTES_MAX);
	}
	fclose(file);
	return status;
}

static pf_status parse_yaml(const char *yaml_file, const char *text, size_t bytes, yaml_config **yaml,
			    pf_error *error)
{
	complaint why = {.text = ""};
	cyaml_config_t settings = {.log_fn = keep_complaint,
				   .log_ctx = &why,
				   .mem_fn = cyaml_mem,
				   .log_level = CYAML_LOG_WARNING,
				   .flags = CYAML_CFG_NO_ALIAS};
	cyaml_err_t result = cyaml_load_data((const uint8_t *)text, bytes, &settings, &config_schema,
					     (cyaml_data_t **)yaml, NULL);
	if (result != CYAML_OK) {
		return pf_fail(error, PF_ERR_INVALID, yaml_file, "%s",
			       why.text[0] ? why.text : cyaml_strerror(result));
	}
	return PF_OK;
}

/* Takes *value, where the file states it, if it lies in range. */
static pf_status take(const double *value, double low, double high, const char *name, const char *yaml_file,
		      double *to, pf_error *error)
{
	if (!value) {
		return PF_OK;
	}
	if (!(*value >= low && *value <= high)) {
		return pf_fail(error, PF_ERR_INVALID, yaml_file, "%s: %g is not between %g and %g", name,
			       *value, low, high);
	}
	*to = *value;
	return PF_OK;
}

static pf_status take_weights(const yaml_config *yaml, const char *yaml_file, double *weights,
			      pf_error *error)
{
	double sum = 0.0;
	for (unsigned i = 0; i < PF_FACTOR_COUNT; i++) {
		const double *value = yaml->weights ? yaml->weights->of[i] : NULL;
		pf_status status = take(value, 0.0, 1e6, pf_factor_name((pf_factor)i), yaml_file, &weights[i],
					error);
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

static pf_status take_all(const yaml_config *yaml, const char *yaml_file, pf_scorer_config *config,
			  pf_error *error)
{
	double megapixels = (double)config->max_pixels / 1e6, mib = (double)config->max_decode_bytes / MIB;
	double scans = config->max_scans;
	double stated_scans = yaml->max_scans ? *yaml->max_scans : 0.0;
	pf_status status = take_weights(yaml, yaml_file, config->weights, error);
	if (status == PF_OK) {
		status = take(yaml->max_megapixels, 1e-3, 4290.0, "max_megapixels", yaml_file, &megapixels,
			      error);
	}
	if (status == PF_OK) {
		status = take(yaml->max_decode_mib, 1.0, 1048576.0, "max_decode_mib", yaml_file, &mib, error);
	}
	if (status == PF_OK) {
		status = take(yaml->max_scans ? &stated_scans : NULL, 1.0, 10000.0, "max_scans", yaml_file,
			      &scans, error);
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
		memset(config->cascade_file, 0, sizeof config->cascade_file);
		snprintf(config->cascade_file, sizeof config->cascade_file, "%s", yaml->cascade_file);
	}
	return PF_OK;
}

pf_status pf_scorer_config_load(pf_scorer_config *config, const char *yaml_file, pf_error *error)
{
	size_t bytes = 0;
	yaml_config *yaml = NULL;
	pf_scorer_config loaded = *config;
	char *text = malloc(YAML_BYTES_MAX + 1);
	pf_status status = text ? read_yaml(yaml_file, text, &bytes, error)
				: pf_fail(error, PF_ERR_NO_MEMORY, yaml_file, "no memory to read it");
	if (status == PF_OK) {
		status = parse_yaml(yaml_file, text, bytes, &yaml, error);
	}
	if (status == PF_OK && yaml) { /* an empty file gives no data */
		status = take_all(yaml, yaml_file, &loaded, error);
	}
	if (status == PF_OK) {
		*config = loaded;
	}
	cyaml_config_t settings = {.mem_fn = cyaml_mem};
	cyaml_free(&settings, &config_schema, yaml, 0);
	free(text);
	return status;
}

/* The text that is hashed: a line for everything that changes scores. */
static size_t describe(const pf_scorer_config *config, const char *cascade_hex, char *text, size_t bytes)
{
	int used = snprintf(text, bytes, "%s\ncascade %s\nlimits %llu %llu %u\n", pf_engine_version(),
			    cascade_hex, (unsigned long long)config->max_pixels,
			    (unsigned long long)config->max_decode_bytes, config->max_scans);
	for (unsigned i = 0; i < PF_FACTOR_COUNT && used > 0 && (size_t)used < bytes; i++) {
		used += snprintf(text + used, bytes - (size_t)used, "%s %a\n", pf_factor_name((pf_factor)i),
				 config->weights[i]);
	}
	return used > 0 && (size_t)used < bytes ? (size_t)used : 0;
}

pf_status pf_scorer_config_digest(const pf_scorer_config *config, uint8_t digest[PF_SHA256_BYTES],
				  pf_error *error)
{
	uint8_t cascade[PF_SHA256_BYTES], libraries[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], text[4096];
	pf_status status = pf_file_sha256(config->cascade_file, cascade, NULL, error);
	if (status == PF_OK) {
		status = pf_engine_libraries_digest(libraries, error);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_sha256_hex(cascade, hex);
	size_t bytes = describe(config, hex, text, sizeof text - sizeof libraries);
	memcpy(text + bytes, libraries, sizeof libraries);
	if (bytes == 0 || EVP_Digest(text, bytes + sizeof libraries, digest, NULL, EVP_sha256(), NULL) != 1) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "SHA-256 is not available");
	}
	return PF_OK;
}
