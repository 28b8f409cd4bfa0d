/* Workers are where they were asked to be: threads by hand, and the workers of every variant. Where binding
 * is forbidden, the run goes on and tells. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "datasets/dataset_make.h"
#include "harness/registry/known.h"
#include "harness/trial/trial.h"
#include "photofinish/exec.h"
#include "temp_folder.h"
#include "undisturbed.h"

static char folder[256];
static pf_dataset *tiny;
static pf_topology topology;
static pf_trace traces[3];
static pf_place *places; /* 3, shared with children */
static struct pf_env env;

static int set_up(void **state)
{
	(void)state;
	pf_error error = {0};
	pf_temp_make(folder);
	pf_make_options options = {.spec = "tiny", .home = folder, .workers = 2};
	assert_int_equal(pf_dataset_make(&options, NULL, &error), PF_OK);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "tiny/manifest"), &tiny, &error), PF_OK);
	assert_int_equal(pf_topology_read(NULL, NULL, &topology, &error), PF_OK);
	places = mmap(NULL, 3 * sizeof *places, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_true(places != MAP_FAILED);
	env = (struct pf_env){.workers = 2, .traces = traces, .places = places};
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	munmap(places, 3 * sizeof *places);
	pf_dataset_free(tiny);
	pf_temp_remove(folder);
	return 0;
}

/* The last processor that may be used: not where a worker would be by chance on an idle machine. */
static uint32_t last_cpu(void)
{
	return topology.cpus[topology.count - 1].cpu;
}

static bool same(const pf_cpus *a, const pf_cpus *b)
{
	return memcmp(a, b, sizeof *a) == 0;
}

static void *work(void *slot)
{
	uint32_t number = (uint32_t)(uintptr_t)slot;
	pf_worker_enter(&env, number);
	pf_worker_enter(&env, number); /* once more changes nothing */
	pf_worker_leave(&env, number);
	pf_worker_leave(&env, number);
	return NULL;
}

static void test_threads(void **state)
{
	(void)state;
	pf_cpus before = pf_cpus_allowed();
	memset(places, 0, 3 * sizeof *places);
	pf_cpus_add(&places[1].asked, topology.cpus[0].cpu);
	pf_cpus_add(&places[2].asked, last_cpu());
	for (int round = 1; round <= 2; round++) {
		pthread_t threads[2];
		for (uintptr_t i = 0; i < 2; i++) {
			assert_int_equal(pthread_create(&threads[i], NULL, work, (void *)(i + 1)), 0);
		}
		for (int i = 0; i < 2; i++) {
			pthread_join(threads[i], NULL);
			const pf_place *place = &places[i + 1];
			assert_true(same(&place->got, &place->asked) && same(&place->kept, &place->asked));
			assert_int_equal(place->entered, round);
			assert_int_equal(place->left, round);
			assert_int_equal(place->bind_errno, 0);
			/* A thread with one processor cannot be moved; null where the kernel does not tell.
			 */
			assert_true(place->migrations == 0 || place->migrations == PF_UNKNOWN);
		}
	}
	pf_cpus after = pf_cpus_allowed();
	assert_true(same(&before, &after)); /* this thread is not bound */
	pf_worker_enter(&env, 0);           /* nothing is asked of slot 0 */
	assert_true(same(&places[0].got, &before));
	pf_worker_leave(&env, 0);
}

/* A thread that is moved in between does not pass for one that kept its place. */
static void test_one_that_is_moved(void **state)
{
	(void)state;
	pid_t child = fork();
	if (child == 0) {
		memset(places, 0, 3 * sizeof *places);
		pf_cpus_add(&places[1].asked, topology.cpus[0].cpu);
		pf_worker_enter(&env, 1);
		cpu_set_t other;
		CPU_ZERO(&other);
		CPU_SET(last_cpu(), &other);
		sched_setaffinity(0, sizeof other, &other);
		pf_worker_leave(&env, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(places[1].left, 1);
	assert_true(pf_cpus_has(&places[1].kept, last_cpu()));
	if (topology.count > 1) {
		assert_false(same(&places[1].kept, &places[1].asked));
		assert_true(places[1].migrations == 1 || places[1].migrations == PF_UNKNOWN);
	}
}

/* quick: without models, which every worker would open; but approximate variants need the stages that they
 * change. */
static void open_session(pf_session *session, const char *placement, bool quick)
{
	pf_error error = {0};
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	assert_true(!quick || pf_scorer_config_stages(&config, "facts,decode,quality", &error) == PF_OK);
	assert_int_equal(pf_session_open(session, tiny, &config, &error), PF_OK);
	session->executable = PF_BINARY_DIR "/photofinish";
	session->timeout_s = 3600;
	assert_int_equal(pf_placement_choose(&topology, placement, &session->placement, &error), PF_OK);
}

static void check_slots(const struct pf_variant *variant, const pf_trial *trial,
			const pf_placement *placement)
{
	bool many = variant->caps & PF_CAP_WORKERS;
	for (uint32_t slot = 0; slot <= trial->workers; slot++) {
		const pf_place *place = &trial->places[slot];
		if (slot > 0 && !many) {
			assert_int_equal(place->entered, 0);
			continue;
		}
		pf_cpus asked = pf_placement_place(placement, slot ? slot - 1 : 0);
		if (slot > 0 || !many) {
			assert_true(same(&place->asked, &asked));
		}
		if (!place->entered || !place->left || !same(&place->got, &place->asked) ||
		    !same(&place->kept, &place->asked)) {
			print_error("%s, slot %u: it is not where it was asked to be\n", variant->name, slot);
			fail();
		}
		assert_int_equal(place->bind_errno, 0);
	}
}

static void test_workers_of_every_variant(void **state)
{
	(void)state;
	char backwards[32];
	snprintf(backwards, sizeof backwards, topology.count > 1 ? "%u,%u" : "%u", last_cpu(),
		 topology.cpus[0].cpu);
	pf_session sessions[2];
	open_session(&sessions[0], backwards, true);
	open_session(&sessions[1], backwards, false);
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		const struct pf_variant *variant = *entry;
		uint32_t workers = variant->caps & PF_CAP_WORKERS ? 2 : 1;
		const pf_session *session = &sessions[(variant->caps & PF_CAP_APPROX) != 0];
		pf_trial trial;
		pf_error error;
		if (variant->caps & (PF_CAP_MAY_CRASH | PF_CAP_GPU)) {
			continue;
		}
		assert_int_equal(pf_trial_undisturbed(session, variant, workers, NULL, NULL, &trial, &error),
				 PF_OK);
		assert_int_equal(trial.ending, PF_ENDED_OK);
		check_slots(variant, &trial, &session->placement);
		pf_trial_release(&trial);
	}
	pf_session_close(&sessions[0]);
	pf_session_close(&sessions[1]);
}

/* From now on this process and its children may not bind themselves. */
static int forbid_binding(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_sched_setaffinity, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program);
}

/* 77: no filters here. */
static int run_unbound(void)
{
	const struct pf_variant *variant = pf_variant_find("parallel");
	pf_session session;
	pf_trial trial;
	pf_error error;
	open_session(&session, "cores", true);
	if (forbid_binding()) {
		return 77;
	}
	if (pf_trial_undisturbed(&session, variant, 2, NULL, NULL, &trial, &error) != PF_OK ||
	    trial.ending != PF_ENDED_OK || trial.photos_scored != tiny->count) {
		return 1;
	}
	pf_cpus allowed = pf_cpus_allowed();
	for (int slot = 0; slot <= 2; slot++) {
		if (trial.places[slot].bind_errno != EPERM || !same(&trial.places[slot].got, &allowed)) {
			return 2;
		}
	}
	return 0;
}

static void test_where_binding_is_forbidden(void **state)
{
	(void)state;
	int ending = 0;
	pid_t child = fork();
	if (child == 0) {
		_exit(run_unbound());
	}
	assert_int_equal(waitpid(child, &ending, 0), child);
	assert_true(WIFEXITED(ending));
	if (WEXITSTATUS(ending) == 77) {
		skip();
	}
	assert_int_equal(WEXITSTATUS(ending), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_one_that_is_moved),
		cmocka_unit_test(test_workers_of_every_variant),
		cmocka_unit_test(test_where_binding_is_forbidden),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
