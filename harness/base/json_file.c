#include "harness/base/json_file.h"

#include <stdlib.h>

#include "harness/base/output.h"
#include "photofinish/file.h"

static const size_t text_flags = JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);

char *pf_json_text(const json_t *record, size_t *count)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, count);
	if (!stream) {
		return NULL;
	}
	bool failed = json_dumpf(record, stream, text_flags) || fputc('\n', stream) == EOF;
	if (fclose(stream) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

json_t *pf_json_load(const char *path, size_t flags, json_error_t *why)
{
	pf_error error = {0};
	FILE *file = pf_open_regular(path, &error);
	if (!file) {
		char *text = why ? why->text : NULL;
		if (text) {
			*why = (json_error_t){.line = -1};
			snprintf(text, sizeof why->text, "%s", error.message);
		}
		return NULL;
	}
	json_t *json = json_loadf(file, flags, why);
	fclose(file);
	return json;
}

static bool is_part(const char *path)
{
	json_t *record = pf_json_load(path, 0, NULL);
	bool part = json_is_true(json_object_get(record, "partial"));
	json_decref(record);
	return part;
}

pf_status pf_json_write(json_t *record, const char *path, pf_error *error)
{
	pf_new_file file;
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, path, "cannot put the record together");
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		if (json_dumpf(record, file.stream, text_flags) || fputc('\n', file.stream) == EOF) {
			status = pf_output_is_stdout(path)
					 ? pf_fail_errno(error, NULL, "cannot write to standard output")
					 : pf_fail_errno(error, path, "cannot write the record");
		}
		status = json_is_true(json_object_get(record, "partial"))
				 ? pf_output_close_part(&file, status, is_part, error)
				 : pf_output_close(&file, status, error);
	}
	json_decref(record);
	return status;
}
