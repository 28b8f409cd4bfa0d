/* Workspaces: one thread, no allocation in a run, several of them on one network, profiles, misuse. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/trace.h"
#include "tests/unit/network_case.h"

#ifndef PF_SANITIZED
static atomic_size_t allocations;

extern void *__libc_malloc(size_t size); /* NOLINT(bugprone-reserved-identifier,cert-dcl37-c) */

/* Of the whole process: what oneDNN and libgomp allocate counts too. */
void *malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __libc_malloc(size);
}
#endif

static const char *const files[] = {PF_SOURCE_DIR "/tests/nn/vectors/silu_residual.onnx",
				    PF_SOURCE_DIR "/tests/nn/vectors/squeeze_excite.onnx",
				    PF_SOURCE_DIR "/tests/nn/vectors/deconv_wide.onnx",
				    PF_SOURCE_DIR "/tests/nn/vectors/linear.onnx"};

static pf_network *load(const char *file)
{
	pf_network *network = NULL;
	pf_error error = {0};
	if (pf_network_load(file, NULL, &network, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	return network;
}

static pf_workspace *open_workspace(const pf_network *network, const char *backend, unsigned flags)
{
	pf_workspace *workspace = NULL;
	pf_error error = {0};
	if (pf_workspace_create(network, backend, flags, &workspace, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	unsigned seed = 1;
	for (size_t i = 0; i < pf_network_input_count(network); i++) {
		fill_random(pf_network_input(network, i), pf_workspace_input(workspace, i), &seed);
	}
	return workspace;
}

static int thread_count(void)
{
	char line[128];
	int threads = 0;
	FILE *status = fopen("/proc/self/status", "r");
	while (status && fgets(line, sizeof line, status)) {
		if (!strncmp(line, "Threads:", 8)) {
			threads = atoi(line + 8);
		}
	}
	fclose(status);
	return threads;
}

static double seconds(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* What only the calling thread has done, of all that the process did. */
static void test_one_thread(void **state)
{
	(void)state;
	pf_network *network = load(files[0]);
	const char *backend;
	for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
		int threads = thread_count();
		pf_workspace *workspace = open_workspace(network, backend, 0);
		double own = seconds(CLOCK_THREAD_CPUTIME_ID), all = seconds(CLOCK_PROCESS_CPUTIME_ID);
		while (seconds(CLOCK_THREAD_CPUTIME_ID) - own < 0.2) {
			assert_int_equal(pf_workspace_run(workspace, NULL), PF_OK);
		}
		own = seconds(CLOCK_THREAD_CPUTIME_ID) - own;
		all = seconds(CLOCK_PROCESS_CPUTIME_ID) - all;
		print_message("%s: %.1f %% of the process's CPU time is the thread's own\n", backend,
			      100 * own / all);
		assert_true(own > 0.98 * all);
		assert_int_equal(thread_count(), threads);
		pf_workspace_destroy(workspace);
	}
	pf_network_free(network);
}

static void test_no_allocation(void **state)
{
	(void)state;
#ifdef PF_SANITIZED
	skip();
#else
	const char *backend;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		pf_network *network = load(files[i]);
		for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
			pf_workspace *workspace = open_workspace(network, backend, 0);
			size_t before = atomic_load(&allocations);
			for (int round = 0; round < 3; round++) {
				assert_int_equal(pf_workspace_run(workspace, NULL), PF_OK);
			}
			if (atomic_load(&allocations) != before) {
				fail_msg("%s on %s: %zu allocations in three runs", files[i], backend,
					 atomic_load(&allocations) - before);
			}
			pf_workspace_destroy(workspace);
		}
		pf_network_free(network);
	}
#endif
}

static uint64_t digest(const pf_network *network, const pf_workspace *workspace)
{
	uint64_t hash = 14695981039346656037u;
	for (size_t i = 0; i < pf_network_output_count(network); i++) {
		const pf_network_tensor *out = pf_network_output(network, i);
		size_t bytes = (size_t)pf_shape_elements(&out->shape) * pf_type_bytes(out->type);
		const uint8_t *data = pf_workspace_output(workspace, i);
		for (size_t k = 0; k < bytes; k++) {
			hash = (hash ^ data[k]) * 1099511628211u;
		}
	}
	return hash;
}

typedef struct worker {
	const pf_network *network;
	uint64_t digest;
} worker;

static void *run_worker(void *context)
{
	worker *w = context;
	pf_workspace *workspace = open_workspace(w->network, pf_network_backend(0), 0);
	for (int i = 0; i < 50; i++) {
		pf_workspace_run(workspace, NULL);
	}
	w->digest = digest(w->network, workspace);
	pf_workspace_destroy(workspace);
	return NULL;
}

/* The network is loaded before the fork and shared by all; each worker opens its own workspace. */
static void test_workers(void **state)
{
	(void)state;
	pf_network *network = load(files[0]);
	int pipes[2];
	assert_int_equal(pipe(pipes), 0);
	for (int i = 0; i < 2; i++) {
		pid_t child = fork();
		if (child == 0) {
			worker w = {.network = network};
			run_worker(&w);
			_exit(write(pipes[1], &w.digest, sizeof w.digest) != sizeof w.digest);
		}
		int status = -1;
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_int_equal(status, 0);
	}
	uint64_t forked[2];
	assert_int_equal(read(pipes[0], forked, sizeof forked), sizeof forked);
	close(pipes[0]);
	close(pipes[1]);
	worker workers[2] = {{.network = network}, {.network = network}};
	pthread_t threads[2];
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pthread_create(&threads[i], NULL, run_worker, &workers[i]), 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(threads[i], NULL);
		assert_true(workers[i].digest == forked[0] && forked[i] == forked[0]);
	}
	pf_network_free(network);
}

static void test_profile_and_nodes(void **state)
{
	(void)state;
	pf_network *network = load(files[1]);
	size_t nodes = pf_network_node_count(network);
	pf_node_time *times = calloc(nodes, sizeof *times);
	pf_workspace *workspace = open_workspace(network, pf_network_backend(0), PF_WORKSPACE_KEEP);
	pf_workspace_profile(workspace, times);
	assert_int_equal(pf_workspace_run(workspace, NULL), PF_OK);
	pf_workspace_profile(workspace, NULL);
	uint64_t sum = 0, macs = 0;
	for (size_t i = 0; i < nodes; i++) {
		pf_network_node node;
		pf_network_node_get(network, i, &node);
		sum += times[i].ns + times[i].reorder_ns;
		macs += node.macs;
		assert_non_null(pf_workspace_node_backend(workspace, i));
		size_t bytes = (size_t)pf_shape_elements(&node.shape) * pf_type_bytes(node.type);
		void *data = malloc(bytes);
		assert_int_equal(pf_workspace_read_node(workspace, i, 0, data, bytes, NULL), PF_OK);
		assert_int_equal(pf_workspace_read_node(workspace, i, 0, data, bytes + 4, NULL),
				 PF_ERR_USAGE);
		assert_int_equal(pf_workspace_read_node(workspace, i, 1, data, bytes, NULL), PF_ERR_USAGE);
		free(data);
	}
	pf_network_stats stats;
	pf_network_stats_get(network, &stats);
	assert_true(sum > 0 && macs == stats.macs && stats.macs == 256);
	assert_int_equal(stats.parameters, 16 * 16 + 16);
	/* Squeeze: the input to 16 means; excite: these, matrix, bias, 16 factors; both and the product. */
	int64_t input = pf_shape_elements(&pf_network_input(network, 0)->shape);
	assert_int_equal(stats.value_bytes, 4 * ((input + 16) + (16 + 16 * 16 + 16 + 16) + (2 * input + 16)));
	pf_workspace_destroy(workspace);
	pf_error error = {0};
	assert_int_equal(pf_workspace_create(network, "abacus", 0, &workspace, &error), PF_ERR_USAGE);
	free(times);
	pf_network_free(network);
}

static void test_limits_and_bindings(void **state)
{
	(void)state;
	pf_network_options options;
	pf_network_options_default(&options);
	pf_network *network = NULL;
	pf_error error = {0};
	options.max_work = 1000;
	assert_int_equal(pf_network_load(files[0], &options, &network, &error), PF_ERR_TOO_LARGE);
	pf_network_options_default(&options);
	options.max_activation_bytes = 3000; /* one value fits, a run does not */
	assert_int_equal(pf_network_load(files[0], &options, &network, &error), PF_OK);
	pf_workspace *workspace;
	assert_int_equal(pf_workspace_create(network, "plain", 0, &workspace, &error), PF_ERR_MEMORY_LIMIT);
	pf_network_free(network);
	pf_network_options_default(&options);
	options.max_file_bytes = 100;
	assert_int_equal(pf_network_load(files[0], &options, &network, &error), PF_ERR_TOO_LARGE);
	pf_network_options_default(&options);
	network = load(files[0]);
	pf_network_binding binding = {pf_network_input(network, 0)->name, {4, {2, 16, 9, 8}}};
	options.bindings = &binding;
	options.binding_count = 1;
	pf_network *bound;
	assert_int_equal(pf_network_load(files[0], &options, &bound, &error), PF_OK);
	assert_true(pf_shape_equal(&pf_network_output(bound, 0)->shape, &binding.shape));
	if (pf_network_backend(1)) {
		assert_true(backends_difference(bound, 1, true, NULL, &error) < 1e-5);
	}
	pf_network_free(bound);
	pf_network_free(network);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_workers), /* first: it forks before oneDNN has started */
		cmocka_unit_test(test_one_thread),        cmocka_unit_test(test_no_allocation),
		cmocka_unit_test(test_profile_and_nodes), cmocka_unit_test(test_limits_and_bindings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
