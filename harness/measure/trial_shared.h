/* What a trial's process and the harness share: descriptors by number, and one block of memory. */
#ifndef HARNESS_TRIAL_SHARED_H
#define HARNESS_TRIAL_SHARED_H

#include <stdatomic.h>
#include <stdint.h>

#include "photofinish/scorer.h"
#include "photofinish/trace.h"
#include "photofinish/variant.h"

enum { PF_TRIAL_FD_EVENTS = 3, PF_TRIAL_FD_SHARED = 4, PF_TRIAL_FD_MANIFEST = 5 };

#define PF_TRIAL_MAGIC 0x70667431u /* "pft1" */

struct pf_trial_shared {
	uint32_t magic, workers;
	uint64_t bytes; /* of the whole block */
	uint64_t memory_limit_bytes, photo_timeout_ns;
	int64_t options[PF_MAX_OPTIONS];
	pf_scorer_config scorer;
	atomic_int cancel;
	pf_trace traces[]; /* workers + 1 */
};

#endif
