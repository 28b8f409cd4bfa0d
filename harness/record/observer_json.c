#include "harness/record/observer_json.h"

json_t *pf_observer_json(const pf_observer *observer)
{
	if (!observer) {
		return json_null();
	}
	json_t *units = json_object();
	for (int i = 0; i < PF_OBSERVED_COUNT; i++) {
		const pf_unit_cost *cost = &observer->costs[i];
		json_object_set_new(units, pf_observed_name((pf_observed_unit)i),
				    cost->n ? json_pack("{s:f,s:f,s:f,s:I,s:I}", "median_ns", cost->median_ns,
							"low_ns", cost->low_ns, "high_ns", cost->high_ns, "n",
							(json_int_t)cost->n, "each", (json_int_t)cost->each)
					    : json_null());
	}
	return json_pack("{s:f,s:o}", "limit", PF_OBSERVER_MOST, "units", units);
}

json_t *pf_observed_json(const pf_observed *observed)
{
	if (!observed->known) {
		return json_null();
	}
	json_t *counts = json_object();
	for (int i = 0; i < PF_OBSERVED_COUNT; i++) {
		if (observed->counts[i]) {
			json_object_set_new(counts, pf_observed_name((pf_observed_unit)i),
					    json_integer((json_int_t)observed->counts[i]));
		}
	}
	return json_pack("{s:o,s:f,s:f,s:f}", "counts", counts, "cost_ns", observed->cost_ns, "results_ns",
			 observed->results_ns, "share", observed->share);
}

void pf_observed_of(const json_t *object, pf_observed *observed)
{
	const json_t *counts = json_object_get(object, "counts");
	*observed = (pf_observed){
		.known = json_is_object(counts),
		.cost_ns = json_number_value(json_object_get(object, "cost_ns")),
		.results_ns = json_number_value(json_object_get(object, "results_ns")),
		.share = json_number_value(json_object_get(object, "share")),
	};
	for (int i = 0; i < PF_OBSERVED_COUNT; i++) {
		json_int_t count = json_integer_value(
			json_object_get(counts, pf_observed_name((pf_observed_unit)i)));
		observed->counts[i] = count > 0 ? (uint64_t)count : 0;
	}
}
