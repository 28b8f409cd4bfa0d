#include "harness/micro/micro.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/workload_library.h"
#include "harness/micro/gbench_run.h"
#include "harness/micro/micro_counters.h"
#include "harness/micro/work_state.h"
#include "harness/stats/enough.h"
#include "photofinish/trace.h"

#define BATCH_NS 50000 /* units are run in batches of about so long: a call costs little beside it */
enum { BATCH_MOST = 1024 };

static void add_size(pf_micro_way *way, uint64_t size)
{
	const pf_workload *workload = way->workload;
	size = size < workload->size_least ? workload->size_least : size;
	if (size <= workload->size_most && (way->size_count == 0 || size > way->sizes[way->size_count - 1])) {
		way->sizes[way->size_count++] = size;
	}
}

static void choose_sizes(pf_micro_way *way)
{
	const pf_workload *workload = way->workload;
	bool pixels = workload->size_unit && strcmp(workload->size_unit, "pixels") == 0;
	if (!workload->size_unit) {
		way->size_count = 1;
		return;
	}
	for (unsigned i = 0; i < PF_MICRO_SIZES; i++) {
		uint64_t side = 512u << i;
		add_size(way,
			 pixels ? side * side : workload->size_default >> (2 * (PF_MICRO_SIZES - 1 - i)));
	}
}

/* Whether it can be set up, at the least size. */
static void look_whether_here(pf_micro_way *way)
{
	pf_work_state state = {.table = way->table,
			       .workload = way->workload,
			       .way = way->way,
			       .size = way->workload->size_least};
	pf_error error = {0};
	if (pf_work_state_open(&state, &error) != PF_OK) {
		snprintf(way->missing, sizeof way->missing, "%.190s", error.message);
	}
	pf_work_state_close(&state);
}

static void add_way(pf_micro *micro, const pf_workloads *table, const pf_workload *workload, const char *name)
{
	micro->ways = pf_enough(realloc(micro->ways, (micro->count + 1) * sizeof *micro->ways));
	pf_micro_way *way = &micro->ways[micro->count++];
	*way = (pf_micro_way){.table = table, .workload = workload, .way = name};
	snprintf(way->name, sizeof way->name, "%.63s%s%.63s", workload->name, name ? "/" : "",
		 name ? name : "");
	choose_sizes(way);
	look_whether_here(way);
}

void pf_micro_add(pf_micro *micro, const pf_workloads *table)
{
	const pf_workload *workload;
	for (uint32_t i = 0; (workload = pf_workload_at(table, i)); i++) {
		const char *const *ways = pf_workload_ways(table, workload);
		if (!ways || !ways[0]) {
			add_way(micro, table, workload, NULL);
		}
		for (; ways && *ways; ways++) {
			add_way(micro, table, workload, *ways);
		}
	}
}

pf_status pf_micro_plugin(pf_micro *micro, const char *path, pf_error *error)
{
	void *handle = NULL;
	pf_status status = pf_workload_library_load(path, &handle, error);
	if (status != PF_OK) {
		return status;
	}
	const pf_workloads *table = pf_workload_table(handle);
	void (*plugin)(void) = NULL;
	void *symbol = dlsym(handle, PF_GBENCH_SYMBOL);
	memcpy(&plugin, &symbol, sizeof plugin);
	if (table) {
		pf_micro_add(micro, table);
	}
	if (plugin) {
		plugin();
	}
	return table || plugin ? PF_OK
			       : pf_fail(error, PF_ERR_INVALID, path,
					 "it exports neither " PF_WORKLOADS_SYMBOL " nor " PF_GBENCH_SYMBOL);
}

/* The state that was used last: Google Benchmark calls a benchmark several times in a row. */
static struct {
	pf_work_state work;
	const pf_micro_way *of;
	uint64_t batch;
} at_hand;

static void let_go(void)
{
	if (at_hand.of) {
		pf_work_state_close(&at_hand.work);
	}
	at_hand.of = NULL;
}

/* Sets up and checks. False: there is no time for it, and why. */
static bool take(const pf_micro_way *way, uint64_t size, bool *checked,
		 uint8_t digest[PF_WORKLOAD_DIGEST_BYTES], char why[PF_MICRO_WHY])
{
	pf_error error = {0};
	if (at_hand.of == way && at_hand.work.size == size) {
		return true;
	}
	let_go();
	at_hand.of = way;
	at_hand.work = (pf_work_state){
		.table = way->table, .workload = way->workload, .way = way->way, .size = size};
	pf_status status = pf_work_state_open(&at_hand.work, &error);
	if (status == PF_OK && !*checked) {
		status = pf_work_state_check(&at_hand.work, digest, &error);
		*checked = status == PF_OK;
	}
	uint64_t begin_ns = pf_now_ns(), ns = 0;
	if (status == PF_OK) {
		status = pf_work_state_run(&at_hand.work, 1, &error);
		ns = pf_now_ns() - begin_ns;
	}
	at_hand.batch = ns >= BATCH_NS ? 1 : BATCH_NS / (ns ? ns : 1);
	at_hand.batch = at_hand.batch > BATCH_MOST ? BATCH_MOST : at_hand.batch;
	if (status != PF_OK) {
		snprintf(why, PF_MICRO_WHY, "%.190s", error.message);
		let_go();
	}
	return status == PF_OK;
}

static void execute(pf_gbench_state *state, void *context)
{
	pf_micro_way *way = context;
	uint64_t size = (uint64_t)pf_gbench_range(state, 0);
	size_t i = 0;
	while (way->sizes[i] != size && i + 1 < way->size_count) {
		i++;
	}
	char *why = way->times[i].refused;
	if (why[0] || !take(way, size, &way->checked[i], way->digests[i], why)) {
		pf_gbench_refuse(state, why);
		return;
	}
	pf_error error = {0};
	pf_work_state *work = &at_hand.work;
	uint64_t batch = at_hand.batch;
	bool fine = true;
	while (pf_gbench_keep_running(state, batch)) {
		if (pf_work_state_run(work, batch, &error) != PF_OK) {
			snprintf(why, PF_MICRO_WHY, "%.190s", error.message);
			pf_gbench_refuse(state, why);
			fine = false;
		}
	}
	if (fine && !pf_work_state_gives(work, way->digests[i])) {
		snprintf(why, PF_MICRO_WHY, "its output changed while it was timed: no time for it");
		pf_gbench_refuse(state, why);
	}
	uint64_t units = pf_gbench_iterations(state);
	pf_gbench_items(state, size ? units * size : units);
	if (!fine) {
		let_go();
	}
}

static void register_way(pf_micro_way *way)
{
	pf_gbench *made = pf_gbench_register(way->name, execute, way);
	for (size_t i = 0; i < way->size_count && way->workload->size_unit; i++) {
		int64_t size = (int64_t)way->sizes[i];
		pf_gbench_args(made, &size, 1);
	}
	if (way->workload->size_unit) {
		pf_gbench_arg_names(made, &way->workload->size_unit, 1);
	}
}

/* The time that a line of the report is about; NULL: a plug-in's. */
static pf_micro_time *find(pf_micro *micro, const char *name)
{
	for (size_t i = 0; i < micro->count; i++) {
		pf_micro_way *way = &micro->ways[i];
		for (size_t k = 0; k < way->size_count; k++) {
			char whole[2 * PF_MICRO_NAME];
			int length = snprintf(whole, sizeof whole, "%s", way->name);
			if (way->workload->size_unit) {
				length = snprintf(whole, sizeof whole, "%s/%s:%llu", way->name,
						  way->workload->size_unit,
						  (unsigned long long)way->sizes[k]);
			}
			/* Flags may add "/min_time:0.1" and the like. */
			if (strncmp(name, whole, (size_t)length) == 0 &&
			    (name[length] == '\0' || (name[length] == '/' && strchr(name + length, ':')))) {
				return &way->times[k];
			}
		}
	}
	return NULL;
}

static void take_line(void *context, const pf_gbench_line *line)
{
	pf_micro *micro = context;
	pf_micro_time *time = find(micro, line->name);
	micro->refused += line->refused != NULL;
	if (time && !line->refused && !line->aggregate[0] &&
	    (time->real_ns == 0 || line->cpu_ns < time->cpu_ns)) {
		time->real_ns = line->real_ns;
		time->cpu_ns = line->cpu_ns;
	}
}

size_t pf_micro_run(pf_micro *micro, const char *filter)
{
	for (size_t i = 0; i < micro->count; i++) {
		if (!micro->ways[i].missing[0]) {
			register_way(&micro->ways[i]);
		}
	}
	size_t matched = pf_gbench_run(filter, pf_micro_count(&micro->counters, micro->openings), take_line,
				       micro);
	let_go();
	return matched;
}

void pf_micro_release(pf_micro *micro)
{
	free(micro->ways);
	*micro = (pf_micro){0};
}
