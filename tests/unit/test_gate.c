/* The gate's decisions on made streams, its exact checks, its verdicts, what its surfaces say. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/export/gate_surfaces.h"
#include "harness/gate/gate_elf.h"
#include "harness/gate/gate_exact.h"
#include "harness/gate/gate_words.h"
#include "harness/record/gate_json.h"
#include "harness/stats/random.h"
#include "tests/unit/temp_folder.h"

static const pf_gate_rules rules = {.margin = 0.005, .alpha = 0.0001, .most = 120};

/* The sum of twelve uniform numbers is nearly normal. */
static double normal(pf_random *random)
{
	double sum = -6.0;
	for (int i = 0; i < 12; i++) {
		sum += pf_random_uniform(random);
	}
	return sum;
}

static pf_gate_decision decide(double median, double total, double sd, uint64_t seed)
{
	pf_random random = {seed};
	pf_gate_decision decision;
	pf_gate_decision_start(&decision, &rules);
	for (int i = 0; i < 1000 && !decision.done; i++) {
		double noise = sd * normal(&random);
		pf_gate_observation o = {.median = log1p(median) + noise, .total = log1p(total) + noise};
		pf_gate_decision_add(&decision, &o);
	}
	assert_true(decision.done);
	return decision;
}

static void test_decisions(void **state)
{
	(void)state;
	int found[4] = {0};
	for (uint64_t seed = 1; seed <= 200; seed++) {
		found[0] += decide(0.0, 0.0, 0.002, seed).verdict == PF_GATE_PASS;
		found[1] += decide(0.02, 0.02, 0.002, seed).verdict == PF_GATE_FAIL;
		found[2] += decide(-0.1, -0.1, 0.002, seed).verdict == PF_GATE_PASS;
		/* A rare slow call: the middle block sees nothing of it. */
		pf_gate_decision rare = decide(0.0, 0.02, 0.002, seed);
		found[3] += rare.verdict == PF_GATE_FAIL && rare.by_total;
	}
	for (int i = 0; i < 4; i++) {
		assert_true(found[i] >= 198);
	}
	/* No difference, much noise: neither. */
	assert_int_equal(decide(0.0, 0.0, 0.1, 7).verdict, PF_GATE_INCONCLUSIVE);
}

/* At the margin itself a FAIL is false. */
static void test_false_fails(void **state)
{
	(void)state;
	int fails = 0, first = 0;
	for (uint64_t seed = 1; seed <= 3000; seed++) {
		pf_gate_decision decision = decide(rules.margin, rules.margin, 0.004, seed);
		fails += decision.verdict == PF_GATE_FAIL;
		first += decision.confirming;
	}
	assert_int_equal(fails, 0);
	assert_true(first <= 3); /* alpha is 0.0001 each: 0.6 are expected at most */
}

/* Two false proofs make a false FAIL: the gate's alpha is shared out so that all ways to it add up to alpha.
 */
static void test_alpha(void **state)
{
	(void)state;
	const pf_gate_request request = {.margin = 0.005, .long_margin = 0.02, .alpha = 0.001};
	for (size_t count = 1; count <= 64; count *= 4) {
		pf_gate_rules shares = pf_gate_rules_of(&request, count, 1000.0);
		double either = 2.0 * shares.alpha;
		assert_true(fabs((double)count * either * either - request.alpha) < 1e-9);
		assert_true(fabs(shares.margin - 0.005) < 1e-12);
	}
	assert_true(fabs(pf_gate_rules_of(&request, 1, 3e6).margin - 0.02) < 1e-12); /* long calls */
}

/* A FAIL whose fresh processes with swapped roles do not show it is none. */
static void test_confirmation(void **state)
{
	(void)state;
	pf_gate_decision decision;
	pf_gate_decision_start(&decision, &rules);
	int n = 0;
	for (; !decision.confirming; n++) {
		pf_gate_decision_add(&decision, &(pf_gate_observation){.median = 0.03, .total = 0.03});
	}
	assert_in_range(n, 20, 40);
	assert_int_equal(decision.n, 0);
	while (!pf_gate_decision_add(&decision, &(pf_gate_observation){.median = 0.0001, .total = 0.0})) {
	}
	assert_int_equal(decision.verdict, PF_GATE_INCONCLUSIVE);
	assert_int_equal(decision.n, rules.most);
}

static void test_plan(void **state)
{
	(void)state;
	size_t pass = pf_gate_observations_for(&rules, 0.0, 0.001);
	assert_in_range(pass, 20, 40);
	assert_int_equal(pf_gate_observations_for(&rules, rules.margin, 0.001), 0);
	assert_true(pf_gate_observations_for(&rules, 0.01, 0.005) >
		    pf_gate_observations_for(&rules, 0.03, 0.005));
	assert_false(isfinite(pf_gate_smallest_fail(&rules, 10, 0.001)));
	double smallest = pf_gate_smallest_fail(&rules, 100, 0.002);
	assert_true(smallest > rules.margin && smallest < 0.01);
	/* What the plan promises is what the decision does. */
	pf_gate_decision decision = decide(smallest + 0.002, smallest + 0.002, 0.002, 3);
	assert_int_equal(decision.verdict, PF_GATE_FAIL);
}

static pf_gate_workload exact_pair(void)
{
	pf_gate_workload w = {.name = "w"};
	for (int arm = 0; arm < 2; arm++) {
		w.exact[arm] = (pf_gate_exact){.known = true,
					       .heap_known = true,
					       .allocations = 100,
					       .allocated_bytes = 100000,
					       .peak_bytes = 50000,
					       .library = "lib 1"};
	}
	return w;
}

static void test_exact(void **state)
{
	(void)state;
	pf_gate_workload w = exact_pair();
	pf_gate_judge_exact(&w);
	assert_false(w.decision.done);
	w.exact[1].digest[5] = 1;
	pf_gate_judge_exact(&w);
	assert_int_equal(w.verdict, PF_GATE_FAIL);
	w = exact_pair();
	w.exact[1].digest[5] = 1; /* and the library says so */
	strcpy(w.exact[1].library, "lib 2");
	pf_gate_judge_exact(&w);
	assert_false(w.decision.done);
	static const size_t fields[] = {
		offsetof(pf_gate_exact, allocations), offsetof(pf_gate_exact, allocated_bytes),
		offsetof(pf_gate_exact, peak_bytes), offsetof(pf_gate_exact, leaked_bytes)};
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
		w = exact_pair();
		uint64_t *now = (uint64_t *)(void *)((char *)&w.exact[1] + fields[i]);
		*now += *now / 10 + 8; /* it may be less */
		pf_gate_judge_exact(&w);
		assert_int_equal(w.verdict, PF_GATE_FAIL);
		w = exact_pair();
		now = (uint64_t *)(void *)((char *)&w.exact[1] + fields[i]);
		*now /= 2;
		pf_gate_judge_exact(&w);
		assert_false(w.decision.done);
	}
}

static const pf_gate_request usual = {.margin = PF_GATE_MARGIN,
				      .alpha = PF_GATE_ALPHA,
				      .max_s = PF_GATE_MAX_S,
				      .seconds = PF_GATE_SECONDS,
				      .limit_s = PF_GATE_LIMIT_S};

static pf_gate whole_gate(pf_gate_workload workloads[3], pf_gate_verdict a, pf_gate_verdict b,
			  pf_gate_verdict c)
{
	pf_gate gate = {.count = 3, .workloads = workloads, .request = usual};
	workloads[0] = (pf_gate_workload){.name = "sharpness", .within = "photo all", .verdict = a};
	workloads[1] = (pf_gate_workload){.name = "photo", .verdict = b};
	workloads[2] = (pf_gate_workload){
		.name = "hot", .within = "photos", .verdict = c, .why = "a<b & \"c\" | 5 %"};
	strcpy(gate.arms[0].given, "HEAD~1");
	strcpy(gate.arms[1].given, ".");
	workloads[0].margin = 0.005;
	strcpy(gate.arms[0].library, "a.so");
	strcpy(gate.arms[1].library, "b.so");
	gate.arms[0].relinks = gate.arms[1].relinks = true;
	pf_gate_conclude(&gate);
	return gate;
}

static void test_conclusions(void **state)
{
	(void)state;
	pf_gate_workload w[3];
	char sentence[PF_GATE_SENTENCE];
	pf_gate gate = whole_gate(w, PF_GATE_FAIL, PF_GATE_FAIL, PF_GATE_PASS);
	assert_int_equal(gate.verdict, PF_GATE_FAIL);
	assert_true(w[1].contains_cause && !w[0].contains_cause);
	pf_gate_sentence(&gate, sentence);
	assert_string_equal(sentence, "FAIL: the candidate is worse than the baseline in sharpness.");
	gate = whole_gate(w, PF_GATE_PASS, PF_GATE_FAIL, PF_GATE_FAIL);
	assert_false(w[1].contains_cause); /* "photos" is not "photo" */
	assert_int_equal(whole_gate(w, PF_GATE_PASS, PF_GATE_INVALID, PF_GATE_INCONCLUSIVE).verdict,
			 PF_GATE_INVALID);
	assert_int_equal(whole_gate(w, PF_GATE_PASS, PF_GATE_NEW, PF_GATE_INCONCLUSIVE).verdict,
			 PF_GATE_INCONCLUSIVE);
	assert_int_equal(whole_gate(w, PF_GATE_PASS, PF_GATE_NEW, PF_GATE_PASS).verdict, PF_GATE_PASS);
	assert_int_equal(whole_gate(w, PF_GATE_NEW, PF_GATE_NEW, PF_GATE_NEW).verdict, PF_GATE_INVALID);
	pf_gate empty = {0};
	pf_gate_conclude(&empty);
	assert_int_equal(empty.verdict, PF_GATE_INVALID);
}

static void replays_as(const pf_gate *gate, const char *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	pf_gate_replay(gate, stream);
	fclose(stream);
	assert_string_equal(text, wanted);
	free(text);
}

/* A margin that was not asked for is not in the line that is run again: it would be that of long calls, too.
 */
static void test_replay(void **state)
{
	(void)state;
	pf_gate_workload w[3];
	char text[PF_GATE_SENTENCE];
	const pf_gate_recipe recipe = {.args = {"-DA=1 2"}, .arg_count = 1, .as_built = true};
	pf_gate gate = whole_gate(w, PF_GATE_PASS, PF_GATE_PASS, PF_GATE_PASS);
	gate.request.long_margin = 0.02;
	gate.request.way = PF_GATE_TWO_PROCESSES;
	gate.recipe = &recipe;
	w[1].margin = 0.02;
	replays_as(&gate, "photofinish gate --baseline HEAD~1 --candidate . --seed 0 --way two-processes"
			  " --cmake '-DA=1 2' --as-built");
	pf_gate_sentence(&gate, text);
	assert_string_equal(text, "PASS: no workload here is slower by more than its margin (0.5 to 2 %).");
}

/* All that was asked for is in it, whatever the shell makes of it, however long it is. */
static void test_replay_of_all(void **state)
{
	(void)state;
	pf_gate_workload w[3];
	char command[600], wanted[800];
	const pf_gate_recipe recipe = {.args = {"-DA='1'"}, .arg_count = 1, .source = "a b"};
	pf_gate gate = whole_gate(w, PF_GATE_PASS, PF_GATE_PASS, PF_GATE_PASS);
	gate.recipe = &recipe;
	gate.request = (pf_gate_request){.margin = 0.01,
					 .long_margin = 0.01,
					 .alpha = 0.05,
					 .max_s = 90,
					 .seconds = 0.0125,
					 .limit_s = 5.5,
					 .seed = 18446744073709551615u,
					 .count_instructions = true,
					 .exact_only = true,
					 .names = {"layer/add", "$x"},
					 .name_count = 2};
	replays_as(&gate,
		   "photofinish gate --baseline HEAD~1 --candidate . --margin 1% --alpha 0.05 --max-time 90s "
		   "--limit 5.5s --seed 18446744073709551615 --process-time 0.0125s --instructions --exact "
		   "--workload layer/add --workload '$x' --cmake '-DA='\\''1'\\''' --source 'a b'");
	gate.request = usual;
	gate.request.by_instructions = gate.request.count_instructions = gate.request.exact_only = true;
	gate.request.long_margin = PF_GATE_LONG_MARGIN;
	gate.request.written_baseline = "kept.json";
	gate.recipe = NULL;
	replays_as(&gate, "photofinish gate --candidate . --write-baseline kept.json --seed 0 --metric "
			  "instructions");
	memset(command, 'x', sizeof command);
	command[sizeof command - 1] = '\0';
	gate.commands[0] = "it's a";
	gate.commands[1] = command;
	gate.request = usual;
	gate.request.margin = 0.001;
	gate.request.max_s = 30;
	snprintf(wanted, sizeof wanted,
		 "photofinish gate --command 'it'\\''s a' --margin 0.1%% --max-time 30s --seed 0 -- %s",
		 command);
	replays_as(&gate, wanted);
}

static void surface(void (*write)(const pf_gate *gate, FILE *stream), const pf_gate *gate,
		    const char *const *wanted)
{
	char *text = NULL;
	size_t size;
	FILE *stream = open_memstream(&text, &size);
	write(gate, stream);
	fclose(stream);
	for (; *wanted; wanted++) {
		if (!strstr(text, *wanted)) {
			fail_msg("\"%s\" is not in:\n%s", *wanted, text);
		}
	}
	free(text);
}

static void test_surfaces(void **state)
{
	(void)state;
	pf_gate_workload w[3];
	pf_gate gate = whole_gate(w, PF_GATE_FAIL, PF_GATE_INCONCLUSIVE, PF_GATE_INVALID);
	surface(pf_gate_junit, &gate,
		(const char *const[]){"tests=\"3\" failures=\"1\" errors=\"1\" skipped=\"1\"",
				      "<failure message=\"FAIL: ", "<skipped message=\"INCONCLUSIVE: ",
				      "a&lt;b &amp; &quot;c&quot; | 5 %", NULL});
	surface(pf_gate_markdown, &gate,
		(const char *const[]){"| sharpness | FAIL | - | 0.5 % |", "| photo | INCONCLUSIVE |",
				      "a\\<b & \"c\" \\| 5 %",
				      "    photofinish gate --baseline HEAD~1 --candidate . --margin 0.5%",
				      NULL});
	surface(pf_gate_annotations, &gate,
		(const char *const[]){"::error title=gate::FAIL: ", "::error title=sharpness FAIL::",
				      "::warning title=photo ", "| 5 %25", NULL});
}

static void test_baseline_file(void **state)
{
	(void)state;
	char folder[256];
	pf_temp_make(folder);
	const char *path = pf_temp_path(folder, "baseline.json");
	pf_gate_workload w[3];
	pf_gate gate = whole_gate(w, PF_GATE_PASS, PF_GATE_PASS, PF_GATE_PASS);
	w[0].exact[1] = exact_pair().exact[1];
	w[0].exact[1].digest[0] = 0xab;
	w[0].exact[1].leaked_bytes = 7;
	json_t *json = pf_gate_baseline_json(&gate, 1, NULL);
	assert_int_equal(json_dump_file(json, path, 0), 0);
	json_decref(json);
	pf_error error = {0};
	assert_int_equal(pf_gate_baseline_read(path, &gate, &error), PF_OK);
	assert_memory_equal(&w[0].exact[0], &w[0].exact[1], sizeof w[0].exact[0]);
	assert_int_equal(w[1].verdict, PF_GATE_NEW);
	/* Other instruction sets: nothing is said, and both are kept in one file. */
	setenv("PF_CPU", "plain", 1);
	gate = whole_gate(w, PF_GATE_PASS, PF_GATE_PASS, PF_GATE_PASS);
	assert_int_equal(pf_gate_baseline_read(path, &gate, &error), PF_OK);
	pf_gate_conclude(&gate);
	assert_int_equal(gate.verdict, PF_GATE_INCONCLUSIVE);
	gate.request.kept_baseline = gate.request.exact_only = true;
	replays_as(&gate, "photofinish gate --against-baseline HEAD~1 --candidate . --margin 0.5% --seed 0");
	assert_non_null(strstr(w[0].why, "PF_CPU=plain, only for "));
	w[0].exact[1] = exact_pair().exact[1];
	json = pf_gate_baseline_json(&gate, 1, path);
	assert_int_equal(json_object_size(json_object_get(json, "instruction_sets")), 2);
	json_decref(json);
	unsetenv("PF_CPU");
	pf_temp_write(path, "{\"schema\": \"other\"}", 19);
	assert_int_equal(pf_gate_baseline_read(path, &gate, &error), PF_ERR_INVALID);
	pf_temp_remove(folder);
}

static void test_elf(void **state)
{
	(void)state;
	uint8_t a[PF_SHA256_BYTES], b[PF_SHA256_BYTES];
	char folder[256];
	pf_error error = {0};
	pf_temp_make(folder);
	const char *path = pf_temp_path(folder, "text");
	pf_temp_write(path, "no library", 10);
	assert_int_equal(pf_gate_loaded_digest("/proc/self/exe", "", a, &error), PF_OK);
	assert_int_equal(pf_gate_loaded_digest("/proc/self/exe", NULL, b, &error), PF_OK);
	assert_memory_equal(a, b, sizeof a);
	/* A path that stands in the program counts as blanks. */
	assert_int_equal(pf_gate_loaded_digest("/proc/self/exe", "gate --write-baseline", b, &error), PF_OK);
	assert_memory_not_equal(a, b, sizeof a);
	assert_int_equal(pf_gate_loaded_digest(path, "", a, &error), PF_ERR_INVALID);
	pf_temp_remove(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decisions),     cmocka_unit_test(test_false_fails),
		cmocka_unit_test(test_alpha),         cmocka_unit_test(test_confirmation),
		cmocka_unit_test(test_plan),          cmocka_unit_test(test_exact),
		cmocka_unit_test(test_conclusions),   cmocka_unit_test(test_replay),
		cmocka_unit_test(test_replay_of_all), cmocka_unit_test(test_surfaces),
		cmocka_unit_test(test_baseline_file), cmocka_unit_test(test_elf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
