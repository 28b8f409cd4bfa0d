/* What observing costs: each way of observing timed on this machine, and what a trial's observation came to.
 */
#ifndef HARNESS_OBSERVER_H
#define HARNESS_OBSERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/trace.h"

/* X(constant, name in records, what it is). What a trial's cost is made of has counts; the rest is for
 * reference. */
#define PF_OBSERVED_LIST(X)                                                                           \
	X(PF_OBSERVED_CLOCK, "clock", "a read of the monotonic clock")                                \
	X(PF_OBSERVED_SPAN, "span", "a span: begin and end into a live trace")                        \
	X(PF_OBSERVED_NULL_SPAN, "null_span", "a span that no one listens to")                        \
	X(PF_OBSERVED_THREAD_CPU, "thread_cpu", "a read of the thread's CPU time")                    \
	X(PF_OBSERVED_RUN_DELAY, "run_delay", "a read of how long the thread waited for a processor") \
	X(PF_OBSERVED_EVENT, "event", "an event: sent by a worker, taken by the harness")             \
	X(PF_OBSERVED_LOOK, "look", "a look of the harness at two workers")

#define PF_OBSERVED_ENUM(constant, name, text) constant,
typedef enum pf_observed_unit { PF_OBSERVED_LIST(PF_OBSERVED_ENUM) PF_OBSERVED_COUNT } pf_observed_unit;
#undef PF_OBSERVED_ENUM
const char *pf_observed_name(pf_observed_unit unit);
const char *pf_observed_text(pf_observed_unit unit);

/* Of one unit, in ns: the median over `n` batches, and the 5th and 95th per cent of them. */
typedef struct pf_unit_cost {
	double median_ns, low_ns, high_ns;
	size_t n;      /* batches; 0: not measured */
	uint32_t each; /* in a batch */
} pf_unit_cost;

typedef struct pf_observer {
	pf_unit_cost costs[PF_OBSERVED_COUNT];
} pf_observer;

enum { PF_OBSERVER_BATCHES = 101 }; /* some 20 ms in all */

/* Times each unit in `batches` batches, by the same functions that trials use. Starts a thread for the
 * events; where that fails, or memory is short, those are not measured. */
void pf_observer_measure(size_t batches, pf_observer *out);

/* Measured with PF_OBSERVER_BATCHES at the first call, then kept. Not thread-safe. */
const pf_observer *pf_observer_of_this_machine(void);

/* How often a trial was observed, and what that cost at most: unit costs times counts, as if all of it had
 * come one after the other, which it does not where there are several workers. */
typedef struct pf_observed {
	uint64_t counts[PF_OBSERVED_COUNT];
	double cost_ns;    /* of all but the events */
	double share;      /* of the wall time that is; 0, as the others, where no costs are known */
	double results_ns; /* of the events: handing over results is the job's, not the observer's */
	bool known;
} pf_observed;

#define PF_OBSERVER_MOST 0.01 /* of a trial's time: with more it is invalid */

/* Adds what a worker did to its trace. */
void pf_observed_add_trace(pf_observed *observed, const pf_trace *trace);

/* Fills in cost and share; `observer` may be NULL. */
void pf_observed_settle(pf_observed *observed, const pf_observer *observer, uint64_t wall_ns);

#endif
