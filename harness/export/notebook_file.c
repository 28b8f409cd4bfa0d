#include "harness/export/notebook_file.h"

#include <stdio.h>
#include <string.h>

#include "harness/base/output.h"
#include "harness/export/notebook.h"
#include "photofinish/file.h"

/* As pf_notebook_print marks one. */
static bool is_part(const char *path)
{
	char line[256];
	bool part = false;
	FILE *file = pf_open_regular(path, NULL);
	while (file && !part && fgets(line, sizeof line, file)) {
		part = strncmp(line, PF_NOTEBOOK_PARTIAL, strlen(PF_NOTEBOOK_PARTIAL)) == 0;
	}
	if (file) {
		fclose(file);
	}
	return part;
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
	return json_is_true(json_object_get(record, "partial"))
		       ? pf_output_close_part(&file, status, is_part, error)
		       : pf_output_close(&file, status, error);
}
