/* Workloads "mix", "sift" and "both" of a library that has, or has not, one fault: SLEEPS,
 * LEAKS, CHANGED, NEWER, MISSING, CRASHES, HANGS, IDLE, LAZY, EXITS, ALLOCATES, FAILS, UNSTABLE. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mix.h"
#include "photofinish/workload.h"

typedef struct work {
	const char *place;
	uint64_t words[WORDS], sorted[SIFTED], out;
	unsigned calls;
	int kind;
} work;

static int set_up(const pf_workload *self, const pf_workload_input *input, void **state, char *error,
		  size_t error_bytes)
{
	work *w = calloc(1, sizeof *w);
	uint64_t random = input->seed;
	(void)error;
	(void)error_bytes;
	*state = w;
	for (int i = 0; i < WORDS && w; i++) {
		random = random * 6364136223846793005u + 1442695040888963407u;
		w->words[i] = random;
	}
	if (w) {
		w->place = places[input->seed % 7];
		w->kind = self->name[0] == 'm' ? 1 : self->name[0] == 's' ? 2 : 3;
	}
	return w ? 0 : 1;
}

static void fault(work *w)
{
	(void)w;
#ifdef SLEEPS
	usleep(200);
#endif
#ifdef LEAKS
	static void *volatile kept;
	kept = malloc(100);
#endif
#ifdef ALLOCATES
	for (int i = 0; i < 20; i++) {
		static void *volatile made;
		made = malloc(100);
		free(made);
	}
#endif
#ifdef CRASHES
	*(volatile int *)8 = 1;
#endif
#ifdef HANGS
	pause();
#endif
#ifdef EXITS
	exit(0);
#endif
}

static int run(void *state, uint64_t n)
{
	work *w = state;
#ifdef IDLE
	return 0;
#endif
#ifdef FAILS
	return 7;
#endif
#ifdef LAZY
	n = n > 0;
#endif
	for (uint64_t i = 0; i < n; i++) {
		if (w->kind & 1) {
			w->out = mix(w->words, WORDS);
			fault(w);
		}
		if (w->kind & 2) {
			memcpy(w->sorted, w->words, sizeof w->sorted);
			sift(w->sorted, SIFTED);
		}
#ifdef UNSTABLE
		w->out += ++w->calls;
#endif
	}
	return 0;
}

static void digest(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	const work *w = state;
	uint64_t parts[4] = {w->out, w->sorted[0], w->sorted[SIFTED / 2], w->sorted[SIFTED - 1]};
#if defined CHANGED || defined NEWER
	parts[1] ^= 1;
#endif
	memcpy(out, parts, sizeof parts);
#ifdef UNSTABLE
	out[0] = (uint8_t)w->out;
#endif
}

static void tear_down(void *state)
{
	free(state);
}

static const char *const in_both[] = {"both", NULL};
#define WORKLOAD(name, what, within)                                                               \
	{                                                                                          \
		name, what, "pass", within, NULL, 0, 0, 0, 0, NULL, set_up, run, digest, tear_down \
	}

static const pf_workload workloads[] = {
#ifndef MISSING
	WORKLOAD("mix", "a multiplying hash", in_both),
#endif
	WORKLOAD("sift", "insertion sort", in_both),
	WORKLOAD("both", "both of them", NULL),
#ifdef NEWER
	WORKLOAD("sift-again", "what only the candidate has", NULL),
#endif
};

const pf_workloads pf_workloads_v1 = {PF_WORKLOADS_VERSION,
				      sizeof(pf_workloads),
				      sizeof(pf_workload),
				      sizeof workloads / sizeof *workloads,
				      workloads,
#ifdef NEWER
				      "subject 2"
#else
				      "subject 1"
#endif
};
