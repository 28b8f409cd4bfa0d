/* One workload set up at one size in one way, and the proof that what it computes is right. */
#ifndef HARNESS_WORK_STATE_H
#define HARNESS_WORK_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/status.h"
#include "photofinish/workload.h"

typedef struct pf_work_state {
	const pf_workloads *table;
	const pf_workload *workload;
	const char *way; /* NULL: the library's own choice */
	uint64_t size;
	void *state;
} pf_work_state;

/* Sets up what the first four fields say, with seed 1. PF_ERR_UNAVAILABLE with the library's reason. Closed
 * by pf_work_state_close, also after a failure. Calls for one state come from one thread. */
pf_status pf_work_state_open(pf_work_state *work, pf_error *error);
pf_status pf_work_state_run(pf_work_state *work, uint64_t units, pf_error *error);
void pf_work_state_close(pf_work_state *work); /* one that was never opened, too */

/* Checks the output of an open state: a run changes it, another run gives the same, and it is that of the
 * workload's plainest way, which is set up for that and torn down. Leaves `digest` of it. PF_ERR_INVALID
 * says in one line what is wrong; then it gets no time. */
pf_status pf_work_state_check(pf_work_state *work, uint8_t digest[PF_WORKLOAD_DIGEST_BYTES], pf_error *error);

/* Whether the last run's output has that digest. */
bool pf_work_state_gives(const pf_work_state *work, const uint8_t digest[PF_WORKLOAD_DIGEST_BYTES]);

#endif
