#include "harness/record/machine_json.h"

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

static uint64_t read_known(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);
	bool good = json_is_integer(member) && json_integer_value(member) >= 0;
	return good ? (uint64_t)json_integer_value(member) : PF_UNKNOWN;
}

void pf_machine_state_of(const json_t *object, pf_machine_state *state)
{
	const json_t *pressures = json_object_get(object, "pressure"),
		     *frequency = json_object_get(object, "frequency");
	uint64_t elapsed_ns = read_known(object, "elapsed_ns"), processors = read_known(object, "processors"),
		 faults = read_known(object, "minor_faults");
	*state = (pf_machine_state){
		.elapsed_ns = elapsed_ns == PF_UNKNOWN ? 0 : elapsed_ns,
		.processors = processors > UINT32_MAX ? 0 : (uint32_t)processors,
		.busy_ns = read_known(object, "busy_ns"),
		.others_ns = read_known(object, "others_ns"),
		.steal_ns = read_known(object, "steal_ns"),
		.harness_cpu_ns = read_known(object, "harness_cpu_ns"),
		.throttled_ns = read_known(object, "throttled_ns"),
		.thermal_throttles = read_known(object, "thermal_throttles"),
		.swapped_pages = read_known(object, "swapped_pages"),
		.minor_faults = faults == PF_UNKNOWN ? 0 : faults,
	};
	if (json_is_object(frequency)) {
		state->low_khz = read_known(frequency, "low_khz");
		state->high_khz = read_known(frequency, "high_khz");
	}
	for (int i = 0; i < PF_PRESSURE_COUNT; i++) {
		const json_t *pressure = json_object_get(pressures, pf_pressure_name((pf_pressure)i));
		state->some_ns[i] = read_known(pressure, "some_ns");
		state->full_ns[i] = read_known(pressure, "full_ns");
	}
}
