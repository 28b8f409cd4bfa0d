/* The first level of top-down analysis: events whose values are slots of the front end, by processor. */
#ifndef HARNESS_COUNTER_TOPDOWN_H
#define HARNESS_COUNTER_TOPDOWN_H

#include "harness/counters/counters.h"

enum { PF_TOPDOWN_EVENTS = 3 };

/* topdown-retired, topdown-frontend and, where the processor has it, topdown-backend. Shares are their values
 * over slots_per_cycle times cycles (A. Yasin, A top-down method for performance analysis, ISPASS 2014; AMD's
 * pipeline utilisation as in Linux' tools/perf/pmu-events/arch/x86/amdzen4). Returns how many; 0 for a
 * processor that it knows nothing of. */
uint32_t pf_topdown_events(pf_counter_event events[PF_TOPDOWN_EVENTS], uint32_t *slots_per_cycle);

/* The same of any processor: vendor as in /proc/cpuinfo. */
uint32_t pf_topdown_events_of(const char *vendor, int family, int model,
			      pf_counter_event events[PF_TOPDOWN_EVENTS], uint32_t *slots_per_cycle);

#endif
