#include "harness/export/export_parts.h"

#include <math.h>
#include <string.h>

#include "harness/record/capabilities_json.h"
#include "photofinish/variant.h"

static bool is_well(const json_t *variant)
{
	const char *status = pf_note_text(variant, "status");
	return strcmp(status, "ok") == 0 || strcmp(status, "floor") == 0;
}

bool pf_export_timed(const json_t *variant)
{
	size_t index;
	const json_t *trial;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		if (pf_export_trial_timed(variant, trial)) {
			return true;
		}
	}
	return false;
}

bool pf_export_trial_timed(const json_t *variant, const json_t *trial)
{
	double wall;
	return is_well(variant) && json_is_true(json_object_get(trial, "checked")) &&
	       strcmp(pf_note_text(trial, "ending"), "ok") == 0 &&
	       pf_export_number(trial, "wall_ns", &wall) && wall > 0;
}

bool pf_export_number(const json_t *object, const char *key, double *value)
{
	const json_t *member = json_object_get(object, key);
	*value = json_number_value(member);
	return json_is_number(member) && *value >= 0 && isfinite(*value);
}

bool pf_export_mean(const json_t *variant, const char *key, const char *part, double *mean)
{
	size_t index, count = 0;
	const json_t *trial;
	double sum = 0, value;
	json_array_foreach(json_object_get(variant, "trials"), index, trial)
	{
		const json_t *object = part ? json_object_get(json_object_get(trial, key), part) : trial;
		if (pf_export_trial_timed(variant, trial) &&
		    pf_export_number(object, part ? "wall_ns" : key, &value)) {
			sum += value;
			count++;
		}
	}
	*mean = count ? sum / (double)count : 0;
	return count > 0;
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
		if (pf_export_trial_timed(variant, trial) && pf_export_number(trial, key, &value)) {
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
