#include "harness/export/trace_file.h"

#include <stdio.h>
#include <stdlib.h>

#include "harness/base/output.h"
#include "harness/spans/trial_spans.h"
#include "harness/stats/enough.h"

enum { NAME_BYTES = 32 };

struct naming {
	const pf_dataset *dataset;
	char text[1024];
};

static const char *photo_name(void *context, uint32_t photo)
{
	struct naming *naming = context;
	return photo < naming->dataset->count
		       ? pf_escape(naming->dataset->photos[photo].path, naming->text, sizeof naming->text)
		       : "";
}

static const pf_trial_spans *kept_of(const pf_contestant *contestant)
{
	const pf_trial *trial = pf_run_median_trial(contestant);
	return trial && trial->spans && trial->spans->kept ? trial->spans : NULL;
}

static bool has_device(const pf_trial_lane *lane)
{
	for (uint64_t i = 0; i < lane->kept; i++) {
		if (lane->spans[i].stage >= PF_DEVICE_SPAN) {
			return true;
		}
	}
	return false;
}

/* Fills `lanes` and their names, or only counts them where `lanes` is NULL. */
static size_t list_lanes(const pf_run *run, pf_span_lane *lanes, char (*names)[NAME_BYTES])
{
	size_t count = 0;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_trial_spans *spans = kept_of(&run->contestants[i]);
		for (size_t k = 0; spans && k < spans->lane_count; k++) {
			if (lanes) {
				snprintf(names[count], NAME_BYTES, k ? "worker %zu" : "main", k);
				lanes[count] = (pf_span_lane){
					.process = k ? NULL : run->contestants[i].label,
					.name = names[count],
					.spans = spans->lanes[k].spans,
					.count = (size_t)spans->lanes[k]
							 .kept, /* their times count from its begin */
				};
			}
			count++;
			if (!has_device(&spans->lanes[k])) {
				continue;
			}
			if (lanes) {
				lanes[count] = lanes[count - 1];
				lanes[count].process = NULL;
				lanes[count].device = true;
				snprintf(names[count], NAME_BYTES,
					 k ? "device of worker %zu" : "device of main", k);
				lanes[count].name = names[count];
			}
			count++;
		}
	}
	return count;
}

pf_status pf_trace_file_write(const pf_run *run, const char *path, pf_error *error)
{
	size_t count = list_lanes(run, NULL, NULL);
	if (!count) {
		return pf_fail(error, PF_ERR_INVALID, path,
			       "there are no spans to write: no trial was checked, or it was a command's");
	}
	struct naming naming = {.dataset = run->session->dataset};
	pf_span_lane *lanes = calloc(count, sizeof *lanes);
	char(*names)[NAME_BYTES] = calloc(count, sizeof *names);
	pf_new_file file;
	if (!lanes || !names) {
		pf_out_of_memory();
	}
	list_lanes(run, lanes, names);
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		status = pf_span_events_write(lanes, count, &pf_engine_stages, photo_name, &naming,
					      file.stream, error);
		status = run->partial ? pf_output_close_part(&file, status, NULL, error)
				      : pf_output_close(&file, status, error);
	}
	free(names);
	free(lanes);
	return status;
}
