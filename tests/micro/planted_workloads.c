/* Workloads with planted faults, each of which `bench` has to refuse a time, and a burst matcher that
 * compares each photo with all before it, which `complexity` has to find. `right` has none. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/workload.h"

typedef struct state {
	const pf_workload *of;
	size_t count;
	uint32_t *values; /* capture times, in some order of bodies */
	uint32_t result, runs;
	int fast, done;
} state;

static int set_up(const pf_workload *self, const pf_workload_input *input, void **out, char *error,
		  size_t error_bytes)
{
	state *own = *out = calloc(1, sizeof *own);
	uint32_t random = input->seed;
	if (input->way && strcmp(input->way, "absent") == 0) {
		snprintf(error, error_bytes, "it is planted to be absent");
		return 1;
	}
	own->of = self;
	own->count = (size_t)input->size;
	own->values = calloc(own->count, sizeof *own->values);
	own->fast = input->way && strcmp(input->way, "fast") == 0;
	for (size_t i = 0; i < own->count; i++) {
		own->values[i] = (random = random * 1664525u + 1013904223u) >> 8;
	}
	return 0;
}

static uint32_t sum(const state *own)
{
	uint32_t result = 1;
	for (size_t i = 0; i < own->count; i++) {
		result = result * 31 + own->values[i];
	}
	return result;
}

static int run_right(void *s, uint64_t n)
{
	state *own = s;
	while (n-- > 0) {
		own->result = sum(own);
		own->done = 1;
	}
	return 0;
}

/* The fast way leaves out the last value. */
static int run_wrong(void *s, uint64_t n)
{
	state *own = s;
	own->count -= (size_t)own->fast;
	run_right(own, n);
	own->count += (size_t)own->fast;
	return 0;
}

static int run_idle(void *s, uint64_t n)
{
	(void)s;
	(void)n;
	return 0;
}

static int run_unstable(void *s, uint64_t n)
{
	state *own = s;
	for (; n > 0; n--) {
		run_right(own, 1);
		own->result += ++own->runs;
	}
	return 0;
}

/* Right as long as it is looked at, not in what is timed. */
static int run_later(void *s, uint64_t n)
{
	state *own = s;
	for (; n > 0; n--) {
		run_right(own, 1);
		own->result += ++own->runs > 20;
	}
	return 0;
}

static int run_fails(void *s, uint64_t n)
{
	(void)s;
	return n > 0 ? 7 : 0;
}

/* A burst matcher that looks for each photo's neighbour in time among all before it: N^2. */
static int run_quadratic(void *s, uint64_t n)
{
	state *own = s;
	while (n-- > 0) {
		own->result = 0;
		for (size_t i = 0; i < own->count; i++) {
			uint32_t nearest = UINT32_MAX;
			for (size_t k = 0; k < i; k++) {
				uint32_t a = own->values[i], b = own->values[k];
				uint32_t apart = a > b ? a - b : b - a;
				nearest = apart < nearest ? apart : nearest;
			}
			own->result = own->result * 31 + nearest;
		}
		own->done = 1;
	}
	return 0;
}

static void digest(const void *s, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	const state *own = s;
	memset(out, 0, PF_WORKLOAD_DIGEST_BYTES);
	memcpy(out, &own->result, sizeof own->result);
	memcpy(out + 8, &own->done, sizeof own->done);
}

static void tear_down(void *s)
{
	state *own = s;
	if (own) {
		free(own->values);
	}
	free(own);
}

static const char *const ways[] = {"plain", "fast", "absent", NULL};

#define PHOTOS .size_unit = "photos", .size_least = 16, .size_most = 1000000, .size_default = 10000
#define WORKLOAD(name_, what_, run_, ...)                                                            \
	{                                                                                            \
		.name = name_, .what = what_, .unit = "pass", PHOTOS, .set_up = set_up, .run = run_, \
		.digest = digest, .tear_down = tear_down, __VA_ARGS__                                \
	}

static const pf_workload workloads[] = {
	WORKLOAD("right", "nothing is wrong with it", run_right, .ways = ways),
	WORKLOAD("wrong", "its fast way computes something else", run_wrong, .ways = ways),
	WORKLOAD("idle", "it does nothing", run_idle, .ways = NULL),
	WORKLOAD("unstable", "another output each time", run_unstable, .ways = NULL),
	WORKLOAD("later", "wrong once it is timed", run_later, .ways = NULL),
	WORKLOAD("fails", "it fails", run_fails, .ways = NULL),
	WORKLOAD("quadratic", "a burst matcher that compares each with all", run_quadratic, .ways = NULL),
};

const pf_workloads pf_workloads_v1 = {.version = PF_WORKLOADS_VERSION,
				      .struct_size = sizeof(pf_workloads),
				      .workload_size = sizeof(pf_workload),
				      .count = sizeof workloads / sizeof *workloads,
				      .workloads = workloads,
				      .library = "planted"};
