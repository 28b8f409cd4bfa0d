/* The claims of the case study with their answers. */
#ifndef HARNESS_CLAIMS_TABLE_H
#define HARNESS_CLAIMS_TABLE_H

#include "harness/claims/claims.h"

/* One row for each claim that was answered (published, measured, verdict), and below it what was claimed and
 * what decided, in lines of at most 80 columns, or of `columns` where that is between 60 and 120. Those that
 * are not testable are named in one sentence at the end. */
void pf_claims_print(const pf_claim *claims, size_t count, int columns, FILE *stream);

/* The baseline's time by the parts that the case study has, with the published shares beside it. Nothing for
 * a contestant without a checked trial. */
void pf_parts_print(const pf_contestant *baseline, FILE *stream);

/* Figures of a claim as text, PF_TEXT bytes each: "1.20x", "38 %", "1.39x (1.29 to 1.49)", "-". */
char *pf_claim_published_text(const pf_claim *claim, char *out);
char *pf_claim_measured_text(const pf_claim *claim, char *out);

#endif
