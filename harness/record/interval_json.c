#include "harness/record/interval_json.h"

json_t *pf_interval_json(const pf_interval *interval, bool known)
{
	if (!known) {
		return json_null();
	}
	return json_pack("{s:f,s:o,s:o,s:f,s:s,s:I}", "mean", interval->mean, "low",
			 interval->has_interval ? json_real(interval->low) : json_null(), "high",
			 interval->has_interval ? json_real(interval->high) : json_null(), "level",
			 interval->level, "method", "Student t", "n", (json_int_t)interval->n);
}
