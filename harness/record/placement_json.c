#include "harness/record/placement_json.h"

#include <string.h>

#include "harness/machine/cpu_quota.h"

static json_t *integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *integer_or_null(uint64_t value, bool known)
{
	return known ? integer(value) : json_null();
}

static json_t *cpus_json(const pf_cpus *cpus)
{
	char text[512];
	return json_string(pf_cpus_text(cpus, text, sizeof text));
}

static json_t *errno_json(int32_t number)
{
	return number ? json_string(strerror(number)) : json_null();
}

json_t *pf_trial_placement_json(const pf_trial *trial)
{
	json_t *slots = json_array();
	for (uint32_t i = 0; trial->places && i <= trial->workers; i++) {
		const pf_place *place = &trial->places[i];
		bool asked = pf_cpus_count(&place->asked) > 0, left = place->left > 0;
		if (!place->entered) {
			continue;
		}
		json_array_append_new(
			slots,
			json_pack(
				"{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "slot", integer(i), "asked",
				asked ? cpus_json(&place->asked) : json_null(), "got", cpus_json(&place->got),
				"kept", left ? cpus_json(&place->kept) : json_null(), "refused",
				errno_json(place->bind_errno), "memory_refused",
				errno_json(place->memory_errno), "entered", integer(place->entered), "left",
				integer(place->left), "migrations",
				integer_or_null(place->migrations, left && place->migrations != PF_UNKNOWN),
				"involuntary_switches", integer_or_null(place->involuntary_switches, left)));
	}
	return slots;
}

json_t *pf_run_placement_json(const pf_run *run)
{
	const pf_placement *placement = &run->session->placement;
	pf_cpus allowed = pf_cpus_allowed();
	double quota = pf_cpu_quota(NULL);
	json_t *places = json_array();
	for (uint32_t i = 0; i < placement->places; i++) {
		pf_cpus cpus = pf_placement_place(placement, i);
		json_array_append_new(places, cpus_json(&cpus));
	}
	return json_pack("{s:s,s:o,s:o,s:o,s:o}", "kind", pf_placement_name(placement->kind), "places",
			 places, "cores", integer_or_null(placement->cores, placement->places > 0), "allowed",
			 cpus_json(&allowed), "cpu_quota", quota > 0 ? json_real(quota) : json_null());
}
