/* The reference's way of scoring: serial, photo by photo. */
#ifndef HARNESS_REFERENCE_VARIANT_H
#define HARNESS_REFERENCE_VARIANT_H

#include "photofinish/variant.h"

/* Executes like a variant, but is none: it shares no code with those, and is not in the registry. */
extern const struct pf_variant pf_reference_variant;

#endif
