#include "harness/run/run_facts.h"

#include <stdlib.h>

#include "harness/machine/cpu_quota.h"
#include "harness/machine/environment.h"
#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"

/* The median is a photo's own size: the larger of the middle two. */
static void measure_sizes(const pf_outcomes *outcomes, pf_run_facts *facts)
{
	double *sizes = pf_enough(calloc(outcomes->count + 1, sizeof *sizes)), sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->status == PF_OK) {
			sizes[count] = photo->score.measures[PF_MEASURE_WIDTH] *
				       photo->score.measures[PF_MEASURE_HEIGHT] * 1e-6;
			sum += sizes[count++];
		}
	}
	if (count) {
		pf_sort(sizes, count);
		facts->median_megapixels = sizes[count / 2];
		facts->mean_megapixels = sum / (double)count;
	}
	free(sizes);
}

pf_run_facts pf_run_facts_of(const pf_run *run)
{
	pf_run_facts facts = {0};
	const pf_outcomes *reference = run->reference.outcomes;
	if (run->stored) {
		return *run->stored;
	}
	if (reference) {
		facts.photos_known = true;
		pf_outcomes_count_groups(reference, &facts.bursts, &facts.singles);
		measure_sizes(reference, &facts);
		facts.paths = pf_paths_of(run->session->order.scorer.preset, reference);
	}
	facts.cores = pf_core_count();
	facts.cpu_quota = pf_cpu_quota(NULL);
	facts.unfit = pf_build_unfit_for_timing();
	return facts;
}

bool pf_contestant_is_over(const pf_contestant *contestant)
{
	return contestant->workers > (contestant->stored_cores ? contestant->stored_cores : pf_core_count());
}
