/* Which variants there are: built in, plug-ins and commands. */
#ifndef HARNESS_KNOWN_H
#define HARNESS_KNOWN_H

#include <stddef.h>

#include "photofinish/variant.h"

/* Variant of that name, or the reference's; NULL if there is none. */
const struct pf_variant *pf_variant_find(const char *name);

/* NULL, or what is wrong with a variant's descriptor (static text). A variant with a fault is not run. */
const char *pf_variant_fault(const struct pf_variant *variant);

/* Calls `tell` for each registered variant with a fault. Returns how many there are. */
size_t pf_variants_with_faults(void (*tell)(const char *name, const char *fault));

/* All registered variants, parents before children, the floor last; NULL at the end. Freed by the caller. */
const struct pf_variant **pf_variants_in_order(void);

#endif
