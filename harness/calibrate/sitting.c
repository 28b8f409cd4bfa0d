#include "harness/calibrate/sitting.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/gate/gate_exact.h"
#include "harness/machine/machine_state.h"
#include "harness/stats/random.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

#define NEIGHBOUR "stress-ng"

static int first_cpu(void)
{
	cpu_set_t set;
	int cpu = 0;
	CPU_ZERO(&set);
	sched_getaffinity(0, sizeof set, &set);
	while (cpu < CPU_SETSIZE - 1 && !CPU_ISSET((size_t)cpu, &set)) {
		cpu++;
	}
	return cpu;
}

pf_status pf_calibration_begin(pf_calibration *calibration, pf_error *error)
{
	char arms[PATH_MAX];
	if (!calibration->arm.relinks) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
			       "layouts are calibrated, and there is one: %.128s",
			       calibration->arm.why_one_layout);
	}
	snprintf(arms, sizeof arms, "%.4000s/arms", calibration->folder);
	pf_status status = pf_make_folders(arms, error);
	for (size_t i = 0; i < calibration->count && status == PF_OK; i++) {
		fprintf(stderr, "calibrate: finding out what makes %s %d %% slower\n",
			calibration->workloads[i], PF_DOSE_PERCENT);
		memcpy(calibration->doses[i].workload, calibration->workloads[i],
		       sizeof calibration->workloads[i]);
		status = pf_slow_find_dose(calibration->arm.library, arms, first_cpu(),
					   &calibration->doses[i], error);
	}
	return status == PF_OK ? pf_calibration_write(calibration, error) : status;
}

const char *pf_cell_unable(const pf_cell *cell)
{
	const char *path = getenv("PATH");
	char copy[8192], name[PATH_MAX];
	if (!cell->neighbour) {
		return NULL;
	}
	snprintf(copy, sizeof copy, "%s", path ? path : "");
	for (char *at = copy, *folder; (folder = strsep(&at, ":"));) {
		snprintf(name, sizeof name, "%s/" NEIGHBOUR, folder);
		if (access(name, X_OK) == 0) {
			return NULL;
		}
	}
	return NEIGHBOUR " is not installed";
}

/* One that computes and streams through memory, on whichever processor it gets. */
static pf_status start_neighbour(pf_child *child, pf_error *error)
{
	char *words[] = {NEIGHBOUR, "-q", "--stream", "1", NULL};
	const pf_child_fd fds[] = {{-1, 0}, {-1, 1}, {-1, 2}};
	const pf_child_order order = {.kind = PF_CHILD_COMMAND,
				      .program = NEIGHBOUR,
				      .arguments = words,
				      .fds = fds,
				      .fd_count = 3};
	return pf_child_start(&order, child, error);
}

static void stop_neighbour(pf_child *child)
{
	pf_error ignored;
	pf_child_stop(child, 0, true);
	pf_child_reap(child, &ignored);
}

/* What the libraries of a cell's processes are wrapped in. */
typedef struct wrapping {
	const pf_calibration *calibration;
	pf_slow_recipe recipe;
} wrapping;

static pf_status wrap(void *context, int arm, const char *library, char wrapped[PATH_MAX], pf_error *error)
{
	const wrapping *w = context;
	pf_slow_recipe own = w->recipe;
	own.percent = arm ? own.percent : 0.0;
	snprintf(wrapped, PATH_MAX, "%.4000s/arms/%c.so", w->calibration->folder, arm ? 'c' : 'b');
	return pf_slow_write(&own, library, wrapped, error);
}

/* A build against itself, as the cell wants it. */
static pf_status make_arms(const pf_calibration *calibration, const pf_cell *cell, wrapping *w, pf_gate *gate,
			   pf_error *error)
{
	gate->arms[0] = gate->arms[1] = calibration->arm;
	gate->other_layouts = cell->slowdown != PF_SLOWDOWN_IDENTICAL;
	if (pf_cell_is_null(cell)) {
		return PF_OK;
	}
	*w = (wrapping){.calibration = calibration,
			.recipe = {.slowdown = cell->slowdown,
				   .percent = cell->percent,
				   .doses = calibration->doses,
				   .count = calibration->count}};
	gate->wrap = wrap;
	gate->wrap_context = w;
	return pf_slow_object(w->recipe.object, error);
}

static uint64_t children_ns(void)
{
	struct rusage usage;
	getrusage(RUSAGE_CHILDREN, &usage);
	return (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
	       (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
}

/* Times a gate whose arms are made, with what else the machine did. */
static pf_status run_gate(const pf_cell *cell, pf_gate *gate, pf_stream_gate *out, pf_error *error)
{
	pf_machine_counters before, after;
	pf_machine_state state = {0};
	pf_child neighbour;
	if (cell->neighbour && start_neighbour(&neighbour, error) != PF_OK) {
		return error->code;
	}
	uint64_t own_ns = children_ns();
	pf_machine_read(NULL, NULL, &before);
	getloadavg(&out->load[0], 1);
	pf_status status = pf_gate_time(gate, NULL, NULL, error);
	getloadavg(&out->load[1], 1);
	pf_machine_read(NULL, NULL, &after);
	own_ns = children_ns() - own_ns;
	if (cell->neighbour) {
		stop_neighbour(&neighbour);
	}
	pf_machine_between(&before, &after, own_ns, &state);
	double whole = (double)state.elapsed_ns * state.processors;
	out->steal = state.steal_ns == PF_UNKNOWN || whole <= 0.0 ? -1.0 : (double)state.steal_ns / whole;
	out->others = state.others_ns == PF_UNKNOWN || !state.elapsed_ns
			      ? -1.0
			      : (double)state.others_ns / (double)state.elapsed_ns;
	return status;
}

/* What the gate's workloads measured, moved into the stream. */
static void take_workloads(pf_gate *gate, pf_stream_gate *out)
{
	for (size_t i = 0; i < gate->count && out->count < PF_STREAM_WORKLOADS; i++) {
		pf_stream_workload *w = &out->workloads[out->count++];
		memcpy(w->name, gate->workloads[i].name, sizeof w->name);
		w->verdict = gate->workloads[i].verdict;
		w->observations = gate->workloads[i].observations;
		w->count = gate->workloads[i].count;
		gate->workloads[i].observations = NULL;
		gate->workloads[i].count = 0;
	}
}

static pf_status one_gate(pf_calibration *calibration, const pf_cell *cell, pf_random *random,
			  pf_sitting_tell tell, void *context, pf_error *error)
{
	static pf_gate gate;
	char path[PATH_MAX];
	gate = (pf_gate){.request = calibration->request};
	gate.request.way = cell->way;
	gate.request.seed = pf_random_next(random);
	for (size_t i = 0; i < calibration->count; i++) {
		gate.request.names[gate.request.name_count++] = calibration->workloads[i];
	}
	pf_stream_gate kept = {.cell = *cell,
			       .margin = gate.request.margin,
			       .long_margin = gate.request.long_margin,
			       .alpha = gate.request.alpha,
			       .seed = gate.request.seed};
	wrapping wrapped;
	tell(context, cell, NULL);
	pf_status status = make_arms(calibration, cell, &wrapped, &gate, error);
	if (status == PF_OK) {
		status = pf_gate_list(&gate, error);
	}
	if (status == PF_OK) {
		status = run_gate(cell, &gate, &kept, error);
	}
	if (status == PF_OK) {
		tell(context, cell, &gate);
		kept.measured_s = gate.measured_s;
		take_workloads(&gate, &kept);
		pf_calibration_streams(calibration, path);
		status = pf_streams_append(path, &calibration->streams, &kept, error);
	}
	pf_gate_release(&gate);
	return status;
}

static bool chosen(const pf_cell *cell, const char *const *only, size_t count)
{
	char name[PF_CELL_NAME];
	pf_cell_name(cell, name);
	for (size_t i = 0; i < count; i++) {
		if (strstr(name, only[i])) {
			return true;
		}
	}
	return count == 0;
}

/* The cell that is farthest from what is wanted; PF_CELLS: all is there. */
static size_t next_cell(const pf_streams *streams, const bool take[PF_CELLS])
{
	size_t done[PF_CELLS + 1] = {0}, best = PF_CELLS;
	double least = INFINITY;
	for (size_t i = 0; i < streams->count; i++) {
		done[pf_cell_index(&streams->gates[i].cell)]++;
	}
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		double share = ((double)done[i] + 0.5) / (double)pf_cell_wanted(&cell);
		if (take[i] && done[i] < pf_cell_wanted(&cell) && share < least) {
			least = share;
			best = i;
		}
	}
	return best;
}

pf_status pf_sitting_run(pf_calibration *calibration, const char *const *only, size_t only_count,
			 double hours, pf_sitting_tell tell, void *context, pf_error *error)
{
	bool take[PF_CELLS], any = false;
	uint64_t end = pf_now_ns() + (uint64_t)(hours * 3600e9);
	pf_random random = {pf_now_ns()};
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		take[i] = chosen(&cell, only, only_count);
		any |= take[i];
		take[i] = take[i] && !pf_cell_unable(&cell);
	}
	if (!any) {
		return pf_fail(error, PF_ERR_NOT_FOUND, NULL, "no cell has \"%.64s\" in its name", only[0]);
	}
	pf_status status = PF_OK;
	while (status == PF_OK && pf_now_ns() < end) {
		size_t i = next_cell(&calibration->streams, take);
		if (i == PF_CELLS) {
			return PF_OK;
		}
		pf_cell cell = pf_cell_at(i);
		status = pf_interrupts ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
				       : one_gate(calibration, &cell, &random, tell, context, error);
	}
	return status;
}
