#include "harness/cli/stored_record.h"

#include <string.h>

#include "harness/report/compare_table.h"
#include "harness/report/notebook_parts.h"
#include "harness/report/run_table.h"
#include "harness/report/scaling_table.h"
#include "harness/store/record_load.h"
#include "harness/store/stored_run.h"

/* Figures that have tables of their own, which need more than records are read for. */
static void tell_the_rest(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	bool memory = false;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		memory = memory || json_is_object(json_object_get(variant, "memory")) ||
			 json_is_object(json_object_get(variant, "allocations"));
	}
	bool counters = json_is_true(json_object_get(record, "profiled"));
	if (counters || memory) {
		fprintf(stream, "\nThe record has %s%s%s, too, which are not shown here.\n",
			counters ? "counters" : "", counters && memory ? " and " : "",
			memory ? "figures of memory" : "");
	}
}

static void print(const pf_run *run, FILE *stream)
{
	if (strcmp(run->command, "scaling") == 0) {
		pf_scaling_print(run, stream);
	} else if (strcmp(run->command, "compare") == 0 && run->comparison) {
		pf_compare_print(run, run->comparison, stream);
	} else {
		pf_run_print(run, stream);
	}
}

pf_status pf_stored_record_print(const char *path, FILE *stream, pf_error *error)
{
	json_t *record = NULL;
	pf_stored_run *stored = NULL;
	pf_status status = pf_record_load(path, &record, NULL, error);
	if (status == PF_OK) {
		status = pf_stored_run_read(record, &stored, error);
	}
	if (status == PF_OK) {
		print(pf_stored_run_model(stored), stream);
		tell_the_rest(record, stream);
	}
	pf_stored_run_free(stored);
	json_decref(record);
	return status;
}
