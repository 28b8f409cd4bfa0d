#include "harness/tune/tuned_file.h"

#include <dirent.h>
#include <inttypes.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "harness/machine/engine_digest.h"
#include "harness/record/environment_json.h"
#include "photofinish/file.h"
#include "photofinish/yaml_file.h"

#define FIELD(key, least) CYAML_FIELD_STRING(#key, CYAML_FLAG_DEFAULT, pf_tuned, key, least)
/* Files that know of none are an earlier build's, and so stale. */
#define LATER_FIELD(key) CYAML_FIELD_STRING(#key, CYAML_FLAG_OPTIONAL, pf_tuned, key, 0)

static const cyaml_schema_field_t fields[] = {FIELD(variant, 1), FIELD(settings, 0), FIELD(found, 1),
					      FIELD(started, 1), FIELD(build, 1),    FIELD(configuration, 1),
					      FIELD(machine, 1), FIELD(dataset, 1),  LATER_FIELD(workers),
					      CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, pf_tuned, fields)};

/* Photos of one class differ in size by a factor of two at most, their number by ten. */
static void classify(const pf_dataset *dataset, char out[64])
{
	double bytes = 0, low = 0.0625;
	unsigned long many = 1;
	for (size_t i = 0; i < dataset->count; i++) {
		bytes += (double)dataset->photos[i].size_bytes;
	}
	double mean_mb = dataset->count ? bytes / (double)dataset->count / 1e6 : 0;
	while (mean_mb >= 2 * low && low < 4096) {
		low *= 2;
	}
	while (dataset->count >= 10 * many) {
		many *= 10;
	}
	snprintf(out, 64, "%g to %g MB a photo, %lu to %lu photos", mean_mb < low ? 0 : low, 2 * low, many,
		 10 * many - 1);
}

pf_status pf_tuned_here(const pf_scorer_config *config, const pf_dataset *dataset, uint32_t workers,
			pf_tuned *tuned, pf_error *error)
{
	uint8_t digest[PF_SHA256_BYTES];
	json_t *environment = pf_environment_json();
	pf_machine_id(environment, tuned->machine);
	json_decref(environment);
	pf_status status = pf_build_digest(digest, error);
	pf_sha256_hex(digest, tuned->build);
	if (status == PF_OK && config) {
		status = pf_scorer_config_digest(config, digest, error);
		pf_sha256_hex(digest, tuned->configuration);
	}
	if (dataset) {
		classify(dataset, tuned->dataset);
	}
	if (workers) {
		snprintf(tuned->workers, sizeof tuned->workers, "%" PRIu32, workers);
	}
	return status;
}

const char *pf_tuned_stale(const pf_tuned *tuned, const pf_tuned *here)
{
	const struct {
		const char *own, *here, *what;
	} parts[] = {
		{tuned->build, here->build, "another build"},
		{tuned->machine, here->machine, "another machine, or its kernel or C library is another"},
		{tuned->configuration, here->configuration, "another configuration"},
		{tuned->dataset, here->dataset, "photos of another size or number"},
		{tuned->workers, here->workers, "another number of workers"}};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		if (parts[i].here[0] && strcmp(parts[i].own, parts[i].here) != 0) {
			return parts[i].what;
		}
	}
	return NULL;
}

bool pf_tuned_path(const char *variant, char *out, size_t capacity)
{
	char name[160];
	snprintf(name, sizeof name, ".tuned/%.100s.yaml", variant);
	return pf_cache_folder(name, out, capacity);
}

pf_status pf_tuned_save(const pf_tuned *tuned, const char *path, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, path, error);
	if (status != PF_OK) {
		return status;
	}
	fprintf(file.stream,
		"# what photofinish tune found; photofinish score --tuned uses it where it holds\n");
	for (const cyaml_schema_field_t *field = fields; field->key; field++) {
		fprintf(file.stream, "%s: \"%s\"\n", field->key, (const char *)tuned + field->data_offset);
	}
	return pf_new_file_commit(&file, true, error);
}

/* Texts are shown, and settings parsed: nothing but plain characters. */
static bool is_plain(const char *text)
{
	return text[strspn(text,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,:;=-+%()")] ==
	       '\0';
}

pf_status pf_tuned_load(const char *path, pf_tuned *out, pf_error *error)
{
	void *data = NULL;
	pf_status status = pf_yaml_load(path, &schema, &data, error);
	if (status == PF_OK && !data) {
		status = pf_fail(error, PF_ERR_INVALID, path, "an empty file");
	}
	if (status == PF_OK && data) {
		*out = *(const pf_tuned *)data;
	}
	for (const cyaml_schema_field_t *field = fields; status == PF_OK && field->key; field++) {
		if (!is_plain((const char *)out + field->data_offset)) {
			status = pf_fail(error, PF_ERR_INVALID, path,
					 "%s has characters that no such file has", field->key);
		}
	}
	pf_yaml_free(&schema, data);
	return status;
}

static int is_tuned(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

void pf_tuned_each(void (*take)(void *context, const char *path, const pf_tuned *tuned, const pf_error *why),
		   void *context)
{
	char folder[PATH_MAX], path[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries = NULL;
	int count = pf_cache_folder(".tuned", folder, sizeof folder)
			    ? scandir(folder, &entries, is_tuned, alphasort)
			    : 0;
	for (int i = 0; i < count; i++) {
		pf_error why = {0};
		pf_tuned tuned = {0};
		snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
		bool good = pf_tuned_load(path, &tuned, &why) == PF_OK;
		take(context, path, &tuned, good ? NULL : &why);
		free(entries[i]);
	}
	free(entries);
}
