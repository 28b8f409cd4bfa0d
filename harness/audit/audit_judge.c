/* What timed rounds say of a variant: pure functions of the rounds that were measured. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "harness/audit/audit_parts.h"
#include "harness/stats/enough.h"

/* How many times as fast as new photos the others were, over the rounds that have both times; by wall or CPU
 * time, with one interval to show and pass by and a wider one to accuse by. */
struct speed {
	pf_interval shown, sure;
	bool known;
};

static struct speed speed_of(const pf_audit *audit, bool same, bool cpu)
{
	double *fresh = calloc(2 * audit->rounds_done + 1, sizeof *fresh),
	       *other = fresh + audit->rounds_done;
	struct speed speed = {0};
	size_t n = 0;
	if (!fresh) {
		pf_out_of_memory();
	}
	for (uint32_t i = 0; i < audit->rounds_done; i++) {
		const pf_audit_round *round = &audit->timed[i];
		uint64_t new_ns = cpu ? round->fresh_cpu_ns : round->fresh_ns;
		uint64_t seen_ns = cpu    ? same ? round->same_cpu_ns : round->again_cpu_ns
				   : same ? round->same_ns
					  : round->again_ns;
		if (new_ns && seen_ns) {
			fresh[n] = (double)new_ns;
			other[n++] = (double)seen_ns;
		}
	}
	if (n >= 2) {
		speed.shown = pf_ratio_interval(fresh, other, n, PF_LEVEL);
		speed.sure = pf_ratio_interval(fresh, other, n, PF_AUDIT_SURE);
		speed.known = true;
	}
	free(fresh);
	return speed;
}

static void print_speed(const char *name, const struct speed *speed, char *out, size_t capacity)
{
	if (speed->known) {
		snprintf(out, capacity, "%s %+.1f %% (%.1f to %.1f)", name, 100 * (speed->shown.mean - 1),
			 100 * (speed->shown.low - 1), 100 * (speed->shown.high - 1));
	} else {
		snprintf(out, capacity, "%s disturbed", name);
	}
}

/* What a cache saves is work, and CPU time is not disturbed by others' work: it can pass a variant whose wall
 * time is undecided. Either can catch it. On a device CPU time says nothing. */
void pf_audit_judge_cache(pf_audit *audit, pf_audit_check check, bool same)
{
	char figure[80], wall_text[40], cpu_text[40];
	struct speed wall = speed_of(audit, same, false), cpu = speed_of(audit, same, true);
	cpu.known = cpu.known && !(audit->contestant->variant->caps & PF_CAP_GPU);
	bool caught = (wall.known && wall.sure.low > PF_AUDIT_FASTER) ||
		      (cpu.known && cpu.sure.low > PF_AUDIT_FASTER);
	bool passed = (wall.known && wall.shown.high <= PF_AUDIT_FASTER) ||
		      (cpu.known && cpu.shown.high <= PF_AUDIT_FASTER);
	print_speed("wall", &wall, wall_text, sizeof wall_text);
	print_speed("CPU", &cpu, cpu_text, sizeof cpu_text);
	snprintf(figure, sizeof figure, "%s, %s", wall_text, cpu_text);
	if (!wall.known && !cpu.known) {
		pf_audit_note(audit, check, PF_AUDIT_UNDECIDED, NULL,
			      "an interval takes two undisturbed rounds");
	} else if (caught) {
		pf_audit_note(audit, check, PF_AUDIT_CAUGHT, figure,
			      "more than 2 %% faster at the level of 99.9 %%: something remembers them");
	} else if (passed) {
		pf_audit_note(audit, check, PF_AUDIT_PASSED, figure, "%s", "");
	} else {
		pf_audit_note(
			audit, check, PF_AUDIT_UNDECIDED, figure,
			"neither is within 2 %% for sure, nor beyond it: more --rounds or --photos, or a quieter machine");
	}
	audit->results[check].interval = wall.shown;
	audit->results[check].cpu = cpu.shown;
}

/* Bytes read for the larger files beyond those for the smaller: what libraries and models take cancels out.
 */
void pf_audit_judge_read(pf_audit *audit)
{
	char figure[80];
	double least = INFINITY;
	for (uint32_t i = 0; i < audit->rounds_done; i++) {
		const pf_audit_round *round = &audit->timed[i];
		double more = (double)round->fresh_photo_bytes - (double)round->small_photo_bytes;
		double share = ((double)round->fresh_read_bytes - (double)round->small_read_bytes) / more;
		if (!round->reads_known) {
			pf_audit_note(audit, PF_AUDIT_READ, PF_AUDIT_NOT_TESTABLE, NULL,
				      "the kernel does not tell what a process reads (/proc/PID/io)");
			return;
		}
		least = share < least ? share : least;
	}
	snprintf(figure, sizeof figure, "%.2f bytes for each byte of a photo", least);
	bool enough = least >= PF_AUDIT_READ_SHARE;
	/* Pages of a mapped file are in no count of read calls: no proof of anything. */
	pf_audit_note(audit, PF_AUDIT_READ, enough ? PF_AUDIT_PASSED : PF_AUDIT_UNDECIDED, figure, "%s",
		      enough ? ""
			     : "read calls do not cover the photos: they are mapped, or not read at all");
}

void pf_audit_judge_decode(pf_audit *audit)
{
	char figure[80];
	double *shares = calloc(audit->rounds_done + 1, sizeof *shares);
	if (!shares) {
		pf_out_of_memory();
	}
	for (uint32_t i = 0; i < audit->rounds_done; i++) {
		shares[i] = ((double)audit->timed[i].fresh_cpu_ns - (double)audit->timed[i].small_cpu_ns) /
			    (double)audit->reference_more_ns;
	}
	if (audit->contestant->variant->caps & PF_CAP_GPU) {
		pf_audit_note(audit, PF_AUDIT_DECODE, PF_AUDIT_NOT_TESTABLE, NULL,
			      "a device decodes, the CPU's time says nothing");
	} else if (audit->reference_more_ns < PF_AUDIT_DECODE_LEAST_NS) {
		pf_audit_note(audit, PF_AUDIT_DECODE, PF_AUDIT_NOT_TESTABLE, NULL,
			      "the photos are so small that their size takes the reference less than %u ms",
			      PF_AUDIT_DECODE_LEAST_NS / 1000000);
	} else if (audit->rounds_done < 2) {
		pf_audit_note(audit, PF_AUDIT_DECODE, PF_AUDIT_UNDECIDED, NULL,
			      "an interval takes two rounds");
	} else {
		pf_interval share = pf_mean_interval(shares, audit->rounds_done, PF_LEVEL);
		snprintf(figure, sizeof figure, "%.0f %% (%.0f to %.0f) of what the reference takes more",
			 100 * share.mean, 100 * share.low, 100 * share.high);
		pf_interval sure = pf_mean_interval(shares, audit->rounds_done, PF_AUDIT_SURE);
		pf_audit_verdict verdict = share.low > PF_AUDIT_DECODE_SHARE   ? PF_AUDIT_PASSED
					   : sure.high < PF_AUDIT_DECODE_SHARE ? PF_AUDIT_CAUGHT
									       : PF_AUDIT_UNDECIDED;
		pf_audit_note(audit, PF_AUDIT_DECODE, verdict, figure, "%s",
			      verdict == PF_AUDIT_CAUGHT
				      ? "four times the pixels take it hardly more time: they are not decoded"
			      : verdict == PF_AUDIT_UNDECIDED ? "not above 25 % for sure, nor below at 99.9 %"
							      : "");
		audit->results[PF_AUDIT_DECODE].interval = share;
	}
	free(shares);
}

void pf_audit_judge_stages(pf_audit *audit, const pf_trial *trial)
{
	char figure[80];
	uint64_t sum_ns = 0, spans = 0, slots = trial->workers + 1;
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		sum_ns += trial->stage_ns[i];
		spans += trial->stage_spans[i];
	}
	uint64_t decodes = trial->stage_spans[PF_STAGE_DECODE];
	snprintf(figure, sizeof figure, "%llu decodes of %zu photos, %.0f %% of %llu processes' time",
		 (unsigned long long)decodes, trial->photos_scored,
		 100.0 * (double)sum_ns / ((double)trial->wall_ns * (double)slots),
		 (unsigned long long)slots);
	if (spans == 0 || audit->contestant->variant->caps & PF_CAP_COMMAND) {
		pf_audit_note(audit, PF_AUDIT_STAGES, PF_AUDIT_NOT_TESTABLE, NULL, "it opens no spans");
	} else if (decodes < trial->photos_scored) {
		pf_audit_note(audit, PF_AUDIT_STAGES, PF_AUDIT_CAUGHT, figure,
			      "photos were scored without being decoded");
	} else if (sum_ns > trial->wall_ns * slots) {
		pf_audit_note(audit, PF_AUDIT_STAGES, PF_AUDIT_CAUGHT, figure,
			      "its spans say more time than there was");
	} else {
		pf_audit_note(audit, PF_AUDIT_STAGES, PF_AUDIT_PASSED, figure, "%s", "");
	}
}

void pf_audit_judge_timed(pf_audit *audit, size_t differ, size_t count, const char *what, const char *wrong)
{
	char figure[80];
	snprintf(figure, sizeof figure, "round %u of %u: %zu of %zu photos", audit->drawn_round,
		 audit->rounds_done, count - differ, count);
	pf_audit_note(audit, PF_AUDIT_TIMED, differ || wrong[0] ? PF_AUDIT_CAUGHT : PF_AUDIT_PASSED, figure,
		      "%s", differ ? what : wrong);
}
