/* Counters: names, a recorded PMU's answer through to the report, and the kernel's own software events. */
#include <errno.h>
#include <linux/perf_event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "counter_recording.h"
#include "harness/counters/counter_topdown.h"
#include "harness/counters/counters_json.h"
#include "harness/energy/energy.h"
#include "harness/show/counter_lines.h"
#include "run_fixture.h"
#include "temp_folder.h"

#define PAGES 700

static const char recorded[] = PF_SOURCE_DIR "/tests/unit/counter_recording.txt";

static pf_counter_plan parse(const char *list)
{
	pf_counter_plan plan;
	pf_error error;
	assert_int_equal(pf_counter_plan_parse(list, &plan, &error), PF_OK);
	return plan;
}

static void refuse(const char *list, const char *message)
{
	pf_counter_plan plan;
	pf_error error;
	assert_int_equal(pf_counter_plan_parse(list, &plan, &error), PF_ERR_USAGE);
	if (!strstr(error.message, message)) {
		fail_msg("\"%s\" does not say \"%s\"", error.message, message);
	}
}

static void lists_are_parsed(void **state)
{
	(void)state;
	pf_counter_plan plan = parse("cycles,instructions");
	assert_int_equal(plan.count, 3); /* each event once */
	assert_string_equal(plan.events[0].name, "cycles");
	assert_string_equal(plan.events[1].name, "task-clock");
	assert_string_equal(plan.events[1].group, "cycles");
	assert_string_equal(plan.events[2].name, "instructions");
	assert_int_equal(plan.events[2].type, PERF_TYPE_HARDWARE);
	assert_int_equal(plan.events[2].config, PERF_COUNT_HW_INSTRUCTIONS);
	assert_false(plan.callgrind);
	plan = parse("branches,instructions:valgrind");
	assert_int_equal(plan.count, 1);
	assert_true(plan.callgrind);
	plan = parse("instructions:valgrind");
	assert_int_equal(plan.count, 0);
	assert_int_equal(parse("cycles,instructions,cache,branch,tlb,software").count, 16);
	refuse("", "no list");
	refuse("cycles,", "no list");
	refuse(",cycles", "no list");
	refuse("no-such\tcounter", "\"no-such\\x09counter\" is no counter");
	refuse("a-name-that-is-longer-than-any-event-has-ever-had-since-1970", "no list");
}

/* What libpfm4 makes of perf's names is what the groups have. */
static void names_are_libpfm4s(void **state)
{
	(void)state;
#ifdef PF_WITH_PFM
	static const char *const pairs[][2] = {
		{"L1-dcache-load-misses", "perf::L1-DCACHE-LOAD-MISSES"},
		{"branch-misses", "perf::BRANCH-MISSES"},
		{"branches", "perf::BRANCH-INSTRUCTIONS"},
		{"dTLB-loads", "perf::DTLB-LOADS"},
		{"iTLB-load-misses", "perf::ITLB-LOAD-MISSES"},
		{"page-faults", "perf::PAGE-FAULTS"},
		{"context-switches", "perf::CONTEXT-SWITCHES"},
		{"task-clock", "perf::TASK-CLOCK"},
		{"cache-references", "perf::CACHE-REFERENCES"},
		{"cycles", "perf::CPU-CYCLES"},
	};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		char list[128];
		snprintf(list, sizeof list, "%s,%s", pairs[i][0], pairs[i][1]);
		pf_counter_plan plan = parse(list);
		const pf_counter_event *last = &plan.events[plan.count - 1];
		bool found = false;
		for (uint32_t k = 0; k + 1 < plan.count; k++) {
			found = found ||
				(strcmp(plan.events[k].name, pairs[i][0]) == 0 &&
				 plan.events[k].type == last->type && plan.events[k].config == last->config);
		}
		assert_string_equal(last->name, pairs[i][1]);
		assert_true(found);
	}
	assert_true(parse("perf::INSTRUCTIONS:u").events[0].exclude_kernel);
	assert_false(parse("perf::INSTRUCTIONS").events[0].exclude_kernel);
#else
	skip();
#endif
}

static void topdown_is_the_processors(void **state)
{
	(void)state;
	pf_counter_event events[PF_TOPDOWN_EVENTS];
	uint32_t slots = 0;
	assert_int_equal(pf_topdown_events_of("AuthenticAMD", 26, 2, events, &slots), 3);
	assert_int_equal(slots, 8);
	assert_int_equal(events[1].config, 0x1000001a0); /* event 0x1a0, unit mask 1 */
	assert_int_equal(events[2].config, 0x100001ea0);
	assert_int_equal(pf_topdown_events_of("AuthenticAMD", 25, 0x11, events, &slots), 3);
	assert_int_equal(slots, 6);
	assert_int_equal(pf_topdown_events_of("AuthenticAMD", 25, 0x01, events, &slots), 0); /* Zen 3 */
	assert_int_equal(pf_topdown_events_of("GenuineIntel", 6, 0x55, events, &slots), 2);
	assert_int_equal(slots, 4);
	assert_int_equal(pf_topdown_events_of("GenuineIntel", 6, 0x8f, events, &slots), 3);
	assert_int_equal(pf_topdown_events_of("GenuineIntel", 6, 0x0f, events, &slots), 0);
}

static void counts_are_scaled(void **state)
{
	(void)state;
	const pf_counter_opening fine = {0, false}, missing = {ENOENT, false};
	pf_counter_value value = pf_count_scaled(&(pf_count){430, 1000, 430}, &fine);
	assert_true(value.known);
	assert_float_equal(value.value, 1000, 1e-9);
	assert_float_equal(value.running_share, 0.43, 1e-12);
	value = pf_count_scaled(&(pf_count){430, 1000, 1001}, &fine); /* two clocks */
	assert_true(value.known && value.running_share == 1 && value.value == 430);
	value = pf_count_scaled(&(pf_count){0, 1000, 1000}, &fine);
	assert_true(value.known && value.value == 0); /* a zero that was counted */
	assert_false(pf_count_scaled(&(pf_count){0, 1000, 0}, &fine).known);
	assert_false(pf_count_scaled(&(pf_count){0, 0, 0}, &fine).known);
	assert_false(pf_count_scaled(&(pf_count){5, 1000, 1000}, &missing).known);
}

/* Plays the recording through the hooks, as a worker would. */
static pf_trial_counters *play(void)
{
	static pf_recording recording;
	static pf_trace traces[2];
	pf_recording_load(&recording, recorded);
	pf_counter_block *block = calloc(1, pf_counter_block_bytes(&recording.plan, 1));
	assert_non_null(block);
	block->plan = recording.plan;
	recording.plan.slots_per_cycle = block->plan.slots_per_cycle = 6;
	pf_trace_reset(&traces[0]);
	pf_trace_reset(&traces[1]);
	pf_counter_spans_start(&recording.backend, block, traces, 1);
	assert_true(block->read_ns > 0);
	recording.holding = false;
	recording.next = 1;
	uint64_t outer = pf_span_begin(&traces[0], PF_STAGE_DECODE);
	pf_span_end(&traces[0], PF_STAGE_DECODE, outer);
	outer = pf_span_begin(&traces[0], PF_STAGE_POSE);
	uint64_t inner = pf_span_begin(&traces[0], PF_STAGE_QUALITY);
	pf_span_end(&traces[0], PF_STAGE_QUALITY, inner);
	pf_span_end(&traces[0], PF_STAGE_POSE, outer);
	assert_int_equal(recording.next, recording.reads);
	pf_counter_spans_stop(block);
	pf_counter_spans_forget();
	assert_null(pf_span_hooks);
	block->read_ns = 500;
	block->opening_ns = block->slots[0].opening_ns = 1000;
	memset(&block->plan, 0xff, sizeof block->plan); /* by a process that went wild */
	pf_trial_counters *counters = pf_trial_counters_collect(block, &recording.plan, 1, 1000000);
	assert_non_null(counters);
	free(block);
	return counters;
}

enum { CYCLES, CLOCK, INSTRUCTIONS, REFERENCES, MISSES, ITLB, RETIRED };

static void stages_have_their_own(void **state)
{
	(void)state;
	pf_trial_counters *counters = play();
	assert_float_equal(pf_stage_counter(counters, PF_STAGE_DECODE, CYCLES).value, 1e6, 0.1);
	assert_float_equal(pf_stage_counter(counters, PF_STAGE_DECODE, INSTRUCTIONS).value, 2e6, 0.1);
	/* 4,000 while it ran 200 of 500 us. */
	pf_counter_value misses = pf_stage_counter(counters, PF_STAGE_DECODE, REFERENCES);
	assert_float_equal(misses.value, 10000, 0.1);
	assert_float_equal(misses.running_share, 0.4, 1e-9);
	/* A span inside another one: its counts are not the outer one's. */
	assert_float_equal(pf_stage_counter(counters, PF_STAGE_POSE, CYCLES).value, 750000, 0.1);
	assert_float_equal(pf_stage_counter(counters, PF_STAGE_QUALITY, CYCLES).value, 2e6, 0.1);
	assert_float_equal(pf_stage_counter(counters, PF_COUNTER_BETWEEN, CYCLES).value, 2000, 0.1);
	/* It did not run in quality: unknown, not 0. */
	assert_false(pf_stage_counter(counters, PF_STAGE_QUALITY, MISSES).known);
	assert_false(pf_stage_counter(counters, PF_STAGE_FACES, CYCLES).known);
	assert_false(pf_stage_counter(counters, PF_STAGE_DECODE, ITLB).known);
	assert_int_equal(counters->reads, 6);
	assert_float_equal(counters->cost_share, (6 * 500.0 + 2000) / 1e6, 1e-9);
	free(counters);
}

static pf_counter_value derive(const pf_trial_counters *counters, const char *name)
{
	pf_counter_value values[PF_COUNTERS_MAX];
	pf_trial_counter_values(counters, values);
	for (int i = 0; i < PF_DERIVED_COUNT; i++) {
		if (strcmp(pf_derived_at(i)->name, name) == 0) {
			return pf_derived_value(i, &counters->plan, values);
		}
	}
	fail();
	return (pf_counter_value){0};
}

static void figures_are_derived(void **state)
{
	(void)state;
	pf_trial_counters *counters = play();
	assert_float_equal(derive(counters, "IPC").value, 2, 1e-9);
	assert_float_equal(derive(counters, "frequency").value, 3.6, 1e-9); /* 9,000,000 in 2.5 ms */
	pf_counter_value ratio = derive(counters, "cache-miss-ratio");
	assert_float_equal(ratio.value, 25, 1e-9);
	assert_float_equal(ratio.running_share, 0.4, 1e-9);
	assert_float_equal(derive(counters, "cache-MPKI").value, 1000.0 * 25000 / 18e6, 1e-9);
	assert_false(derive(counters, "retiring").known); /* it never ran */
	assert_false(derive(counters, "branch-miss-rate").known);
	assert_false(derive(counters, "iTLB-MPKI").known);
	free(counters);

	pf_trial_counters slots = {.counted = true,
				   .plan = parse("cycles,branches,branch-misses,cache-misses")};
	const char *const names[] = {"cycles", "topdown-retired", "topdown-frontend", "topdown-backend"};
	const uint64_t values[] = {1000, 3000, 600, 1200};
	slots.plan.count = 4;
	slots.plan.slots_per_cycle = 6;
	for (uint32_t i = 0; i < 4; i++) {
		snprintf(slots.plan.events[i].name, PF_COUNTER_NAME, "%s", names[i]);
		slots.counts[i] = (pf_count){values[i], 10, 10};
	}
	assert_float_equal(derive(&slots, "retiring").value, 50, 1e-9);
	assert_float_equal(derive(&slots, "backend-bound").value, 20, 1e-9);
	assert_float_equal(derive(&slots, "bad-speculation").value, 20, 1e-9);
	slots.openings[3].why = ENOENT;
	assert_false(derive(&slots, "bad-speculation").known);
	slots.counted = false;
	assert_false(derive(&slots, "retiring").known);
}

static void a_report_says_what_is_not_there(void **state)
{
	static pf_fixture_run made;
	static const double times[] = {1.0, 0};
	(void)state;
	pf_trial_counters *counters = play();
	pf_fixture_run_open(&made, 4);
	pf_contestant *contestant = pf_fixture_run_add(&made, "single-load", NULL, 1, times);
	contestant->trials[0].found[PF_PROBE_counters] = counters;
	pf_energy energy = {.why = "no RAPL"};
	contestant->trials[0].found[PF_PROBE_energy] = &energy;
	made.session.asked[PF_PROBE_counters] = &counters->plan;
	char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	assert_non_null(stream);
	pf_counters_print(&made.run, 0, stream);
	fclose(stream);
	size_t count;
	char *expected = pf_temp_read(PF_SOURCE_DIR "/tests/unit/counter_report.txt", &count);
	assert_string_equal(text, expected);
	free(expected);
	free(text);

	json_t *record = pf_trial_counters_json(contestant->trials[0].found[PF_PROBE_counters]);
	json_t *events = json_object_get(record, "events"), *event = json_array_get(events, REFERENCES);
	assert_int_equal(json_integer_value(json_object_get(event, "value")), 40000);
	assert_float_equal(json_real_value(json_object_get(event, "scaled")), 100000, 0.1);
	assert_string_equal(json_string_value(json_object_get(event, "scope")), "user and kernel");
	event = json_array_get(events, MISSES);
	assert_string_equal(json_string_value(json_object_get(event, "scope")), "user");
	event = json_array_get(events, ITLB);
	assert_true(json_is_null(json_object_get(event, "value")));
	assert_non_null(strstr(json_string_value(json_object_get(event, "unavailable")), "ENOENT"));
	event = json_array_get(events, RETIRED);
	assert_true(json_is_null(json_object_get(event, "value")));
	assert_non_null(strstr(json_string_value(json_object_get(event, "unavailable")), "never ran"));
	json_t *stages = json_object_get(record, "stages");
	assert_null(json_object_get(json_object_get(stages, "quality"), "cache-misses"));
	assert_null(json_object_get(stages, "faces"));
	json_decref(record);
	free(counters);
}

/* Times that cost too much to observe are called that. */
static void costly_counters_are_told(void **state)
{
	static pf_fixture_run made;
	static const double times[] = {1.0, 1.1, 0};
	static const double shares[] = {0.009, 0.011};
	(void)state;
	pf_trial_counters *counters = play();
	pf_fixture_run_open(&made, 4);
	pf_contestant *contestant = pf_fixture_run_add(&made, "single-load", NULL, 1, times);
	made.session.asked[PF_PROBE_counters] = &counters->plan;
	assert_true(pf_run_counters_cost(&made.run) == 0);
	for (int i = 0; i < 2; i++) {
		char *text = NULL;
		size_t size = 0;
		counters->cost_share = shares[i];
		contestant->trials[1].found[PF_PROBE_counters] = counters;
		FILE *stream = open_memstream(&text, &size);
		assert_non_null(stream);
		pf_counters_print(&made.run, 0, stream);
		fclose(stream);
		assert_true((strstr(text, "no times for claims") != NULL) == (i == 1));
		assert_true((pf_run_counters_cost(&made.run) > PF_COUNTERS_COST_LIMIT) == (i == 1));
		free(text);
	}
	/* A floor beside it is so short that its share says nothing. */
	pf_contestant *floor = pf_fixture_run_add(&made, "null", NULL, 1, times);
	made.variants[1].caps = PF_CAP_FLOOR;
	contestant->trials[1].found[PF_PROBE_counters] = NULL;
	floor->trials[1].found[PF_PROBE_counters] = counters;
	counters->cost_share = 0.4;
	assert_true(pf_run_counters_cost(&made.run) == 0);
	free(counters);
}

static void reasons_say_what_to_do(void **state)
{
	(void)state;
	char why[PF_COUNTER_WHY];
	assert_non_null(strstr(pf_counter_why(ENOENT, 2, why), "no PMU"));
	assert_non_null(strstr(pf_counter_why(EACCES, 3, why), "perf_event_paranoid is 3"));
	assert_non_null(strstr(pf_counter_why(EPERM, -100, why), "container"));
	assert_non_null(strstr(pf_counter_why(ENOSYS, 2, why), "no perf events"));
	assert_non_null(strstr(pf_counter_why(EMFILE, 2, why), "open files"));
	assert_non_null(strstr(pf_counter_why(EBUSY, 2, why), "EBUSY"));
}

static void touch(size_t pages)
{
	size_t bytes = pages * 4096;
	char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_true(memory != MAP_FAILED);
	madvise(memory, bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < bytes; i += 4096) {
		memory[i] = 1;
	}
	munmap(memory, bytes);
}

/* The kernel's page faults need no PMU. A worker's are its own, and the trial's are all of them. */
static void children_are_counted(void **state)
{
	(void)state;
	pf_counter_plan plan = parse("page-faults");
	size_t bytes = pf_counter_block_bytes(&plan, 1);
	pf_counter_block *block = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
				       0);
	static pf_trace traces[2];
	assert_true(block != MAP_FAILED);
	block->plan = plan;
	pf_counter_spans_start(&pf_counter_perf, block, traces, 1);
	if (block->openings[0].why) {
		print_message("no page faults here: %s\n", strerror(block->openings[0].why));
		skip();
	}
	uint64_t begin = pf_span_begin(&traces[0], PF_STAGE_READ);
	touch(PAGES);
	pf_span_end(&traces[0], PF_STAGE_READ, begin);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		begin = pf_span_begin(&traces[1], PF_STAGE_DECODE);
		touch(3 * PAGES);
		pf_span_end(&traces[1], PF_STAGE_DECODE, begin);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	pf_counter_spans_stop(block);
	pf_counter_spans_forget();
	pf_trial_counters *counters = pf_trial_counters_collect(block, &plan, 1, 1000000000);
	assert_non_null(counters);
	double read = pf_stage_counter(counters, PF_STAGE_READ, 0).value,
	       decode = pf_stage_counter(counters, PF_STAGE_DECODE, 0).value,
	       all = pf_trial_counter(counters, 0).value;
	assert_in_range((uintmax_t)read, PAGES, PAGES + PAGES / 2);
	assert_in_range((uintmax_t)decode, 3 * PAGES, 3 * PAGES + PAGES / 2);
	assert_true(all >= read + decode);
	assert_int_equal(counters->reads, 3); /* the child's first span opens instead of reading */
	free(counters);
	munmap(block, bytes);
}

/* Somebody whom the kernel does not let look at itself: the user's part is counted, and what happens in the
 * kernel only is not there, instead of 0. */
static void restricted_users_count_their_part(void **state)
{
	(void)state;
	if (geteuid() != 0 || pf_perf_event_paranoid() != 2) {
		skip(); /* others can always, or never */
	}
	pf_counter_plan plan = parse("page-faults,context-switches");
	pf_counter_opening *openings = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
					    -1, 0);
	assert_true(openings != MAP_FAILED);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)) {
			_exit(1);
		}
		pf_counter_reader reader;
		pf_counter_perf.open(&pf_counter_perf, &plan, true, &reader, openings);
		_exit(0);
	}
	int ending;
	assert_int_equal(waitpid(child, &ending, 0), child);
	assert_int_equal(ending, 0);
	if (openings[0].why == 0) { /* else nothing is allowed here */
		assert_true(openings[0].user_only);
	}
	assert_int_equal(openings[1].why, EACCES);
	munmap(openings, 4096);
}

/* Where nothing can be opened, spans cost nothing. */
static void nothing_opened_nothing_hooked(void **state)
{
	(void)state;
	pf_counter_plan plan = parse("cycles");
	plan.count = 1;
	plan.events[0].type = 4000000000u; /* no such PMU anywhere */
	pf_counter_block *block = calloc(1, pf_counter_block_bytes(&plan, 1));
	static pf_trace traces[2];
	assert_non_null(block);
	block->plan = plan;
	pf_counter_spans_start(&pf_counter_perf, block, traces, 1);
	assert_int_not_equal(block->openings[0].why, 0);
	assert_null(pf_span_hooks);
	pf_counter_spans_stop(block);
	pf_counter_spans_forget();
	pf_trial_counters *counters = pf_trial_counters_collect(block, &plan, 1, 1000);
	assert_non_null(counters);
	assert_false(pf_trial_counter(counters, 0).known);
	assert_true(counters->cost_share == 0);
	free(counters);
	free(block);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_are_parsed),
		cmocka_unit_test(names_are_libpfm4s),
		cmocka_unit_test(topdown_is_the_processors),
		cmocka_unit_test(counts_are_scaled),
		cmocka_unit_test(stages_have_their_own),
		cmocka_unit_test(figures_are_derived),
		cmocka_unit_test(a_report_says_what_is_not_there),
		cmocka_unit_test(costly_counters_are_told),
		cmocka_unit_test(reasons_say_what_to_do),
		cmocka_unit_test(children_are_counted),
		cmocka_unit_test(restricted_users_count_their_part),
		cmocka_unit_test(nothing_opened_nothing_hooked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
