#include "harness/export/notebook_file.h"

#include <stdio.h>

#include "harness/base/output.h"
#include "harness/export/notebook.h"

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
