#include "harness/export/export_parts.h"

#include <math.h>
#include <string.h>

#include "harness/record/capabilities_json.h"
#include "harness/record/caveats.h"
#include "photofinish/variant.h"

bool pf_export_timed(const json_t *variant)
{
	size_t index;
	const json_t *trial;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		if (pf_note_counts(variant, trial) == PF_COUNTS) {
			return true;
		}
	}
	return false;
}

bool pf_export_identical(const json_t *variant)
{
	char limits[PF_CAVEAT_TEXT];
	return strcmp(pf_note_text(variant, "status"), "ok") == 0 && pf_export_timed(variant) &&
	       !pf_caveat_approximate(variant, limits, sizeof limits)[0];
}

bool pf_export_most(const json_t *variant, const char *key, double *most)
{
	size_t index;
	const json_t *trial;
	double value;
	bool any = false;
	*most = 0;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		if (pf_note_counts(variant, trial) == PF_COUNTS && pf_note_figure(trial, key, &value)) {
			*most = fmax(*most, value);
			any = true;
		}
	}
	return any;
}

bool pf_export_over_baseline(const json_t *record, const json_t *variant, pf_interval *ratio)
{
	const json_t *baseline = pf_note_baseline(record);
	return pf_export_timed(variant) && baseline && baseline != variant &&
	       pf_note_interval(variant, "speedup_over_baseline", ratio);
}

bool pf_export_may_fail(const json_t *variant)
{
	return pf_capabilities_of(json_object_get(variant, "capabilities")) & PF_CAP_MAY_CRASH;
}
