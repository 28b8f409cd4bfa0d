#include "harness/store/machine_json.h"

static json_t *known(uint64_t value)
{
	return value == PF_UNKNOWN ? json_null() : json_integer((json_int_t)value);
}

/* Null where the kernel has none. */
static json_t *pressures_json(const pf_machine_state *state)
{
	json_t *object = json_object();
	for (int i = 0; i < PF_PRESSURE_COUNT; i++) {
		bool there = state->some_ns[i] != PF_UNKNOWN;
		json_object_set_new(object, pf_pressure_name((pf_pressure)i),
				    there ? json_pack("{s:o,s:o}", "some_ns", known(state->some_ns[i]),
						      "full_ns", known(state->full_ns[i]))
					  : json_null());
	}
	return object;
}

json_t *pf_machine_state_json(const pf_machine_state *state)
{
	json_t *frequency = state->high_khz ? json_pack("{s:I,s:I}", "low_khz", (json_int_t)state->low_khz,
							"high_khz", (json_int_t)state->high_khz)
					    : json_null();
	json_t *object = json_object();
	json_object_set_new(object, "elapsed_ns", known(state->elapsed_ns));
	json_object_set_new(object, "processors", json_integer(state->processors));
	json_object_set_new(object, "busy_ns", known(state->busy_ns));
	json_object_set_new(object, "others_ns", known(state->others_ns));
	json_object_set_new(object, "steal_ns", known(state->steal_ns));
	json_object_set_new(object, "harness_cpu_ns", known(state->harness_cpu_ns));
	json_object_set_new(object, "pressure", pressures_json(state));
	json_object_set_new(object, "throttled_ns", known(state->throttled_ns));
	json_object_set_new(object, "thermal_throttles", known(state->thermal_throttles));
	json_object_set_new(object, "swapped_pages", known(state->swapped_pages));
	json_object_set_new(object, "minor_faults", known(state->minor_faults));
	json_object_set_new(object, "frequency", frequency);
	return object;
}

json_t *pf_disturbed_by_json(const pf_machine_state *state)
{
	json_t *list = json_array();
	for (int i = 0; i < PF_DISTURBANCE_COUNT; i++) {
		char text[128];
		double amount = pf_machine_disturbed(state, (pf_disturbance)i);
		if (amount > 0) {
			json_array_append_new(
				list, json_string(pf_disturbance_text((pf_disturbance)i, amount,
								      state->processors, text, sizeof text)));
		}
	}
	return list;
}
