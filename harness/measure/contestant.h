/* Which variants there are, and how they are named on a command line. */
#ifndef HARNESS_CONTESTANT_H
#define HARNESS_CONTESTANT_H

#include "harness/measure/run.h"
#include "photofinish/variant.h"

/* NULL, or what is wrong with a variant's descriptor (static text). A variant with a fault is not run. */
const char *pf_variant_fault(const struct pf_variant *variant);

/* Calls `tell` for each registered variant with a fault. Returns how many there are. */
size_t pf_variants_with_faults(void (*tell)(const char *name, const char *fault));

/* Contestant of a text NAME[:option=value,...]; "workers" is an option of variants with PF_CAP_WORKERS,
 * others get one worker. `workers` is the default. PF_ERR_USAGE says what is wrong with the text. */
pf_status pf_contestant_parse(const char *text, uint32_t workers, pf_contestant *out, pf_error *error);

/* All registered variants, parents before children, the floor last; NULL at the end. Freed by the caller. */
const struct pf_variant **pf_variants_in_order(void);

#endif
