/* Queries: a variant's process that lives on and runs the variant again and again, each time over the photos
 * that the harness asks for (docs/load.md). */
#ifndef HARNESS_QUERIES_H
#define HARNESS_QUERIES_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/trial/frames.h"
#include "photofinish/dataset.h"
#include "photofinish/variant.h"

enum { PF_TRIAL_FD_QUERIES = 6 };

/* Written to the process by one write(). The variant's run gets a dataset of `count` photos of the session's
 * from `first`, all of them `repeats` times. Outcomes come back under the session's indices; bursts and
 * ranks, which are those of the query, do not. */
typedef struct pf_query {
	uint32_t number; /* comes back in the PF_FRAME_QUERY at its end */
	uint32_t first, count, repeats;
	uint32_t samples;       /* not 0: a PF_FRAME_PROCESS after each photo */
	uint64_t not_before_ns; /* of pf_now_ns: the process waits until then; 0: at once */
} pf_query;

#define PF_QUERY_PHOTOS_MOST 20000000u /* count * repeats */

/* In the process of a trial: takes queries from PF_TRIAL_FD_QUERIES until there are no more. */
pf_status pf_queries_run(const struct pf_variant *variant, const struct pf_env *env,
			 const pf_dataset *dataset, struct pf_pipe_sink *sink, pf_error *error);

/* In the harness. `read_end` is for the session (queries_fd), `write_end` to issue on; both close on exec. */
pf_status pf_queries_open(int *read_end, int *write_end, pf_error *error);
bool pf_query_issue(int write_end, const pf_query *query); /* false: nobody is there to take it */

#endif
