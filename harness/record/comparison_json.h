/* Comparisons in records. */
#ifndef HARNESS_COMPARISON_JSON_H
#define HARNESS_COMPARISON_JSON_H

#include <jansson.h>

#include "harness/stats/comparison.h"

/* New reference: what was compared (by name), by which rules, and what came of it. With `pairs` 0 there are
 * no figures, and the word is "undecided". `cpu` is the same of CPU times, NULL where they are not known.
 * `max_time_s` 0: none. */
json_t *pf_comparison_json(const char *a, const char *b, const pf_comparison *comparison,
			   const pf_comparison *cpu, size_t pairs, const pf_comparison_rules *rules,
			   double max_time_s);

/* Read back, from the object or its "cpu"; what is not there is 0 and undecided. */
pf_comparison pf_comparison_of_json(const json_t *object);
pf_comparison_rules pf_comparison_rules_of_json(const json_t *object);

#endif
