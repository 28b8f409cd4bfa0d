/* From streams to what is said of a cell: rates with their bounds, bias, times, and what other rules would
 * have said. Pure: the decisions are made anew from the observations. */
#ifndef HARNESS_FIGURES_H
#define HARNESS_FIGURES_H

#include "harness/calibrate/rivals.h"
#include "harness/calibrate/stream.h"

#define PF_FIGURES_LEVEL 0.95 /* of one-sided bounds */

/* What the decision code of this program says to a stream of one workload. */
typedef struct pf_replayed {
	pf_gate_verdict verdict;
	size_t used;    /* observations */
	double spent_s; /* on them, in their processes */
	double effect;  /* candidate / baseline - 1, of the middle blocks; of the sums in cells of rare slow
			   calls */
} pf_replayed;

pf_replayed pf_replay(const pf_stream_gate *gate, size_t workload);

/* Of one workload of a cell, or of its whole gates: FAIL where any workload FAILs, PASS where all PASS. */
typedef struct pf_row {
	const char *workload; /* NULL: whole gates */
	size_t n, verdicts[PF_GATE_VERDICTS];
	size_t changed;        /* whose verdict is another one than it was then */
	double bias, bias_sd;  /* effect less the true one, as shares; not of whole gates */
	double fail_s, pass_s; /* the middle time to that verdict; 0: none */
	double fail_most_s, pass_most_s;
	size_t rivals[PF_RIVALS], rivals_n; /* that call it slower */
} pf_row;

enum { PF_ROW_NAMES = 32 };

/* Names of all workloads in the streams, in the order in which they come up. Returns how many. */
size_t pf_streams_names(const pf_streams *streams, const char *names[PF_ROW_NAMES]);

/* True unless the cell has no gate. `name` NULL: whole gates. */
bool pf_row_of(const pf_streams *streams, const pf_cell *cell, const char *name, pf_row *out);

/* Upper bound of a rate of `k` of `n`, lower bound; one-sided, by Clopper and Pearson. 1 and 0 where n is 0.
 */
double pf_rate_most(size_t k, size_t n);
double pf_rate_least(size_t k, size_t n);

/* How far a way is off by itself: over the quiet cell with the same bytes in both arms (pools of layouts
 * differ, whichever way is gone), of each workload of each gate the mean of the first PF_RIVAL_SAMPLES
 * observations. */
typedef struct pf_way_error {
	size_t n;
	double error;   /* root mean square of those means */
	double scatter; /* of one observation, standard deviation within a workload of a gate */
	double spent_s; /* an observation */
} pf_way_error;

pf_way_error pf_way_error_of(const pf_streams *streams, pf_gate_way way);

/* Standard deviation of what the place of code alone moves a workload by, from one pair of layouts to the
 * next: that of observations with different layouts beyond that of identical bytes, quiet, by the way given.
 * Negative: not measured. */
double pf_layout_floor(const pf_streams *streams, const char *workload, pf_gate_way way);

/* The machine's load over the streams. */
typedef struct pf_loads {
	double least, middle, most;
	size_t busy; /* gates beside which others used more than a tenth of a processor, cells with a
			neighbour aside */
	size_t quiet_gates;
	double steal_most;
} pf_loads;

pf_loads pf_loads_of(const pf_streams *streams);

#endif
