/* What an audit says of timed rounds, on rounds that are made: each check passes, catches and leaves
 * undecided what it should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/audit/audit_parts.h"

enum { ROUNDS = 8 };
#define MS 1000000u

static struct pf_variant variant;
static pf_contestant contestant;
static pf_audit audit;
static pf_audit_round timed[ROUNDS];

/* Honest rounds: the same time for all photos but for one per cent from round to round, all bytes read, a
 * quarter of the pixels in a third of the time. */
static void make(unsigned caps)
{
	variant = (struct pf_variant){.name = "made", .caps = caps};
	contestant = (pf_contestant){.variant = &variant, .workers = 1};
	audit = (pf_audit){.contestant = &contestant,
			   .photos = 8,
			   .rounds = ROUNDS,
			   .timed = timed,
			   .rounds_done = ROUNDS,
			   .drawn_round = 3,
			   .reference_more_ns = 600 * MS};
	for (uint64_t i = 0; i < ROUNDS; i++) {
		uint64_t wall = (1000 + 10 * (i % 2)) * MS, cpu = (900 + 9 * (i % 2)) * MS;
		timed[i] = (pf_audit_round){.fresh_ns = wall,
					    .again_ns = wall + i % 3 * MS,
					    .same_ns = wall - i % 3 * MS,
					    .fresh_cpu_ns = cpu,
					    .again_cpu_ns = cpu + i % 3 * MS,
					    .same_cpu_ns = cpu - i % 3 * MS,
					    .small_cpu_ns = cpu / 3,
					    .fresh_read_bytes = 9000000,
					    .small_read_bytes = 3000000,
					    .fresh_photo_bytes = 8000000,
					    .small_photo_bytes = 2000000,
					    .reads_known = true};
	}
}

static void says(pf_audit_check check, pf_audit_verdict verdict, const char *detail)
{
	const pf_audit_result *result = &audit.results[check];
	if (result->verdict != verdict || !strstr(result->detail, detail)) {
		fail_msg("%s: %s (%s): %s", pf_audit_name(check), pf_audit_verdict_name(result->verdict),
			 result->figure, result->detail);
	}
}

/* Times of one kind, each multiplied by a factor. */
static void scale(bool same, bool cpu, double factor)
{
	for (int i = 0; i < ROUNDS; i++) {
		uint64_t *time = same  ? cpu ? &timed[i].same_cpu_ns : &timed[i].same_ns
				 : cpu ? &timed[i].again_cpu_ns
				       : &timed[i].again_ns;
		*time = (uint64_t)((double)*time * factor);
	}
}

static void judge(bool same, pf_audit_verdict verdict, const char *detail)
{
	pf_audit_check check = same ? PF_AUDIT_REPEATED : PF_AUDIT_SEEN;
	pf_audit_judge_cache(&audit, check, same);
	says(check, verdict, detail);
}

static void test_caches(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		make(0);
		judge(same, PF_AUDIT_PASSED, "");
		assert_true(audit.results[same ? PF_AUDIT_REPEATED : PF_AUDIT_SEEN].interval.n == ROUNDS);
		scale(same, false, 0.99); /* a little faster is within 2 % */
		scale(same, true, 0.99);
		judge(same, PF_AUDIT_PASSED, "");
		make(0);
		scale(same, false, 0.5);
		scale(same, true, 0.5);
		judge(same, PF_AUDIT_CAUGHT, "something remembers them");
		make(0);
		scale(!same, false, 0.5); /* of the other check */
		scale(!same, true, 0.5);
		judge(same, PF_AUDIT_PASSED, "");
		make(0);
		scale(same, true, 0.95); /* CPU time alone */
		judge(same, PF_AUDIT_CAUGHT, "");
		make(0);
		scale(same, false, 0.95); /* wall time alone: what remembers is outside its processes */
		judge(same, PF_AUDIT_CAUGHT, "");
		make(PF_CAP_GPU); /* on a device CPU time says nothing */
		scale(same, true, 0.5);
		judge(same, PF_AUDIT_PASSED, "");
		scale(same, false, 0.5);
		judge(same, PF_AUDIT_CAUGHT, "");
	}
}

/* Wall times of disturbed trials are 0: they do not count, CPU times do. */
static void test_caches_on_a_busy_machine(void **state)
{
	(void)state;
	for (int same = 0; same < 2; same++) {
		make(0);
		scale(same, false, 0);
		judge(same, PF_AUDIT_PASSED, "");
		scale(same, true, 0.5);
		judge(same, PF_AUDIT_CAUGHT, "");
		make(PF_CAP_GPU);
		scale(same, false, 0);
		judge(same, PF_AUDIT_UNDECIDED, "two undisturbed rounds");
	}
	make(0);
	for (int i = 0; i < ROUNDS; i++) { /* noise beyond what it could be about, in both directions */
		timed[i].same_ns = timed[i].same_ns * (i % 2 ? 13 : 7) / 10;
		timed[i].same_cpu_ns = timed[i].same_cpu_ns * (i % 2 ? 7 : 13) / 10;
	}
	judge(true, PF_AUDIT_UNDECIDED, "neither is within 2 %");
	/* Faster by 95 % intervals is not enough to accuse. */
	for (int i = 0; i < ROUNDS; i++) {
		timed[i].same_ns = timed[i].fresh_ns * (i % 2 ? 97u : 88u) / 100;
		timed[i].same_cpu_ns = 0;
	}
	pf_audit_judge_cache(&audit, PF_AUDIT_REPEATED, true);
	assert_true(audit.results[PF_AUDIT_REPEATED].interval.low > PF_AUDIT_FASTER);
	says(PF_AUDIT_REPEATED, PF_AUDIT_UNDECIDED, "");
}

static void test_bytes_read(void **state)
{
	(void)state;
	make(0);
	pf_audit_judge_read(&audit);
	says(PF_AUDIT_READ, PF_AUDIT_PASSED, "");
	timed[5].fresh_read_bytes = timed[5].small_read_bytes + 5800000; /* in one round, less than 98 % */
	pf_audit_judge_read(&audit);
	says(PF_AUDIT_READ, PF_AUDIT_UNDECIDED, "read calls do not cover the photos");
	timed[5].reads_known = false;
	pf_audit_judge_read(&audit);
	says(PF_AUDIT_READ, PF_AUDIT_NOT_TESTABLE, "");
}

static void test_decoding(void **state)
{
	(void)state;
	make(0);
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_PASSED, "");
	for (int i = 0; i < ROUNDS; i++) { /* whole photos take as long as their quarters */
		timed[i].small_cpu_ns = timed[i].fresh_cpu_ns - (uint64_t)(10 + i) * MS;
	}
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_CAUGHT, "they are not decoded");
	for (int i = 0; i < ROUNDS; i++) { /* around a quarter of what the reference takes more */
		timed[i].small_cpu_ns = timed[i].fresh_cpu_ns - (i % 2 ? 50u : 250u) * MS;
	}
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_UNDECIDED, "");
	make(0);
	audit.rounds_done = 1;
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_UNDECIDED, "two rounds");
	audit.reference_more_ns = PF_AUDIT_DECODE_LEAST_NS - 1;
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_NOT_TESTABLE, "");
	make(PF_CAP_GPU);
	pf_audit_judge_decode(&audit);
	says(PF_AUDIT_DECODE, PF_AUDIT_NOT_TESTABLE, "");
}

static void test_stages(void **state)
{
	(void)state;
	make(0);
	pf_trial trial = {.workers = 1, .wall_ns = 1000 * MS, .photos_scored = 8};
	pf_audit_judge_stages(&audit, &trial);
	says(PF_AUDIT_STAGES, PF_AUDIT_NOT_TESTABLE, "no spans");
	trial.stage_ns[PF_STAGE_DECODE] = 900 * MS;
	trial.stage_spans[PF_STAGE_DECODE] = 8;
	pf_audit_judge_stages(&audit, &trial);
	says(PF_AUDIT_STAGES, PF_AUDIT_PASSED, "");
	trial.stage_spans[PF_STAGE_DECODE] = 7;
	pf_audit_judge_stages(&audit, &trial);
	says(PF_AUDIT_STAGES, PF_AUDIT_CAUGHT, "without being decoded");
	trial.stage_spans[PF_STAGE_DECODE] = 8;
	trial.stage_ns[PF_STAGE_FACES] = 1101 * MS; /* with decoding, more than two processes had */
	pf_audit_judge_stages(&audit, &trial);
	says(PF_AUDIT_STAGES, PF_AUDIT_CAUGHT, "more time than there was");
	make(PF_CAP_COMMAND);
	pf_audit_judge_stages(&audit, &trial);
	says(PF_AUDIT_STAGES, PF_AUDIT_NOT_TESTABLE, "");
}

static void test_timed_output(void **state)
{
	(void)state;
	make(0);
	pf_audit_judge_timed(&audit, 0, 8, "", "");
	says(PF_AUDIT_TIMED, PF_AUDIT_PASSED, "");
	assert_string_equal(audit.results[PF_AUDIT_TIMED].figure, "round 3 of 8: 8 of 8 photos");
	pf_audit_judge_timed(&audit, 2, 8, "2 of 8 photos differ", "");
	says(PF_AUDIT_TIMED, PF_AUDIT_CAUGHT, "2 of 8 photos differ");
	assert_string_equal(audit.results[PF_AUDIT_TIMED].figure, "round 3 of 8: 6 of 8 photos");
	pf_audit_judge_timed(&audit, 0, 8, "", "copies of one photo got different scores");
	says(PF_AUDIT_TIMED, PF_AUDIT_CAUGHT, "copies of one photo");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_caches),     cmocka_unit_test(test_caches_on_a_busy_machine),
		cmocka_unit_test(test_bytes_read), cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_stages),     cmocka_unit_test(test_timed_output),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
