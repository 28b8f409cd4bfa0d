#include "harness/store/notebook_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "harness/report/notebook.h"
#include "harness/store/output.h"
#include "harness/store/record.h"

pf_status pf_notebook_load(const char *path, json_t **out, pf_error *error)
{
	json_error_t why;
	FILE *stream = fopen(path, "re");
	*out = NULL;
	if (!stream) {
		return pf_fail_errno(error, path, "cannot open the record");
	}
	json_t *record = json_loadf(stream, JSON_REJECT_DUPLICATES, &why);
	fclose(stream);
	if (!record) {
		return pf_fail(error, PF_ERR_INVALID, path, "not JSON: %s (line %d)", why.text, why.line);
	}
	const char *schema = json_string_value(json_object_get(record, "schema"));
	if (!schema || strcmp(schema, PF_RECORD_SCHEMA) != 0) {
		json_decref(record);
		return pf_fail(error, PF_ERR_INVALID, path,
			       "not the record of a run (schema " PF_RECORD_SCHEMA ")");
	}
	*out = record;
	return PF_OK;
}

pf_status pf_notebook_write(const json_t *record, const char *path, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_output_open(&file, path, error);
	if (status != PF_OK) {
		return status;
	}
	pf_notebook_print(record, file.stream);
	if (ferror(file.stream)) {
		status = pf_fail_errno(error, path, "cannot write the notebook");
	}
	return pf_output_close(&file, status, error);
}
