#include "harness/export/export_parts.h"

#include <math.h>
#include <string.h>

#include "harness/record/capabilities_json.h"
#include "harness/record/caveats.h"
#include "harness/run/decision.h"
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

const char *pf_export_verdict(const json_t *variant)
{
	const json_t *decision = json_object_get(variant, "decision");
	return json_is_object(decision) ? pf_keep_name(pf_keep_of(pf_note_text(decision, "verdict"))) : "";
}

bool pf_export_decided(const json_t *record)
{
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		if (pf_export_verdict(variant)[0]) {
			return true;
		}
	}
	return false;
}

bool pf_export_over_incumbent(const json_t *variant, pf_interval *ratio)
{
	pf_interval times;
	if (!pf_note_interval(json_object_get(variant, "decision"), "ratio", &times) || times.low <= 0) {
		return false;
	}
	*ratio = times;
	ratio->mean = 1 / times.mean;
	ratio->low = 1 / times.high;
	ratio->high = 1 / times.low;
	return true;
}

bool pf_export_may_fail(const json_t *variant)
{
	return pf_capabilities_of(json_object_get(variant, "capabilities")) & PF_CAP_MAY_CRASH;
}
