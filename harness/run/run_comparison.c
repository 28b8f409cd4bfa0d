#include "harness/run/run_comparison.h"

#include <stdlib.h>

#include "harness/stats/enough.h"
#include "photofinish/trace.h"

const char *pf_part_name(int part)
{
	return part < PF_STAGE_COUNT ? pf_stage_name((pf_stage)part) : "unattributed";
}

void pf_trial_parts(const pf_trial *trial, bool has_workers, double parts[PF_PARTS])
{
	double left = (double)trial->wall_ns;
	for (int stage = 0; stage < PF_STAGE_COUNT; stage++) {
		double own = (double)trial->main_stage_ns[stage];
		double workers = (double)trial->stage_ns[stage] - own;
		bool waits = has_workers && stage == PF_STAGE_WAIT;
		parts[stage] = (waits ? 0.0 : own) + workers / (trial->workers ? trial->workers : 1);
		left -= parts[stage];
	}
	parts[PF_STAGE_COUNT] = left;
}

void pf_run_compare(const pf_run *run, pf_run_comparison *comparison)
{
	const pf_contestant *a = &run->contestants[0], *b = &run->contestants[1];
	size_t capacity = a->trial_count;
	comparison->pairs = 0;
	pf_trial_pair *pairs = calloc(capacity + 1, sizeof *pairs);
	double *numbers = calloc((capacity + 1) * 2 * (PF_PARTS + 2), sizeof *numbers);
	if (!pairs || !numbers) {
		pf_out_of_memory();
	}
	size_t count = pf_run_pairs(a, b, pairs);
	double *times_a = numbers, *times_b = times_a + count, *parts_a = times_b + count,
	       *parts_b = parts_a + count * PF_PARTS, *cpu_a = parts_b + count * PF_PARTS,
	       *cpu_b = cpu_a + count;
	comparison->cpu_known = count > 0;
	for (size_t i = 0; i < count; i++) {
		times_a[i] = (double)pairs[i].a->wall_ns;
		times_b[i] = (double)pairs[i].b->wall_ns;
		cpu_a[i] = (double)pairs[i].a->cpu_ns;
		cpu_b[i] = (double)pairs[i].b->cpu_ns;
		comparison->cpu_known = comparison->cpu_known && cpu_a[i] > 0 && cpu_b[i] > 0;
		pf_trial_parts(pairs[i].a, a->variant->caps & PF_CAP_WORKERS, parts_a + i * PF_PARTS);
		pf_trial_parts(pairs[i].b, b->variant->caps & PF_CAP_WORKERS, parts_b + i * PF_PARTS);
	}
	if (count) {
		comparison->pairs = count;
		comparison->result = pf_compare(times_a, times_b, count, &comparison->rules);
		if (comparison->cpu_known) {
			comparison->cpu = pf_compare(cpu_a, cpu_b, count, &comparison->rules);
		}
		pf_split(parts_a, parts_b, count, PF_PARTS, PF_LEVEL, comparison->split);
	}
	free(numbers);
	free(pairs);
}

static bool both_go_on(const pf_run *run)
{
	return run->contestants[0].status == PF_RUN_OK && run->contestants[1].status == PF_RUN_OK;
}

bool pf_run_comparison_enough(void *context, const pf_run *run)
{
	pf_run_comparison *comparison = context;
	double elapsed_s = (double)(pf_now_ns() - run->rounds_begin_ns) * 1e-9;
	if (!both_go_on(run)) {
		comparison->stopped = "failure";
		return true;
	}
	if (comparison->rules.until_decided) {
		pf_run_compare(run, comparison);
		const pf_comparison *by = comparison->by_cpu ? &comparison->cpu : &comparison->result;
		if (by->word != PF_WORD_UNDECIDED) {
			comparison->stopped = "decided";
			return true;
		}
	}
	/* The next one takes as long as those before on average. */
	double next_s = elapsed_s / run->rounds_done;
	if (comparison->max_time_s > 0 && elapsed_s + next_s > comparison->max_time_s &&
	    run->rounds_done >= comparison->least_rounds && run->rounds_done < run->rounds) {
		comparison->stopped = "time";
		return true;
	}
	return false;
}
