/* A library of workloads around another one, which does each unit of some of them with work of its own added:
 * for `photofinish calibrate`, which needs slowdowns of a known size. What is added is real work, a number of
 * rounds or of cache lines that stands in the file FILE.slow beside this object's own file: first line: path
 * of the library within then, each for a workload: NAME KIND AMOUNT, KIND one of compute, memory, rare */
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The table is filled in when the object is loaded; the header declares one that is not. */
#define pf_workloads_v1 pf_workloads_v1_as_declared
#include "photofinish/workload.h"
#undef pf_workloads_v1

enum { WORKLOADS_MOST = 64, LINE = 64, RARE = 100, PATH = 4096 };
#define BUFFER_BYTES ((size_t)64 << 20) /* beyond caches */

typedef struct added {
	char name[PF_WORKLOAD_NAME_MAX + 1];
	char kind; /* 'c', 'm', 'r' */
	unsigned long amount;
} added;

typedef struct slowed {
	const pf_workload *within;
	const added *added; /* NULL: nothing */
	void *state;
	unsigned char *buffer;
	size_t at;
	uint64_t value, random;
} slowed;

static const pf_workloads *within;
static pf_workload workloads[WORKLOADS_MOST];
static added additions[WORKLOADS_MOST];
static unsigned addition_count;

PF_WORKLOADS_EXPORT extern pf_workloads pf_workloads_v1;
pf_workloads pf_workloads_v1 = {.version = 0};

static const pf_workload *workload_at(uint32_t i)
{
	return (const pf_workload *)(const void *)((const char *)within->workloads +
						   (size_t)i * within->workload_size);
}

/* A chain in which each round waits for the one before. */
static void compute(slowed *s, unsigned long rounds)
{
	uint64_t value = s->value;
	for (unsigned long i = 0; i < rounds; i++) {
		value = (value ^ (value >> 29)) * 0xbf58476d1ce4e5b9u;
	}
	s->value = value;
}

/* Lines that are in no cache any more when they are read again. */
static void read_lines(slowed *s, unsigned long lines)
{
	uint64_t sum = 0;
	for (unsigned long i = 0; i < lines; i++) {
		uint64_t word;
		memcpy(&word, s->buffer + s->at, sizeof word);
		sum += word;
		s->at = (s->at + LINE) % BUFFER_BYTES;
	}
	s->value += sum;
}

static void add_work(slowed *s)
{
	switch (s->added->kind) {
	case 'c':
		compute(s, s->added->amount);
		break;
	case 'm':
		read_lines(s, s->added->amount);
		break;
	default:
		s->random = s->random * 6364136223846793005u + 1442695040888963407u;
		if ((s->random >> 33) % RARE == 0) {
			compute(s, RARE * s->added->amount);
		}
		break;
	}
}

static int set_up(const pf_workload *self, const pf_workload_input *input, void **state, char *error,
		  size_t error_bytes)
{
	slowed *s = calloc(1, sizeof *s);
	*state = s;
	if (!s) {
		return 1;
	}
	s->within = workload_at((uint32_t)(self - workloads));
	s->value = 1;
	/* Other units are slow in each process. */
	s->random = (uint64_t)(uintptr_t)s ^ (uint64_t)(uintptr_t)&s ^ input->seed;
	for (unsigned i = 0; i < addition_count; i++) {
		if (strcmp(additions[i].name, self->name) == 0) {
			s->added = &additions[i];
		}
	}
	if (s->added && s->added->kind == 'm') {
		s->buffer = malloc(BUFFER_BYTES);
		if (!s->buffer) {
			return 1;
		}
		memset(s->buffer, 1, BUFFER_BYTES);
	}
	return s->within->set_up(s->within, input, &s->state, error, error_bytes);
}

static int run(void *state, uint64_t n)
{
	slowed *s = state;
	int failed = 0;
	for (uint64_t i = 0; i < n && !failed; i++) {
		failed = s->within->run(s->state, 1);
		if (s->added) {
			add_work(s);
		}
	}
	return failed;
}

static void digest(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	const slowed *s = state;
	s->within->digest(s->state, out);
}

static void tear_down(void *state)
{
	slowed *s = state;
	if (s) {
		if (s->within) {
			s->within->tear_down(s->state);
		}
		free(s->buffer);
		free(s);
	}
}

static void read_additions(FILE *stream)
{
	added *a = additions;
	char kind[16];
	while (addition_count < WORKLOADS_MOST &&
	       fscanf(stream, "%63s %15s %lu", a->name, kind, &a->amount) == 3) {
		a->kind = kind[0];
		a = &additions[++addition_count];
	}
}

/* A table of version 0, which nobody takes, where something is missing. */
__attribute__((constructor)) static void load(void)
{
	Dl_info own;
	char path[PATH];
	if (!dladdr((void *)&pf_workloads_v1, &own)) {
		return;
	}
	snprintf(path, sizeof path, "%s.slow", own.dli_fname);
	FILE *stream = fopen(path, "r");
	if (!stream) {
		return;
	}
	if (fgets(path, sizeof path, stream)) {
		path[strcspn(path, "\n")] = '\0';
		read_additions(stream);
		void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		within = handle ? dlsym(handle, PF_WORKLOADS_SYMBOL) : NULL;
	}
	fclose(stream);
	if (!within || within->version != PF_WORKLOADS_VERSION || within->count > WORKLOADS_MOST) {
		return;
	}
	for (uint32_t i = 0; i < within->count; i++) {
		workloads[i] = *workload_at(i);
		workloads[i].set_up = set_up;
		workloads[i].run = run;
		workloads[i].digest = digest;
		workloads[i].tear_down = tear_down;
	}
	pf_workloads_v1 = (pf_workloads){.version = PF_WORKLOADS_VERSION,
					 .struct_size = sizeof(pf_workloads),
					 .workload_size = sizeof(pf_workload),
					 .count = within->count,
					 .workloads = workloads,
					 .library = within->library};
}
