/* Two stored records side by side, without a verdict: no figure of one is set against the other. */
#ifndef HARNESS_RECORD_PAIR_H
#define HARNESS_RECORD_PAIR_H

#include <jansson.h>
#include <stdio.h>

/* What each is of, and what it says within itself: how many times as fast one step was as another, the
 * verdicts on objectives, trends and checks. Texts have to be plain (json_values.h). */
void pf_record_pair_print(const json_t *a, const char *id_a, const json_t *b, const char *id_b, FILE *stream);

#endif
