/* A trial comes back whole from its record, and so do what was looked at in trials of their own and under
 * callgrind: what is read and written again is the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/counters/trial_counters.h"
#include "harness/energy/energy.h"
#include "harness/memory/allocations.h"
#include "harness/memory/memory_sampler.h"
#include "harness/record/callgrind_json.h"
#include "harness/record/memory_json.h"
#include "harness/record/stored_trial.h"
#include "harness/record/trial_json.h"
#include "harness/spans/trial_spans.h"

enum { WORKERS = 2, LANES = WORKERS + 1 };

static uint64_t next;

/* Another number each time. */
static uint64_t number(void)
{
	return next += 7;
}

static void assert_same(json_t *first, json_t *second)
{
	char *before = json_dumps(first, JSON_SORT_KEYS | JSON_INDENT(1)),
	     *after = json_dumps(second, JSON_SORT_KEYS | JSON_INDENT(1));
	assert_string_equal(after, before);
	free(before);
	free(after);
	json_decref(first);
	json_decref(second);
}

/* One event counted, one scaled, one that never ran, one that could not be opened. */
static pf_trial_counters *counters(void)
{
	static const char *const names[] = {"cycles", "instructions", "branches", "dTLB-loads"};
	pf_trial_counters *out = calloc(1, sizeof *out);
	assert_non_null(out);
	out->plan.count = 4;
	out->plan.slots_per_cycle = 6;
	for (uint32_t i = 0; i < 4; i++) {
		pf_counter_event *event = &out->plan.events[i];
		snprintf(event->name, sizeof event->name, "%s", names[i]);
		snprintf(event->group, sizeof event->group, "group %u", i);
		event->type = (uint32_t)number();
		event->config = UINT64_MAX - number();
		event->exclude_user = i == 1;
		out->openings[i] = (pf_counter_opening){.why = i == 3 ? 2 : 0, .user_only = i == 0};
		out->stage_openings[i] = out->openings[i];
		out->counts[i] = (pf_count){number(), number() + 1000, i < 2 ? number() : 0};
		out->stages[PF_STAGE_POSE][i] = (pf_count){number(), number() + 1000, i < 2 ? number() : 0};
		out->stages[PF_STAGE_COUNT][i] = (pf_count){number(), number(), i < 1 ? number() : 0};
	}
	out->counts[2].value = 0;
	out->counts[3] = (pf_count){0};
	snprintf(out->why_not[2], PF_COUNTER_WHY, "it never ran");
	snprintf(out->why_not[3], PF_COUNTER_WHY, "there is no PMU");
	out->counted = out->any_stage = true;
	out->reads = number();
	out->read_ns = 12.25;
	out->opening_ns = number();
	out->cost_share = 0.0625;
	return out;
}

static pf_stage_sum sum(void)
{
	return (pf_stage_sum){.spans = number(),
			      .wall_ns = number() + 5000,
			      .own_ns = number() + 4000,
			      .cpu_ns = number(),
			      .run_delay_ns = number()};
}

static void fill_path(pf_trial_spans *spans)
{
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		spans->path_ns[i] = number();
	}
	spans->run_count = PF_PATH_RUNS + 5;
	for (size_t i = 0; i < PF_PATH_RUNS; i++) {
		spans->runs[i] = (pf_path_run){.begin_ns = number(), .end_ns = number(), .lane = i % LANES};
		spans->runs[i].stage_ns[i % PF_STAGE_COUNT] = number();
	}
}

static struct pf_trial_spans *spans(void)
{
	pf_trial_spans *out = calloc(1, sizeof *out);
	assert_non_null(out);
	out->lane_count = LANES;
	out->has_workers = true;
	out->lanes = calloc(LANES, sizeof *out->lanes);
	out->busy_ns = calloc(LANES + 1, sizeof *out->busy_ns);
	out->tree.rows = calloc(3, sizeof *out->tree.rows);
	assert_true(out->lanes && out->busy_ns && out->tree.rows);
	for (size_t i = 0; i < LANES; i++) {
		out->lanes[i] = (pf_trial_lane){.times = {number(), number(), number(), number(), number()},
						.off_cpu_ns = number(),
						.run_delay_ns = number(),
						.ended = number(),
						.kept = number(),
						.timeline = "ss.dddffww "};
		out->busy_ns[i] = number();
	}
	static const pf_stage stages[] = {PF_STAGE_DECODE, PF_STAGE_POSE, PF_STAGE_POSE_NETWORK};
	for (size_t i = 0; i < 3; i++) {
		pf_stage_sum one = sum();
		out->tree.rows[out->tree.count++] = (pf_span_row){
			one.spans, one.wall_ns, one.own_ns, one.cpu_ns, one.run_delay_ns, stages[i], i == 2};
		out->stages[stages[i]] = one;
	}
	out->stages[PF_STAGE_POSE_NETWORK].wall_ns = out->stages[PF_STAGE_POSE_NETWORK].own_ns;
	out->tree.lifetime_ns = number();
	out->tree.unattributed = (pf_span_row){
		.own_ns = number(), .cpu_ns = number(), .run_delay_ns = number()};
	out->tree.ended = number();
	out->tree.overwritten = number();
	out->tree.too_deep = number();
	out->tree.unbalanced = number();
	out->tree.lost_paths = number();
	out->tree.run_delay_known = true;
	out->from_ns = number();
	out->to_ns = number() + 1000;
	fill_path(out);
	return out;
}

static void fill(pf_trial *trial)
{
	*trial = (pf_trial){.round = 4, .workers = WORKERS, .ending = PF_ENDED_OK, .checked = true};
	for (int i = 0; i < PF_TRIAL_FIGURE_COUNT; i++) {
		*pf_trial_figure_at(trial, &pf_trial_figures[i]) = number();
	}
	snprintf(trial->reason, sizeof trial->reason, "a reason");
	for (size_t i = 0; i < sizeof trial->digest; i++) {
		trial->digest[i] = (uint8_t)(i * 9);
	}
	trial->io = (pf_io_count){true, number(), number(), number(), number()};
	trial->moved_count = 3;
	trial->moved = calloc(3, sizeof *trial->moved);
	assert_non_null(trial->moved);
	trial->moved[0] = (pf_moved){PF_HOP_PHOTOS, 0, 2, number(), number()};
	trial->moved[1] = (pf_moved){PF_HOP_BURSTS, PF_NO_SLOT, 1, number(), number()};
	trial->moved[2] = (pf_moved){PF_HOP_EVENTS, 1, PF_HARNESS_SLOT, number(), number()};
	pf_energy *energy = calloc(1, sizeof *energy);
	assert_non_null(energy);
	*energy = (pf_energy){
		.count = 2, .domains = {{"package-0", 12.5}, {"package-0/core", 3.25}}, .source = "powercap"};
	trial->found[PF_PROBE_energy] = energy;
	trial->found[PF_PROBE_counters] = counters();
	trial->spans = spans();
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		trial->stage_spans[i] = trial->spans->stages[i].spans;
		trial->stage_ns[i] = trial->spans->stages[i].own_ns;
		trial->main_stage_ns[i] = trial->stage_spans[i] ? number() : 0;
	}
}

static void test_a_trial(void **state)
{
	(void)state;
	pf_trial trial, read = {0};
	fill(&trial);
	json_t *object = pf_trial_json(&trial);
	pf_stored_trial(object, WORKERS, &read);
	assert_non_null(read.spans);
	assert_non_null(read.found[PF_PROBE_counters]);
	assert_same(object, pf_trial_json(&read));
	pf_trial_release(&trial);
	pf_trial_release(&read);
}

/* Without energy, counters, spans and hops, and with a reason for the first. */
static void test_a_trial_that_lacks_much(void **state)
{
	(void)state;
	pf_trial trial = {.workers = WORKERS, .ending = PF_ENDED_CRASHED}, read = {0};
	pf_energy energy = {.why = "no RAPL"};
	trial.found[PF_PROBE_energy] = &energy;
	json_t *object = pf_trial_json(&trial);
	pf_stored_trial(object, WORKERS, &read);
	assert_null(read.spans);
	assert_null(read.found[PF_PROBE_counters]);
	assert_same(object, pf_trial_json(&read));
	pf_trial_release(&read);
}

static void fill_series(pf_trial *trial)
{
	pf_memory_series *series = calloc(1, sizeof *series);
	assert_non_null(series);
	series->processes = calloc(2, sizeof *series->processes);
	assert_non_null(series->processes);
	series->process_count = 2;
	series->point_count = 3;
	series->samples = 5;
	series->cost_ns = number();
	series->peak = (pf_memory_point){.at_ns = number(), .all = {number(), number(), number(), number()}};
	for (size_t i = 0; i < 3; i++) {
		series->points[i] = (pf_memory_point){.at_ns = number(),
						      .all = {.pss = number(), .shared = number()}};
	}
	series->points[1].all.shared = UINT64_MAX;
	for (size_t i = 0; i < 2; i++) {
		pf_memory_process *process = &series->processes[i];
		process->slot = i ? PF_NO_SLOT : 1;
		process->samples = 3;
		process->peak = (pf_smaps){number(), number(), number(), number()};
		process->pss = calloc(3, sizeof *process->pss);
		assert_non_null(process->pss);
		for (size_t k = 0; k < 3; k++) {
			process->pss[k] = i == k ? PF_MEMORY_ABSENT : number();
		}
	}
	trial->found[PF_PROBE_memory] = series;
}

static void fill_allocations(pf_trial *trial)
{
	pf_allocations *counted = calloc(1, sizeof *counted);
	assert_non_null(counted);
	counted->processes = calloc(2, sizeof *counted->processes);
	assert_non_null(counted->processes);
	counted->process_count = 2;
	counted->lost_processes = number();
	counted->stages[PF_STAGE_DECODE] = (pf_allocation_count){number(), number(), number(), number()};
	counted->stages[PF_OUTSIDE_STAGES] = (pf_allocation_count){number(), number(), number(), number()};
	counted->stage_peak_live_bytes[PF_STAGE_DECODE] = number();
	for (uint32_t i = 0; i < 2; i++) {
		counted->processes[i] = (pf_allocated_process){i ? PF_NO_SLOT : 2,
							       number(),
							       number(),
							       number(),
							       {number(), number(), number(), number()}};
		counted->total.allocations += counted->processes[i].total.allocations;
	}
	memset(counted->digest, 0xA5, sizeof counted->digest);
	trial->photos_scored = number();
	trial->found[PF_PROBE_allocations] = counted;
}

static void test_memory_of_a_step(void **state)
{
	(void)state;
	pf_step_memory *steps = calloc(2, sizeof *steps);
	assert_non_null(steps);
	pf_memory_report made = {.steps = steps, .step_count = 1}, read = {.step_count = 1};
	read.steps = calloc(1, sizeof *read.steps);
	assert_non_null(read.steps);
	fill(&steps->sampling);
	steps->sampling.checked = false;
	fill_series(&steps->sampling);
	steps->sampled = true;
	steps->counted = PF_ALLOCATION_TRIALS;
	for (int i = 0; i < PF_ALLOCATION_TRIALS; i++) {
		fill_allocations(&steps->counting[i]);
	}
	snprintf(steps->why, sizeof steps->why, "a reason");
	json_t *object = json_object(), *again = json_object();
	pf_step_memory_put(object, steps);
	pf_step_memory_of(object, WORKERS, read.steps);
	pf_step_memory_put(again, read.steps);
	const pf_allocations *written = steps->counting[1].found[PF_PROBE_allocations],
			     *got = read.steps->counting[1].found[PF_PROBE_allocations];
	assert_int_equal(got->total.allocations, written->total.allocations);
	assert_same(object, again);
	pf_memory_report_release(&made);
	pf_memory_report_release(&read);
}

static void test_callgrind(void **state)
{
	(void)state;
	pf_callgrind made = {.count = 2, .top_count = 2, .largest_difference = 0.125}, read;
	for (uint32_t i = 0; i < 2; i++) {
		made.photos[i] = (pf_callgrind_photo){
			.index = (uint32_t)number(), .total = number(), .score = 0.5};
		snprintf(made.top[i].name, sizeof made.top[i].name, "function_%u", i);
		made.top[i].self = number();
		for (int part = 0; part < PF_KERNEL_PARTS; part++) {
			made.known[part] = part != 2;
			made.photos[i].parts[part] = number();
		}
	}
	json_t *object = pf_callgrind_json(&made);
	assert_true(pf_callgrind_of(object, &read));
	assert_same(object, pf_callgrind_json(&read));
	made = (pf_callgrind){.why = "there is no valgrind"};
	object = pf_callgrind_json(&made);
	assert_true(pf_callgrind_of(object, &read));
	assert_same(object, pf_callgrind_json(&read));
	assert_false(pf_callgrind_of(NULL, &read));
}

/* Other forms are not measured, and take no more memory than their text. */
static void test_other_forms(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"{'counters': 1, 'energy': [], 'io': 'much', 'hops': {}, 'spans': [1], 'stages': 3, 'scores_digest': 'xy'}",
		"{'counters': {'events': [1, {}, {'name': 5}]}, 'energy': {'domains_joules': {'a': 'b'}}, 'io': {}, 'hops': [1, {'kind': 'events'}], 'spans': {'slots': [1, {}], 'nested': [{'stage': 'lunch'}, {'stage': 'pose', 'depth': 5000000000}], 'workers_busy_ns': [-1, 'x', 3, 4, 5, 6], 'critical_path': {'parts': [1], 'parts_in_all': 99}}}",
		"{'memory': {'samples': 1, 'processes': [{}, 1], 'series': {'at_ns': [1, 2], 'pss_bytes': [1]}}, 'allocations': [1, {'processes': [1]}, {'processes': [{}]}, {'processes': [{}]}]}",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		char *text = strdup(texts[i]);
		assert_non_null(text);
		for (char *at = text; *at; at++) {
			*at = *at == '\'' ? '"' : *at;
		}
		json_t *object = json_loads(text, 0, NULL);
		assert_non_null(object);
		pf_trial read = {0};
		pf_memory_report report = {.steps = calloc(1, sizeof *report.steps), .step_count = 1};
		assert_non_null(report.steps);
		pf_stored_trial(object, WORKERS, &read);
		pf_step_memory_of(object, WORKERS, report.steps);
		json_t *again = pf_trial_json(&read), *memory = json_object();
		pf_step_memory_put(memory, report.steps);
		json_decref(memory);
		json_decref(again);
		json_decref(object);
		pf_trial_release(&read);
		pf_memory_report_release(&report);
		free(text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_trial),          cmocka_unit_test(test_a_trial_that_lacks_much),
		cmocka_unit_test(test_memory_of_a_step), cmocka_unit_test(test_callgrind),
		cmocka_unit_test(test_other_forms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
