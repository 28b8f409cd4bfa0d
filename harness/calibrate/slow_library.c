#include "harness/calibrate/slow_library.h"

#include <math.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/own_object.h"
#include "harness/gate/gate_side.h"
#include "harness/stats/order_statistics.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

#define OBJECT "photofinish_slowed.so"

enum { FIRST_AMOUNT = 200, STEPS_MOST = 20, BLOCKS_MOST = 4000, SLOT_NS = 1000000 };
#define ROUGH_S 0.5
#define FINAL_S 6.0

pf_status pf_slow_object(char path[PATH_MAX], pf_error *error)
{
	return pf_own_object(NULL, OBJECT, path, PATH_MAX)
		       ? PF_OK
		       : pf_fail(error, PF_ERR_UNAVAILABLE, path,
				 OBJECT " is not there: build or install it");
}

/* A file of its own each time: what is loaded already is not written into. */
static pf_status copy(const char *from, const char *to, pf_error *error)
{
	pf_new_file file;
	char bytes[65536];
	pf_error why = {0};
	FILE *stream = pf_open_regular(from, &why);
	if (!stream) {
		*error = why;
		return why.code;
	}
	pf_status status = pf_new_file_open(&file, to, error);
	if (status == PF_OK) {
		for (size_t got; (got = fread(bytes, 1, sizeof bytes, stream)) > 0;) {
			fwrite(bytes, 1, got, file.stream);
		}
		status = pf_new_file_commit(&file, true, error);
	}
	fclose(stream);
	return status;
}

static unsigned long amount_of(const pf_slow_recipe *recipe, const pf_dose *dose)
{
	unsigned long whole = recipe->slowdown == PF_SLOWDOWN_MEMORY ? dose->lines : dose->rounds;
	return (unsigned long)llround((double)whole * recipe->percent / PF_DOSE_PERCENT);
}

pf_status pf_slow_write(const pf_slow_recipe *recipe, const char *within, const char *path, pf_error *error)
{
	char notes[PATH_MAX + 8];
	snprintf(notes, sizeof notes, "%s.slow", path);
	FILE *stream = fopen(notes, "w");
	if (!stream) {
		return pf_fail_errno(error, notes, "cannot be written");
	}
	fprintf(stream, "%s\n", within);
	for (size_t i = 0; i < recipe->count && recipe->percent > 0.0; i++) {
		fprintf(stream, "%s %s %lu\n", recipe->doses[i].workload, pf_slowdown_name(recipe->slowdown),
			amount_of(recipe, &recipe->doses[i]));
	}
	if (fclose(stream)) {
		return pf_fail_errno(error, notes, "cannot be written");
	}
	return copy(recipe->object, path, error);
}

typedef struct pair {
	pf_gate_side *sides[2];
	uint64_t units; /* of a slot */
	char text[PF_GATE_TEXT];
} pair;

static bool run(pair *p, int side, double *ns)
{
	pf_gate_slot slot;
	bool fine = pf_gate_side_run(p->sides[side], p->units, &slot, p->text) == PF_GATE_FINE;
	*ns += fine ? (double)slot.wall_ns : 0.0;
	return fine;
}

static bool open_pair(pair *p, const char *const libraries[2], const char *workload)
{
	bool fine = true;
	for (int i = 0; i < 2 && fine; i++) {
		fine = pf_gate_side_open(libraries[i], true, &p->sides[i], p->text) == PF_GATE_FINE &&
		       pf_gate_side_set_up(p->sides[i], workload, PF_GATE_CUT, p->text) == PF_GATE_FINE;
	}
	double first = 0.0, second = 0.0;
	p->units = 1;
	fine = fine && run(p, 1, &first) && run(p, 0, &first) && run(p, 0, &second);
	if (fine && second < SLOT_NS) {
		p->units = (uint64_t)(SLOT_NS / fmax(second, 1.0)) + 1;
	}
	return fine;
}

/* How much slower the second library is, by the middle of alternated blocks, as a share. */
static pf_status compare(const char *const libraries[2], const char *workload, double seconds, double *share,
			 double *unit_ns, pf_error *error)
{
	pair p = {.units = 1};
	double *ratios = malloc(BLOCKS_MOST * sizeof *ratios), *times = malloc(BLOCKS_MOST * sizeof *times);
	size_t n = 0;
	uint64_t end = pf_now_ns() + (uint64_t)(seconds * 1e9);
	bool fine = ratios && times && open_pair(&p, libraries, workload);
	while (fine && !pf_interrupts && n < BLOCKS_MOST && (n < 8 || pf_now_ns() < end)) {
		double ns[2] = {0.0, 0.0};
		int outer = (int)(n % 2);
		fine = run(&p, outer, &ns[outer]) && run(&p, 1 - outer, &ns[1 - outer]) &&
		       run(&p, 1 - outer, &ns[1 - outer]) && run(&p, outer, &ns[outer]);
		ratios[n] = ns[1] / fmax(ns[0], 1.0);
		times[n++] = ns[0] / 2.0 / (double)p.units;
	}
	if (fine && n) {
		*share = pf_median_reorder(ratios, n) - 1.0;
		*unit_ns = pf_median_reorder(times, n);
	}
	pf_gate_side_close(p.sides[0]);
	pf_gate_side_close(p.sides[1]);
	free(ratios);
	free(times);
	if (pf_interrupts) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return fine ? PF_OK
		    : pf_fail(error, PF_ERR_INVALID, libraries[1], "workload %.64s: %.100s", workload,
			      p.text);
}

/* The amount of one kind, by what some fifty percent take: beside others a small difference would be found
 * wrong, and both kinds of work take in proportion to their amount. */
static pf_status find_amount(pf_slow_recipe *recipe, const char *within, const char *const libraries[2],
			     pf_dose *dose, pf_error *error)
{
	bool memory = recipe->slowdown == PF_SLOWDOWN_MEMORY, found = false;
	unsigned long *amount = memory ? &dose->lines : &dose->rounds;
	double share = 0.0;
	*amount = FIRST_AMOUNT;
	for (int step = 0; step < STEPS_MOST; step++) {
		pf_status status = pf_slow_write(recipe, within, libraries[1], error);
		if (status == PF_OK) {
			status = compare(libraries, dose->workload, found ? FINAL_S : ROUGH_S, &share,
					 &dose->unit_ns, error);
		}
		if (status != PF_OK) {
			return status;
		}
		bool near = share > 0.3 && share < 0.8;
		if (near && found) {
			*amount = (unsigned long)fmax(1.0, (double)*amount * PF_DOSE_PERCENT / 100.0 / share);
			return PF_OK;
		}
		found = near;
		*amount = near ? *amount
			       : (unsigned long)fmax(1.0,
						     (double)*amount * (share > 0.03 ? 0.5 / share : 10.0));
	}
	return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
		       "no amount of work was found that makes %.64s slower as wanted", dose->workload);
}

pf_status pf_slow_find_dose(const char *within, const char *folder, int cpu, pf_dose *dose, pf_error *error)
{
	char plain[PATH_MAX], slow[PATH_MAX];
	cpu_set_t before, one;
	snprintf(plain, sizeof plain, "%s/plain.so", folder);
	snprintf(slow, sizeof slow, "%s/slow.so", folder);
	const char *const libraries[2] = {plain, slow};
	pf_slow_recipe recipe = {.slowdown = PF_SLOWDOWN_COMPUTE, .doses = dose, .count = 1};
	pf_status status = pf_slow_object(recipe.object, error);
	if (status == PF_OK) {
		status = pf_slow_write(&recipe, within, plain, error);
	}
	CPU_ZERO(&one);
	CPU_SET((size_t)cpu, &one);
	bool bound = sched_getaffinity(0, sizeof before, &before) == 0 &&
		     sched_setaffinity(0, sizeof one, &one) == 0;
	recipe.percent = PF_DOSE_PERCENT;
	if (status == PF_OK) {
		status = find_amount(&recipe, within, libraries, dose, error);
	}
	recipe.slowdown = PF_SLOWDOWN_MEMORY;
	if (status == PF_OK) {
		status = find_amount(&recipe, within, libraries, dose, error);
	}
	if (bound) {
		sched_setaffinity(0, sizeof before, &before);
	}
	return status;
}
