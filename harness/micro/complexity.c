#include "harness/micro/complexity.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/micro/work_state.h"
#include "photofinish/trace.h"

#define SLOT_NS 1000000u /* units are repeated until a point takes so long */
enum { LEAST_ROUNDS = 5, UNITS_PIXELS = 512 * 512, REPEAT_MOST = 100000 };

/* One point, open. */
typedef struct point {
	pf_work_state work;
	uint64_t units, repeat;
	uint8_t digest[PF_WORKLOAD_DIGEST_BYTES];
} point;

const char *pf_growth_verdict_name(pf_growth_verdict verdict)
{
	static const char *const names[] = {"fine", "too fast", "undecided", "not measured", "refused"};
	return (unsigned)verdict < sizeof names / sizeof *names ? names[verdict] : "?";
}

static uint64_t cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* Sizes that double, up to the largest. */
static void choose_sizes(const pf_growth_request *request, pf_growth *growth)
{
	const pf_workload *own = growth->workload;
	uint64_t most = own->size_default;
	if (strcmp(own->size_unit, "pixels") == 0) {
		most = 4096u * 4096u;
	} else if (strcmp(own->size_unit, "photos") == 0) {
		most = request->most_photos;
	}
	most = most > own->size_most ? own->size_most : most;
	for (unsigned i = 0; i < PF_GROWTH_POINTS - 1; i++) {
		uint64_t size = most >> (PF_GROWTH_POINTS - 2 - i);
		if (size >= own->size_least && size > 0) {
			growth->points[growth->count++].n = size;
		}
	}
}

static void choose_units(pf_growth *growth)
{
	for (unsigned i = 0; i < PF_GROWTH_POINTS - 2; i++) {
		growth->points[growth->count++].n = (uint64_t)1 << i;
	}
}

/* One run of all its units, as often as it takes. */
static pf_status measure(point *own, uint64_t *ns, pf_error *error)
{
	pf_status status = PF_OK;
	uint64_t begin = cpu_ns(), repeat = own->repeat ? own->repeat : 1;
	for (uint64_t i = 0; i < repeat && status == PF_OK; i++) {
		status = pf_work_state_run(&own->work, own->units, error);
	}
	*ns = (cpu_ns() - begin) / repeat;
	return status;
}

static pf_status open_point(const pf_growth *growth, size_t i, bool by_size, point *own, pf_error *error)
{
	const pf_workload *workload = growth->workload;
	uint64_t small = workload->size_default < UNITS_PIXELS ? workload->size_default : UNITS_PIXELS, ns;
	small = small < workload->size_least ? workload->size_least : small;
	*own = (point){.work = {.table = growth->table,
				.workload = workload,
				.size = by_size ? growth->points[i].n : small},
		       .units = by_size ? 1 : growth->points[i].n,
		       .repeat = 1};
	pf_status status = pf_work_state_open(&own->work, error);
	if (status == PF_OK) {
		status = pf_work_state_check(&own->work, own->digest, error);
	}
	if (status == PF_OK) {
		status = measure(own, &ns, error);
		own->repeat = ns >= SLOT_NS ? 1 : SLOT_NS / (ns ? ns : 1);
		own->repeat = own->repeat > REPEAT_MOST ? REPEAT_MOST : own->repeat;
	}
	return status;
}

/* Rounds until the time is up; every second one from the largest down. */
static pf_status run_rounds(pf_growth *growth, point *points, double seconds, pf_error *error)
{
	uint64_t end_ns = pf_now_ns() + (uint64_t)(seconds * 1e9);
	pf_status status = PF_OK;
	for (uint32_t round = 0;
	     status == PF_OK && !pf_interrupts && (round < LEAST_ROUNDS || pf_now_ns() < end_ns); round++) {
		for (size_t k = 0; k < growth->count && status == PF_OK; k++) {
			size_t i = round % 2 ? growth->count - 1 - k : k;
			pf_growth_point *own = &growth->points[i];
			uint64_t ns = 0;
			status = measure(&points[i], &ns, error);
			own->least_ns = own->rounds == 0 || (double)ns < own->least_ns ? (double)ns
										       : own->least_ns;
			own->rounds++;
		}
	}
	for (size_t i = 0; i < growth->count && status == PF_OK; i++) {
		if (!pf_work_state_gives(&points[i].work, points[i].digest)) {
			status = pf_fail(error, PF_ERR_INVALID, NULL,
					 "its output changed while it was timed");
		}
	}
	return status;
}

void pf_growth_judge(pf_growth *growth)
{
	double n[PF_GROWTH_POINTS], t[PF_GROWTH_POINTS];
	size_t last = growth->count - 1;
	for (size_t i = 0; i < growth->count; i++) {
		n[i] = (double)growth->points[i].n;
		t[i] = fmax(1, growth->points[i].least_ns);
	}
	if (growth->count < PF_POWER_LEAST_POINTS) {
		growth->verdict = PF_GROWTH_UNKNOWN;
		snprintf(growth->why, sizeof growth->why, "fewer than %d sizes that it takes",
			 PF_POWER_LEAST_POINTS);
		return;
	}
	growth->exponent = pf_power_exponent(n, t, growth->count, 0.95);
	growth->fit = pf_law_best(n, t, growth->count);
	growth->last_doubling = log(t[last] / t[last - 1]) / log(n[last] / n[last - 1]);
	growth->verdict = growth->exponent.low > PF_GROWTH_MOST    ? PF_GROWTH_TOO_FAST
			  : growth->exponent.high > PF_GROWTH_MOST ? PF_GROWTH_UNDECIDED
								   : PF_GROWTH_FINE;
}

static void measure_axis(const pf_growth_request *request, pf_growth *growth, bool by_size)
{
	point points[PF_GROWTH_POINTS];
	pf_error error = {0};
	pf_status status = PF_OK;
	size_t opened = 0;
	for (; opened < growth->count && status == PF_OK && !pf_interrupts; opened++) {
		status = open_point(growth, opened, by_size, &points[opened], &error);
	}
	if (status == PF_OK && !pf_interrupts) {
		status = run_rounds(growth, points, request->seconds, &error);
	}
	for (size_t i = 0; i < opened; i++) {
		pf_work_state_close(&points[i].work);
	}
	if (status == PF_OK && !pf_interrupts) {
		pf_growth_judge(growth);
		return;
	}
	growth->verdict = status == PF_ERR_INVALID ? PF_GROWTH_REFUSED : PF_GROWTH_UNKNOWN;
	snprintf(growth->why, sizeof growth->why, "%.190s",
		 status == PF_OK ? "stopped on request" : error.message);
}

static bool is_chosen(const pf_growth_request *request, const pf_workload *workload)
{
	return workload->size_unit && (!request->contain || strstr(workload->name, request->contain));
}

pf_status pf_growth_measure(const pf_growth_request *request, const pf_workloads *table, pf_growth **out,
			    size_t *count, bool *stopped, pf_error *error)
{
	const pf_workload *workload;
	pf_growth *list = calloc(2 * (size_t)table->count + 1, sizeof *list);
	size_t axes = 0;
	*out = list;
	*count = 0;
	*stopped = false;
	if (!list) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the workloads of a library");
	}
	for (uint32_t i = 0; (workload = pf_workload_at(table, i)); i++) {
		axes += is_chosen(request, workload) ? 2 : 0;
	}
	for (uint32_t i = 0; (workload = pf_workload_at(table, i)) && !pf_interrupts; i++) {
		for (int by_size = 1; by_size >= 0 && is_chosen(request, workload); by_size--) {
			pf_growth *own = &list[*count];
			*own = (pf_growth){.workload = workload,
					   .table = table,
					   .axis = by_size ? workload->size_unit : "units"};
			if (by_size) {
				choose_sizes(request, own);
			} else {
				choose_units(own);
			}
			if (request->tell) {
				request->tell(workload->name, *count, axes);
			}
			measure_axis(request, own, by_size);
			(*count)++;
		}
	}
	*stopped = pf_interrupts != 0;
	return axes ? PF_OK
		    : pf_fail(error, PF_ERR_USAGE, NULL, "no workload with sizes has \"%.60s\" in its name",
			      request->contain ? request->contain : "");
}
