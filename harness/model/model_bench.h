/* How fast a network runs on one core, against the best that this core does: one large 3x3 convolution. */
#ifndef HARNESS_MODEL_BENCH_H
#define HARNESS_MODEL_BENCH_H

#include <stdint.h>

#include "harness/stats/student.h"
#include "photofinish/network.h"
#include "photofinish/workspace.h"

typedef struct pf_model_bench {
	pf_interval network_s; /* time of one run */
	pf_interval network_flops,
		best_flops; /* 2 x multiply-adds / second; of the network, of the convolution */
	pf_interval share;  /* of the two in the same round */
} pf_model_bench;

/* In each of `rounds` >= 2 rounds runs both in alternating order, each for about 50 ms after one untimed run,
 * on the calling thread. Scores are not concerned: nothing is compared here, `model check` does that. */
pf_status pf_model_bench_run(const pf_network *network, const char *backend, uint32_t rounds,
			     pf_model_bench *out, pf_error *error);

#endif
