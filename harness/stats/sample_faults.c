#include "harness/stats/sample_faults.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>

#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/student.h"

enum { LEAST_FOR_OUTLIERS = 4, LEAST_FOR_DRIFT = 10 };

#define LEAST_DRIFT 0.05
#define DRIFT_P 0.001

static void find_outliers(const double *seconds, size_t n, double *scratch, pf_sample_faults *faults)
{
	double median = pf_median(seconds, n);
	for (size_t i = 0; i < n; i++) {
		scratch[i] = fabs(seconds[i] - median);
	}
	double limit = PF_OUTLIER_SCORE * 1.4826 * pf_median(scratch, n);
	bool longest = true;
	for (size_t i = 0; i < n; i++) {
		/* Where more than half are equal everything else would be one. */
		faults->outliers += limit > 0 && fabs(seconds[i] - median) > limit;
		longest = longest && seconds[i] <= seconds[0];
	}
	faults->first_factor = seconds[0] / pf_median(seconds + 1, n - 1);
	faults->slow_first = longest && limit > 0 && seconds[0] - median > limit;
}

/* With ties at the mean of their ranks. */
static double rank_of(const double *seconds, size_t n, size_t of)
{
	double below = 0, equal = 0;
	for (size_t i = 0; i < n; i++) {
		below += seconds[i] < seconds[of];
		equal += seconds[i] == seconds[of];
	}
	return below + (equal - 1) / 2;
}

static void find_drift(const double *seconds, size_t n, pf_sample_faults *faults)
{
	double middle = (double)(n - 1) / 2, products = 0, of_ranks = 0, of_order = 0;
	for (size_t i = 0; i < n; i++) {
		double rank = rank_of(seconds, n, i) - middle, order = (double)i - middle;
		products += rank * order;
		of_ranks += rank * rank;
		of_order += order * order;
	}
	double rho = of_ranks > 0 ? products / sqrt(of_ranks * of_order) : 0;
	double rest = 1 - rho * rho, df = (double)n - 2;
	double p = rest > 0 ? 2 * pf_student_cdf(-fabs(rho) * sqrt(df / rest), df) : 0;
	faults->drift = pf_median(seconds + n - n / 3, n / 3) / pf_median(seconds, n / 3) - 1;
	faults->drifts = p < DRIFT_P && fabs(faults->drift) > LEAST_DRIFT;
}

pf_sample_faults pf_sample_faults_of(const double *seconds, size_t n)
{
	assert(n >= 1);
	pf_sample_faults faults = {.is_short = pf_median(seconds, n) < PF_SHORT_S};
	double *scratch = calloc(n, sizeof *scratch);
	if (!scratch) {
		pf_out_of_memory();
	}
	if (n >= LEAST_FOR_OUTLIERS) {
		find_outliers(seconds, n, scratch, &faults);
	}
	if (n >= LEAST_FOR_DRIFT) {
		find_drift(seconds, n, &faults);
	}
	free(scratch);
	return faults;
}
