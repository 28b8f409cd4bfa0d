#include "harness/record/record_claims.h"

#include <math.h>

#include "harness/claims/claims.h"

static json_t *real_or_null(double value, bool known)
{
	return known ? json_real(value) : json_null();
}

json_t *pf_record_claims(const pf_run *run)
{
	static const char *const units[] = {"ratio", "share", NULL};
	json_t *claims = json_array();
	for (size_t i = 0; i < run->claim_count; i++) {
		const pf_claim *claim = &run->claims[i];
		bool ends = claim->has_measured && claim->measured.has_interval;
		json_t *entry = json_pack("{s:s,s:s,s:s,s:s}", "id", claim->id, "statement", claim->statement,
					  "verdict", pf_verdict_name(claim->verdict), "why", claim->why);
		json_object_set_new(entry, "unit",
				    units[claim->unit] ? json_string(units[claim->unit]) : json_null());
		json_object_set_new(entry, "note", claim->note ? json_string(claim->note) : json_null());
		json_object_set_new(entry, "published",
				    real_or_null(claim->published, !isnan(claim->published)));
		json_object_set_new(entry, "measured",
				    real_or_null(claim->measured.mean, claim->has_measured));
		json_object_set_new(entry, "low", real_or_null(claim->measured.low, ends));
		json_object_set_new(entry, "high", real_or_null(claim->measured.high, ends));
		json_array_append_new(claims, entry);
	}
	return claims;
}

static json_t *samples_json(const double *samples, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(array, json_real(samples[i]));
	}
	return array;
}

json_t *pf_record_first_results(const pf_first_results *first)
{
	if (!first->measured) {
		return json_null();
	}
	return json_pack("{s:I,s:I,s:o,s:o,s:o,s:o}", "small_photos", (json_int_t)first->small_photos,
			 "large_photos", (json_int_t)first->large_photos, "streaming_small_s",
			 samples_json(first->streaming_small, first->n), "streaming_large_s",
			 samples_json(first->streaming_large, first->n), "parallel_small_s",
			 samples_json(first->parallel_small, first->n), "parallel_large_s",
			 samples_json(first->parallel_large, first->n));
}

json_t *pf_record_story(const struct pf_variant *variant)
{
	return json_pack("{s:s,s:s,s:s,s:s,s:s}", "summary", variant->summary ? variant->summary : "",
			 "change", variant->change ? variant->change : "", "principle",
			 variant->principle ? variant->principle : "", "hypothesis",
			 variant->hypothesis ? variant->hypothesis : "", "expected",
			 variant->expected ? variant->expected : "");
}
