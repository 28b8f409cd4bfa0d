#include "harness/claims/claims.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/claims/claims_figures.h"
#include "harness/run/run_device.h"

#define PF_VERDICT_NAME(constant, name) name,
static const char *const verdict_names[] = {PF_VERDICT_LIST(PF_VERDICT_NAME)};

const char *pf_verdict_name(pf_verdict verdict)
{
	return verdict_names[verdict];
}

static void single_load_gain(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *slow = pf_claim_need(in, "double-load", claim);
	const pf_contestant *fast = slow ? pf_claim_need(in, "single-load", claim) : NULL;
	if (fast && pf_claim_ratio(claim, slow, fast)) {
		pf_claim_judge_ratio(claim, NULL);
	}
}

static void parallel_gain(const pf_claim_input *in, pf_claim *claim)
{
	char setting[200] = "";
	pf_interval over_baseline;
	const pf_contestant *slow = pf_claim_need(in, "single-load", claim);
	const pf_contestant *fast = slow ? pf_claim_need(in, "parallel", claim) : NULL;
	if (!fast || !pf_claim_ratio(claim, slow, fast)) {
		return;
	}
	uint32_t cores = in->setting->cores, bound = fast->workers < cores ? fast->workers : cores;
	pf_claim_say(claim, "%u worker%s on %u core%s, without GPU: at most %ux", fast->workers,
		     pf_text_plural(fast->workers), cores, pf_text_plural(cores), bound);
	const pf_contestant *baseline = pf_run_find(in->run, "double-load");
	if (baseline && pf_run_speedup(fast, baseline, &over_baseline)) {
		pf_claim_say(claim, "over the baseline %.2fx, published 2.84x", over_baseline.mean);
	}
	if (bound < 2) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		return;
	}
	if (bound < 8) {
		snprintf(setting, sizeof setting,
			 "another setting than the published one of 8 workers with a GPU");
	}
	pf_claim_judge_ratio(claim, setting[0] ? setting : NULL);
}

/* Inference has to be what differs: the same number of workers. */
static void gpu_gain(const pf_claim_input *in, pf_claim *claim)
{
	pf_interval seconds;
	const pf_contestant *cpu = pf_run_find(in->run, "parallel");
	if (cpu && pf_run_time(cpu, &seconds)) {
		pf_claim_say(claim, "CPU x %u: %.3g s", cpu->workers, seconds.mean);
	}
	const pf_contestant *gpu = pf_claim_need(in, "gpu", claim);
	cpu = gpu ? pf_claim_need(in, "parallel", claim) : NULL;
	if (!cpu || !pf_claim_ratio(claim, cpu, gpu)) {
		return;
	}
	for (size_t i = 0; i < in->run->contestant_count; i++) {
		const pf_contestant *other = &in->run->contestants[i];
		bool shared = strcmp(other->variant->name, "gpu-shared") == 0;
		if ((shared || other->variant == gpu->variant) && pf_run_time(other, &seconds)) {
			pf_claim_say(claim, "%s x %u%s: %.3g s", shared ? "GPU, shared," : "GPU",
				     other->workers,
				     pf_run_fallen(other, NULL) ? " (fell back to the processor)" : "",
				     seconds.mean);
		}
	}
	if (pf_run_fallen(gpu, NULL)) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		return;
	}
	if (gpu->workers != cpu->workers) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "they differ in workers, too");
		return;
	}
	claim->published = claim->measured.mean; /* there is no figure to be near to */
	pf_claim_judge_ratio(claim, NULL);
	claim->published = NAN;
}

static void chunked_fails(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *slow = pf_claim_need(in, "chunked", claim);
	const pf_contestant *fast = slow ? pf_claim_need(in, "parallel", claim) : NULL;
	if (!fast || !pf_claim_ratio(claim, slow, fast)) {
		return;
	}
	uint64_t chunks = pf_claim_chunks(slow);
	if (chunks < 2) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "it loaded %zu photos as one chunk", in->setting->photos);
		return;
	}
	pf_claim_say(claim, "%" PRIu64 " chunks", chunks);
	pf_claim_say_decision(in, slow, claim);
	pf_claim_judge_ratio(claim, NULL);
}

/* Mean of the bytes that were sent between processes. */
static double moved_bytes(const pf_contestant *contestant)
{
	double sum = 0;
	size_t count = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		if (pf_run_counts(contestant, &contestant->trials[i]) == PF_COUNTS) {
			sum += (double)contestant->trials[i].moved_bytes;
			count++;
		}
	}
	return count ? sum / (double)count : 0;
}

/* Every chunk but the first goes to every worker, decoded: 1.5 bytes a pixel (4:2:0) to 3 (4:4:4). */
static void pipelined_fails(const pf_claim_input *in, pf_claim *claim)
{
	char text[PF_TEXT];
	const pf_contestant *slow = pf_claim_need(in, "pipelined", claim);
	const pf_contestant *fast = slow ? pf_claim_need(in, "parallel", claim) : NULL;
	if (!fast || !pf_claim_ratio(claim, slow, fast)) {
		return;
	}
	uint64_t chunks = pf_claim_chunks(slow);
	if (chunks < 2) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "it loaded %zu photos as one chunk: nothing is sent ahead",
			     in->setting->photos);
		return;
	}
	double moved = moved_bytes(slow);
	/* Chunks are of whole bursts: the first one, which is not sent, may be the largest by far. */
	double all = in->setting->pixels * slow->workers;
	double least = 1.5 * all * (double)(chunks - 1) / (double)in->setting->photos;
	double most = 3 * all * (1 - 1 / (double)chunks);
	bool explained = all > 0 ? moved > least / PF_CLAIM_NEAR && moved < most * PF_CLAIM_NEAR : moved > 0;
	pf_claim_say(claim, "%" PRIu64 " chunks; %s moved between processes", chunks,
		     pf_text_bytes(moved, text));
	if (all > 0) {
		pf_claim_say(claim, "the chunks after the first, to %u workers, are %s", slow->workers,
			     pf_text_bytes(least, text));
		size_t used = strlen(claim->why);
		snprintf(claim->why + used, sizeof claim->why - used, " to %s", pf_text_bytes(most, text));
	}
	pf_claim_say_decision(in, slow, claim);
	pf_claim_judge_ratio(claim, explained ? NULL : "what was moved does not explain it");
}

static void threaded_fails(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *threaded = pf_run_find(in->run, "threaded");
	claim->verdict = PF_VERDICT_NOT_TESTABLE;
	if (!threaded || threaded->status == PF_RUN_NOT_RUN) {
		pf_claim_say(claim, "threaded was not run");
		return;
	}
	if (threaded->workers < 2) {
		pf_claim_say(claim, "threaded ran with one thread");
		return;
	}
	switch (threaded->status) {
	case PF_RUN_CRASHED:
		claim->verdict = PF_VERDICT_REPRODUCED;
		pf_claim_say(claim, "it crashed: %.300s", threaded->reason);
		break;
	case PF_RUN_WRONG_OUTPUT:
		claim->verdict = PF_VERDICT_REPRODUCED;
		pf_claim_say(claim, "it corrupts: %.300s", threaded->reason);
		break;
	case PF_RUN_OK:
		claim->verdict = PF_VERDICT_NOT_REPRODUCED;
		pf_claim_say(claim, "no crash and no wrong score in %zu trials with %u threads",
			     threaded->trial_count, threaded->workers);
		break;
	case PF_RUN_UNAVAILABLE:
		pf_claim_say(claim, "threaded cannot run here: %.300s", threaded->reason);
		break;
	default:
		claim->verdict = PF_VERDICT_UNDECIDED;
		pf_claim_say(claim, "threaded ended in another way (%s): %.300s",
			     pf_run_status_name(threaded->status), threaded->reason);
	}
	pf_claim_say_decision(in, threaded, claim);
}

static void overall_gain(const pf_claim_input *in, pf_claim *claim)
{
	const pf_contestant *slow = pf_claim_need(in, "double-load", claim);
	const pf_contestant *fast = slow ? pf_claim_need(in, "live", claim) : NULL;
	if (!fast || !pf_claim_ratio(claim, slow, fast)) {
		return;
	}
	if (!pf_claim_device(in)) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "no device took part; the figure is of the CPU alone");
		return;
	}
	if (!(fast->variant->caps & PF_CAP_GPU)) {
		claim->verdict = PF_VERDICT_NOT_TESTABLE;
		pf_claim_say(claim, "live did its inference on the CPU");
		return;
	}
	pf_claim_judge_ratio(claim, fast->workers < 8 || in->setting->cores < 8
					    ? "another setting than the published one of 8 workers with a GPU"
					    : NULL);
}

static const struct rule {
	const char *id, *statement, *note;
	pf_claim_unit unit;
	double published;
	void (*answer)(const pf_claim_input *in, pf_claim *claim);
	bool of_waiting; /* of who waits for whom: it stands where stages are left out, too */
} rules[PF_CLAIM_COUNT] = {
	{"io-share", "reading and decoding take 38 % of the baseline", NULL, PF_CLAIM_SHARE, 0.38,
	 pf_claim_io_share},
	{"ai-share", "inference takes 51 % of the baseline", NULL, PF_CLAIM_SHARE, 0.51, pf_claim_ai_share},
	{"single-load-gain", "loading each photo once: 133 s where loading it twice took 159",
	 "the published speedup is 1.20x; +17 % is time saved (16 % by these figures)", PF_CLAIM_RATIO,
	 159.0 / 133, single_load_gain},
	{"parallel-gain", "8 workers with a GPU: 56 s where single-load took 133",
	 "the text's +58 % is time saved against single-load, not speed against the baseline", PF_CLAIM_RATIO,
	 133.0 / 56, parallel_gain},
	{"gpu-gain", "inference on the GPU beats the CPU", NULL, PF_CLAIM_RATIO, NAN, gpu_gain},
	{"amdahl", "the speedup stays under Amdahl's bound: 2.8x of at most 5.9x",
	 "P = 0.95 was assumed, not measured", PF_CLAIM_SHARE, 2.8 / 5.9, pf_claim_amdahl},
	{"chunked-fails", "loading 200 photos ahead in one stream: 145 s where parallel took 56",
	 "the text says 5x, its figures 2.6x", PF_CLAIM_RATIO, 145.0 / 56, chunked_fails, true},
	{"pipelined-fails", "sending each chunk to every worker: 1,015 s where parallel took 206", NULL,
	 PF_CLAIM_RATIO, 1015.0 / 206, pipelined_fails, true},
	{"threaded-fails", "threads that share one face detector crash or corrupt", NULL, PF_CLAIM_NO_FIGURE,
	 NAN, threaded_fails},
	{"streaming-ttfr", "first result after 0.15 s instead of 8 min: it no longer grows with the photos",
	 NULL, PF_CLAIM_RATIO, NAN, pf_claim_streaming_ttfr, true},
	{"streaming-gain", "not waiting for detection: 3.1 h where parallel took 4.3",
	 "the text says that 8 minutes are saved, its figures 72", PF_CLAIM_RATIO, 4.3 / 3.1,
	 pf_claim_streaming_gain, true},
	{"live-same-speed", "output while it runs costs nothing: 3.1 h both", NULL, PF_CLAIM_RATIO, 1,
	 pf_claim_live_same_speed, true},
	{"overall-gain", "all steps with a GPU and 8 workers: 3.1 h where the baseline took 12.0",
	 "the text's 0.77 s a photo is 1.57 by 12.0 h and 27,539 photos", PF_CLAIM_RATIO, 12.0 / 3.1,
	 overall_gain},
};

void pf_claims_answer(const pf_run *run, const pf_claim_setting *setting, pf_claim *claims)
{
	const pf_claim_input in = {run, setting};
	double share = pf_run_core_share(run);
	const pf_scorer_config *scorer = &run->session->order.scorer;
	bool busy = share > 0 && share < PF_QUIET_SHARE;
	for (size_t i = 0; i < PF_CLAIM_COUNT; i++) {
		const struct rule *rule = &rules[i];
		claims[i] = (pf_claim){.id = rule->id,
				       .statement = rule->statement,
				       .note = rule->note,
				       .unit = rule->unit,
				       .published = rule->published,
				       .verdict = PF_VERDICT_UNDECIDED};
		if (scorer->preset && !rule->of_waiting) {
			claims[i].verdict = PF_VERDICT_NOT_TESTABLE;
			pf_claim_say(&claims[i], "preset %s does another job",
				     pf_preset_plan_of(scorer->preset)->name);
			continue;
		}
		if (scorer->left_out && !rule->of_waiting) {
			char there[PF_STAGES_TEXT], missing[PF_STAGES_TEXT];
			pf_scorer_stages_text(scorer, there, missing);
			claims[i].verdict = PF_VERDICT_NOT_TESTABLE;
			pf_claim_say(&claims[i], "stages were left out: %s", missing);
			continue;
		}
		rule->answer(&in, &claims[i]);
		/* Others' work slows many workers down more than one: it must not refute. */
		if (busy && claims[i].verdict == PF_VERDICT_NOT_REPRODUCED && claims[i].has_measured) {
			claims[i].verdict = PF_VERDICT_UNDECIDED;
			pf_claim_say(&claims[i], "the interval excludes it, but this machine was busy");
		}
	}
}
