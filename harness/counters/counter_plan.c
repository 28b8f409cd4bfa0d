/* From names that users of likwid and perf know to events. */
#include <assert.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "harness/counters/counter_topdown.h"
#include "harness/counters/counters.h"

#define CACHE(cache, operation, result)                                                                 \
	PERF_TYPE_HW_CACHE, (PERF_COUNT_HW_CACHE_##cache) | (PERF_COUNT_HW_CACHE_OP_##operation) << 8 | \
				    (PERF_COUNT_HW_CACHE_RESULT_##result) << 16
#define HARDWARE(event) PERF_TYPE_HARDWARE, PERF_COUNT_HW_##event
#define SOFTWARE(event) PERF_TYPE_SOFTWARE, PERF_COUNT_SW_##event

/* The kernel's generic events, by the names that perf gives them: it knows what they are on each processor.
 */
static const struct generic {
	const char *group, *name;
	uint32_t type;
	uint64_t config;
} generics[] = {
	{"cycles", "cycles", HARDWARE(CPU_CYCLES)},
	{"cycles", "task-clock", SOFTWARE(TASK_CLOCK)}, /* over it: the frequency */
	{"instructions", "instructions", HARDWARE(INSTRUCTIONS)},
	{"instructions", "cycles", HARDWARE(CPU_CYCLES)},
	{"cache", "cache-references", HARDWARE(CACHE_REFERENCES)},
	{"cache", "cache-misses", HARDWARE(CACHE_MISSES)},
	{"cache", "L1-dcache-loads", CACHE(L1D, READ, ACCESS)},
	{"cache", "L1-dcache-load-misses", CACHE(L1D, READ, MISS)},
	{"cache", "instructions", HARDWARE(INSTRUCTIONS)},
	{"branch", "branches", HARDWARE(BRANCH_INSTRUCTIONS)},
	{"branch", "branch-misses", HARDWARE(BRANCH_MISSES)},
	{"branch", "instructions", HARDWARE(INSTRUCTIONS)},
	{"tlb", "dTLB-loads", CACHE(DTLB, READ, ACCESS)},
	{"tlb", "dTLB-load-misses", CACHE(DTLB, READ, MISS)},
	{"tlb", "iTLB-load-misses", CACHE(ITLB, READ, MISS)},
	{"tlb", "instructions", HARDWARE(INSTRUCTIONS)},
	{"topdown", "cycles", HARDWARE(CPU_CYCLES)},
	{"software", "task-clock", SOFTWARE(TASK_CLOCK)},
	{"software", "context-switches", SOFTWARE(CONTEXT_SWITCHES)},
	{"software", "cpu-migrations", SOFTWARE(CPU_MIGRATIONS)},
	{"software", "page-faults", SOFTWARE(PAGE_FAULTS)},
	{"software", "major-faults", SOFTWARE(PAGE_FAULTS_MAJ)},
};

enum { GENERICS = sizeof generics / sizeof *generics };

static const char too_many[] = "more than 24 events: ask for fewer groups at a time";
static_assert(PF_COUNTERS_MAX == 24, "the message says so");

/* Adds an event unless it is there. */
static pf_status add(pf_counter_plan *plan, const pf_counter_event *event, pf_error *error)
{
	for (uint32_t i = 0; i < plan->count; i++) {
		if (strcmp(plan->events[i].name, event->name) == 0) {
			return PF_OK;
		}
	}
	if (plan->count == PF_COUNTERS_MAX) {
		return pf_fail(error, PF_ERR_USAGE, NULL, too_many);
	}
	plan->events[plan->count++] = *event;
	return PF_OK;
}

static pf_status add_group(pf_counter_plan *plan, const char *name, bool *known, pf_error *error)
{
	pf_status status = PF_OK;
	*known = false;
	for (int i = 0; i < GENERICS && status == PF_OK; i++) {
		if (strcmp(generics[i].group, name) == 0) {
			pf_counter_event event = {.type = generics[i].type, .config = generics[i].config};
			snprintf(event.name, sizeof event.name, "%s", generics[i].name);
			snprintf(event.group, sizeof event.group, "%s", name);
			*known = true;
			status = add(plan, &event, error);
		}
	}
	pf_counter_event slots[PF_TOPDOWN_EVENTS];
	if (*known && strcmp(name, "topdown") == 0) {
		uint32_t count = pf_topdown_events(slots, &plan->slots_per_cycle);
		for (uint32_t i = 0; i < count && status == PF_OK; i++) {
			status = add(plan, &slots[i], error);
		}
		if (!count) {
			status = pf_fail(
				error, PF_ERR_USAGE, NULL,
				"there are no top-down events for this processor; name events by their libpfm4 names instead");
		}
	}
	return status;
}

/* A generic event by its own name needs no library. */
static bool find_generic(const char *name, pf_counter_event *event)
{
	for (int i = 0; i < GENERICS; i++) {
		if (strcmp(generics[i].name, name) == 0) {
			event->type = generics[i].type;
			event->config = generics[i].config;
			return true;
		}
	}
	return false;
}

static pf_status add_named(pf_counter_plan *plan, const char *name, pf_error *error)
{
	pf_counter_event event = {.group = "raw"};
	bool known = false;
	if (strcmp(name, "instructions:valgrind") == 0) {
		plan->callgrind = true;
		return PF_OK;
	}
	pf_status status = add_group(plan, name, &known, error);
	if (known || status != PF_OK) {
		return status;
	}
	snprintf(event.name, sizeof event.name, "%s", name);
	status = find_generic(name, &event) ? PF_OK : pf_counter_event_by_name(name, &event, error);
	return status == PF_OK ? add(plan, &event, error) : status;
}

pf_status pf_counter_plan_parse(const char *list, pf_counter_plan *plan, pf_error *error)
{
	*plan = (pf_counter_plan){0};
	const char *at = list;
	pf_status status = PF_OK;
	do {
		char name[PF_COUNTER_NAME];
		size_t length = strcspn(at, ",");
		if (length == 0 || length >= sizeof name) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "\"%.64s\" is no list of counters", list);
		}
		memcpy(name, at, length);
		name[length] = '\0';
		status = add_named(plan, name, error);
		at += length + (at[length] == ',');
	} while (status == PF_OK && (*at || at[-1] == ','));
	return status;
}
