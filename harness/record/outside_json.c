#include "harness/record/outside_json.h"

#include <string.h>

#include "harness/registry/outside.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"

json_t *pf_outside_json(const struct pf_variant *variant)
{
	const pf_outside *outside = pf_outside_of(variant);
	char hex[2 * PF_SHA256_BYTES + 1], file[1024];
	uint8_t digest[PF_SHA256_BYTES];
	if (!outside) {
		return json_null();
	}
	if (outside->command) {
		const char *line = variant->summary;
		pf_sha256_of(line, strlen(line), digest);
		pf_sha256_hex(digest, hex);
		return json_pack("{s:s}", "command_sha256", hex);
	}
	pf_sha256_hex(outside->plugin_sha256, hex);
	const char *slash = strrchr(outside->plugin, '/'); /* folders may bear names of users */
	return json_pack("{s:s,s:s}", "plugin", pf_escape(slash + 1, file, sizeof file), "sha256", hex);
}

static json_t *limit_json(double limit)
{
	return limit >= 0 ? json_real(limit) : json_null();
}

json_t *pf_tolerance_json(const pf_tolerance *tolerance)
{
	if (!tolerance->declared) {
		return json_null();
	}
	json_t *object = json_object(), *factors = json_object(), *measures = json_object();
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		if (tolerance->factors[i] >= 0) {
			json_object_set_new(factors, pf_factor_name((pf_factor)i),
					    json_real(tolerance->factors[i]));
		}
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		if (tolerance->measures[i] >= 0) {
			json_object_set_new(measures, pf_measure_name((pf_measure)i),
					    json_real(tolerance->measures[i]));
		}
	}
	if (tolerance->not_compared) {
		json_object_set_new(object, "not_compared", json_integer(tolerance->not_compared));
	}
	json_object_set_new(object, "bursts", json_boolean(tolerance->bursts));
	json_object_set_new(object, "factors", factors);
	json_object_set_new(object, "measures", measures);
	json_object_set_new(object, "best_shots", limit_json(tolerance->best_shots));
	json_object_set_new(object, "rank_correlation", limit_json(tolerance->rank_correlation));
	json_object_set_new(object, "ranks", json_boolean(tolerance->ranks));
	json_object_set_new(object, "score", limit_json(tolerance->total));
	return object;
}

json_t *pf_agreement_json(const pf_tolerance *tolerance, const pf_agreement *agreement)
{
	if (!tolerance->declared) {
		return json_null();
	}
	return json_pack("{s:I,s:I,s:I,s:I,s:I}", "bursts", (json_int_t)agreement->bursts, "best_shots",
			 (json_int_t)agreement->best_shots, "pairs", (json_int_t)agreement->pairs, "in_order",
			 (json_int_t)agreement->in_order, "reversed", (json_int_t)agreement->reversed);
}

static double declared(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);
	return json_is_number(member) && json_number_value(member) >= 0 ? json_number_value(member)
									: PF_NOT_DECLARED;
}

void pf_tolerance_of(const json_t *object, pf_tolerance *tolerance)
{
	const json_t *factors = json_object_get(object, "factors"),
		     *measures = json_object_get(object, "measures");
	pf_tolerance_reset(tolerance);
	if (!json_is_object(object)) {
		return;
	}
	tolerance->declared = true;
	tolerance->not_compared = (unsigned)json_integer_value(json_object_get(object, "not_compared"));
	tolerance->bursts = json_is_true(json_object_get(object, "bursts"));
	tolerance->ranks = json_is_true(json_object_get(object, "ranks"));
	tolerance->total = declared(object, "score");
	tolerance->best_shots = declared(object, "best_shots");
	tolerance->rank_correlation = declared(object, "rank_correlation");
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		tolerance->factors[i] = declared(factors, pf_factor_name((pf_factor)i));
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		tolerance->measures[i] = declared(measures, pf_measure_name((pf_measure)i));
	}
}

static size_t count_of(const json_t *object, const char *key)
{
	json_int_t value = json_integer_value(json_object_get(object, key));
	return value > 0 ? (size_t)value : 0;
}

void pf_agreement_of_json(const json_t *object, pf_agreement *agreement)
{
	*agreement = (pf_agreement){.bursts = count_of(object, "bursts"),
				    .best_shots = count_of(object, "best_shots"),
				    .pairs = count_of(object, "pairs"),
				    .in_order = count_of(object, "in_order"),
				    .reversed = count_of(object, "reversed")};
}
