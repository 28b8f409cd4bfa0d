/* The inside of measuring presets. */
#ifndef HARNESS_PRESETS_PARTS_H
#define HARNESS_PRESETS_PARTS_H

#include "harness/presets/presets.h"
#include "harness/run/reference.h"

/* Fills in what rows say of the truth in `truth_file`, from a reference of each preset. Fails as
 * pf_truth_load. */
pf_status pf_presets_add_truth(pf_presets *presets, const pf_reference *references, const char *truth_file,
			       pf_error *error);

#endif
