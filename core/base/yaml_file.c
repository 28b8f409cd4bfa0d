#include "photofinish/yaml_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cyaml/cyaml.h>

#include "core/base/yaml_complaint.h"
#include "photofinish/file.h"

static void keep_complaint(cyaml_log_t level, void *context, const char *format, va_list arguments)
{
	char line[200];
	if (level < CYAML_LOG_WARNING) {
		return;
	}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* the format is libcyaml's */
	vsnprintf(line, sizeof line, format, arguments);
#pragma GCC diagnostic pop
	pf_yaml_complaint_add(context, line);
}

static pf_status read_text(const char *yaml_file, char *text, size_t *bytes, pf_error *error)
{
	pf_error why = {0};
	FILE *file = pf_open_regular(yaml_file, &why);
	if (!file) {
		*error = why;
		return why.code;
	}
	*bytes = fread(text, 1, PF_YAML_BYTES_MAX + 1, file);
	pf_status status = PF_OK;
	if (ferror(file)) {
		status = pf_fail_errno(error, yaml_file, "cannot read");
	} else if (*bytes > PF_YAML_BYTES_MAX) {
		status = pf_fail(error, PF_ERR_INVALID, yaml_file, "a configuration above %d bytes",
				 PF_YAML_BYTES_MAX);
	}
	fclose(file);
	return status;
}

pf_status pf_yaml_load(const char *file, const cyaml_schema_value_t *schema, void **data, pf_error *error)
{
	*data = NULL;
	size_t bytes = 0;
	char *text = malloc(PF_YAML_BYTES_MAX + 1);
	if (!text) {
		return pf_fail(error, PF_ERR_NO_MEMORY, file, "no memory to read it");
	}
	pf_status status = read_text(file, text, &bytes, error);
	if (status == PF_OK) {
		pf_yaml_complaint why = {.depth = 0};
		cyaml_config_t settings = {.log_fn = keep_complaint,
					   .log_ctx = &why,
					   .mem_fn = cyaml_mem,
					   .log_level = CYAML_LOG_WARNING,
					   .flags = CYAML_CFG_NO_ALIAS};
		cyaml_err_t result = cyaml_load_data((const uint8_t *)text, bytes, &settings, schema, data,
						     NULL);
		if (result != CYAML_OK) {
			char says[300];
			text[bytes] = '\0';
			pf_yaml_complaint_text(&why, text, says, sizeof says);
			status = result == CYAML_ERR_OOM
					 ? pf_fail(error, PF_ERR_NO_MEMORY, file, "no memory to read it")
					 : pf_fail(error, PF_ERR_INVALID, file, "%s",
						   why.what[0] ? says : cyaml_strerror(result));
		}
	}
	free(text);
	return status;
}

void pf_yaml_free(const cyaml_schema_value_t *schema, void *data)
{
	cyaml_config_t settings = {.mem_fn = cyaml_mem};
	cyaml_free(&settings, schema, data, 0);
}

pf_status pf_yaml_take(const double *value, double low, double high, const char *key, const char *file,
		       double *to, pf_error *error)
{
	if (!value) {
		return PF_OK;
	}
	if (!(*value >= low && *value <= high)) {
		return pf_fail(error, PF_ERR_INVALID, file, "%s: %g is not between %g and %g", key, *value,
			       low, high);
	}
	*to = *value;
	return PF_OK;
}
