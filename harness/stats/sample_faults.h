/* What about times that were taken one after the other makes their mean doubtful. Pure functions. */
#ifndef HARNESS_SAMPLE_FAULTS_H
#define HARNESS_SAMPLE_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#define PF_OUTLIER_SCORE 14.826 /* modified z-score, |x - median| / (1.4826 MAD): hyperfine's limit */
#define PF_SHORT_S 0.005        /* below it starting a process is much of the time */

typedef struct pf_sample_faults {
	size_t outliers;     /* none is left out of any figure */
	bool slow_first;     /* the first one is an outlier, and the longest */
	double first_factor; /* how many times the median of the others it is */
	bool drifts;         /* the times follow their order: Spearman's rank correlation, p < 0.001 */
	double drift;        /* median of the last third over that of the first, less 1 */
	bool is_short;       /* the median is below PF_SHORT_S */
} pf_sample_faults;

/* Of `n` >= 1 times in seconds, in their order. Outliers and a slow first one take 4 times, a drift 10 (and 5
 * % of it). Aborts without memory. */
pf_sample_faults pf_sample_faults_of(const double *seconds, size_t n);

#endif
