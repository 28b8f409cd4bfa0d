#include "harness/store/json_file.h"

#include "harness/store/output.h"

pf_status pf_json_write(json_t *record, const char *path, pf_error *error)
{
	const size_t flags = JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);
	pf_new_file file;
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, path, "cannot put the record together");
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		if (json_dumpf(record, file.stream, flags) || fputc('\n', file.stream) == EOF) {
			status = pf_output_is_stdout(path)
					 ? pf_fail_errno(error, NULL, "cannot write to standard output")
					 : pf_fail_errno(error, path, "cannot write the record");
		}
		status = pf_output_close(&file, status, error);
	}
	json_decref(record);
	return status;
}
