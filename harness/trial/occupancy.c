#include "harness/trial/occupancy.h"

#include <stdatomic.h>
#include <stdbool.h>

static bool busy(const pf_trace *trace)
{
	uint32_t stage = atomic_load_explicit(&trace->stage, memory_order_relaxed);
	if (atomic_load_explicit(&trace->pid, memory_order_relaxed) == 0 || stage == PF_STAGE_WAIT) {
		return false;
	}
	return stage < PF_STAGE_COUNT ||
	       atomic_load_explicit(&trace->photo, memory_order_relaxed) != PF_NO_PHOTO;
}

uint32_t pf_occupancy(const pf_trace *traces, uint32_t workers, unsigned caps, uint32_t *of)
{
	uint32_t count = 0;
	if (caps & PF_CAP_COMMAND) {
		*of = 0;
		return 0;
	}
	if (!(caps & PF_CAP_WORKERS)) {
		*of = 1;
		return busy(&traces[0]);
	}
	for (uint32_t i = 1; i <= workers; i++) {
		count += busy(&traces[i]);
	}
	*of = workers;
	return count;
}
