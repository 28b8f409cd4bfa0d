#include "tests/unit/hostile_model.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include <cmocka.h>

#include "photofinish/workspace.h"

static unsigned drawn;

void hostile_seed(unsigned seed)
{
	drawn = seed;
}

unsigned hostile_draw(void)
{
	drawn = drawn * 1664525u + 1013904223u;
	return drawn >> 8;
}

long long hostile_bend(long long sound, bool hostile)
{
	static const long long bad[] = {0,         -1,        1,         2,         3,
					7,         -7,        1 << 20,   INT32_MAX, 1LL << 31,
					1LL << 32, 1LL << 62, INT64_MAX, INT64_MIN};
	return hostile && hostile_draw() % 12 == 0 ? bad[hostile_draw() % (sizeof bad / sizeof *bad)] : sound;
}

static size_t mutate(const onnx_bytes *model, uint8_t *out)
{
	memcpy(out, model->data, model->size);
	size_t size = model->size;
	switch (hostile_draw() % 5) {
	case 0:
		return hostile_draw() % size;
	case 1: /* a run that is doubled or cut out */
	{
		size_t from = hostile_draw() % size, length = hostile_draw() % (size - from) % 40;
		memmove(out + from, out + from + length, size - from - length);
		return size - length;
	}
	case 2:
		for (unsigned i = hostile_draw() % 8 + 1; i; i--) {
			static const uint8_t telling[] = {0, 0x7f, 0x80, 0xff, 1, 2};
			out[hostile_draw() % size] = telling[hostile_draw() % sizeof telling];
		}
		return size;
	default:
		for (unsigned i = hostile_draw() % 4 + 1; i; i--) {
			out[hostile_draw() % size] ^= (uint8_t)(1u << hostile_draw() % 8);
		}
		return size;
	}
}

/* Numbers as networks expect them, and now and then any bits: NaN, indices out of range. */
static void fill_hostile(const pf_network *network, pf_workspace *workspace)
{
	for (size_t i = 0; i < pf_network_input_count(network); i++) {
		const pf_network_tensor *tensor = pf_network_input(network, i);
		size_t bytes = pf_type_bytes(tensor->type), count = (size_t)pf_shape_elements(&tensor->shape);
		char *at = pf_workspace_input(workspace, i);
		bool sound = hostile_draw() % 4 != 0;
		for (size_t k = 0; k < count && k < 4096; k++) {
			uint64_t bits = (uint64_t)hostile_draw() << 40 ^ (uint64_t)hostile_draw() << 20 ^
					hostile_draw();
			int64_t small = (int64_t)(hostile_draw() % 4);
			float number = (float)small - 1;
			const void *from = !sound                          ? (const void *)&bits
					   : tensor->type == PF_TYPE_FLOAT ? (const void *)&number
									   : &small;
			memcpy(at + k * bytes, from, bytes);
			if (tensor->type == PF_TYPE_BOOL) {
				at[k] &= 1;
			}
		}
	}
}

bool survive(const uint8_t *bytes, size_t size)
{
	pf_network_options options;
	pf_network_options_default(&options);
	options.max_work = 50000000;
	pf_network *network = NULL;
	pf_error error = {0};
	pf_status status = pf_network_load_memory(bytes, size, "mutated", &options, &network, &error);
	if (status != PF_OK) {
		assert_true(error.message[0] && !strchr(error.message, '\n'));
		return false;
	}
	const char *backend;
	for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
		pf_workspace *workspace;
		if (pf_workspace_create(network, backend, 0, &workspace, &error) == PF_OK) {
			fill_hostile(network, workspace);
			pf_workspace_run(workspace, &error);
			pf_workspace_destroy(workspace);
		}
	}
	pf_network_free(network);
	return true;
}

/* While tests under a limit of memory run. */
static void limit_data(rlim_t bytes, struct rlimit *before)
{
#ifndef PF_SANITIZED /* the sanitizer reserves terabytes of addresses */
	struct rlimit limit;
	getrlimit(RLIMIT_DATA, before);
	limit = *before;
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_DATA, &limit);
#else
	(void)bytes;
	(void)before;
#endif
}

static void lift_limit(const struct rlimit *before)
{
#ifndef PF_SANITIZED
	setrlimit(RLIMIT_DATA, before);
#else
	(void)before;
#endif
}

/* Of this thread: what others do on the machine takes no part. */
static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int survive_mutations(const char *name, const onnx_bytes *model, int rounds, onnx_bytes (*bent_model)(void))
{
	int alive = 0;
	uint8_t *mutated = malloc(model->size);
	assert_non_null(mutated);
	assert_true(survive(model->data, model->size));
	uint64_t slowest = 0;
	struct rlimit before;
	limit_data(256u << 20, &before);
	for (int i = 0; i < rounds; i++) {
		hostile_seed((unsigned)i * 2654435761u + 17);
		onnx_bytes bent = {0};
		if (bent_model && i % 4 == 3) { /* sound bytes, numbers that are not */
			bent = bent_model();
		}
		size_t size = bent.data ? bent.size : mutate(model, mutated);
		uint8_t *exact = malloc(size + 1); /* so that a read behind the end is seen */
		memcpy(exact, bent.data ? bent.data : mutated, size);
		onnx_clear(&bent);
		uint64_t begun = cpu_ns();
		alive += survive(exact, size);
		uint64_t took = cpu_ns() - begun;
		slowest = took > slowest ? took : slowest;
		free(exact);
	}
	lift_limit(&before);
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	if (name) {
		print_message("%s: %d mutations of %zu bytes: %d still run, slowest %.0f ms, peak %ld MiB\n",
			      name, rounds, model->size, alive, (double)slowest * 1e-6,
			      usage.ru_maxrss / 1024);
	}
	if (slowest >= 5000000000u) {
		fail_msg("%s: a mutation took %.1f s of CPU time", name ? name : "an operator",
			 (double)slowest * 1e-9);
	}
	free(mutated);
	return alive;
}

int rounds_or(int wanted)
{
	const char *count = getenv("PF_MUTATIONS");
	return count ? atoi(count) : wanted;
}
