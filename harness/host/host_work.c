#include "harness/host/host_work.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/base/child.h"
#include "harness/base/interrupt.h"
#include "harness/base/signal_name.h"
#include "harness/host/host_journal.h"
#include "harness/registry/contained_paths.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

#define LOOK_MS 500 /* between looks for a run */
#define TICK_MS 100
#define PATIENCE_MS 60000 /* without a Redis that was there */
#define GONE_MS 12000     /* without the run there: longer than it is known without its submitter */

/* Of this process and the one that scores; its workers may read it, and write to their own trace. */
struct shared {
	atomic_int cancel;
	pf_status status;
	pf_error error;
	pf_host_counts counts;
	pf_trace traces[] __attribute__((aligned(PF_SLOT_ALIGNMENT)));
};

static struct {
	struct shared *shared;
	size_t bytes;
	int fd, read_fd; /* of its memory; the latter for reading alone */
} own = {NULL, 0, -1, -1};

static pf_status make_shared(uint32_t workers, pf_error *error)
{
	char path[64];
	own.bytes = sizeof(struct shared) + (workers + 1) * sizeof(pf_trace);
	own.fd = pf_memory_file("photofinish-host", own.bytes);
	snprintf(path, sizeof path, "/proc/self/fd/%d", own.fd);
	own.read_fd = own.fd < 0 ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	void *memory = own.read_fd < 0 ? MAP_FAILED
				       : mmap(NULL, own.bytes, PROT_READ | PROT_WRITE, MAP_SHARED, own.fd, 0);
	if (memory == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "not enough memory for a host");
	}
	own.shared = memory;
	for (uint32_t i = 0; i <= workers; i++) {
		pf_trace_reset(&own.shared->traces[i]);
	}
	return PF_OK;
}

static void drop_shared(void)
{
	if (own.shared) {
		munmap(own.shared, own.bytes);
	}
	if (own.fd >= 0) {
		close(own.fd);
	}
	if (own.read_fd >= 0) {
		close(own.read_fd);
	}
	own.shared = NULL;
	own.fd = own.read_fd = -1;
}

/* pf_env.isolate: in a worker, which reads photos of whomever. */
static pf_status isolate(const struct pf_env *env, uint32_t slot, pf_error *error)
{
	char *trace = (char *)&own.shared->traces[slot];
	bool mapped = mmap(own.shared, own.bytes, PROT_READ, MAP_SHARED | MAP_FIXED, own.read_fd, 0) !=
			      MAP_FAILED &&
		      mmap(trace, sizeof(pf_trace), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, own.fd,
			   trace - (char *)own.shared) != MAP_FAILED;
	(void)env;
	if (!mapped) {
		return pf_fail_errno(error, NULL, "cannot give up the host's memory");
	}
	close(own.fd);
	close(own.read_fd);
	return PF_OK;
}

static pf_status contain(const pf_work *work, pf_error *error)
{
	pf_contained_paths paths = {.count = 0};
	pf_contained_add(&paths, work->folder, false);
	pf_contained_add_models(&paths, &work->config);
	pf_contained_add_names(&paths);
	pf_contained_add_libraries(&paths);
	return pf_contained_enter(&paths, PF_ALLOW_NETWORK, error);
}

/* In the process that scores: its pool's parent. */
static pf_status host(const pf_work *work, const pf_cluster_found *found, pf_error *error)
{
	pf_host_journal *journal = NULL;
	pf_scorer_config config = work->config;
	const struct pf_env env = {.abi_version = PF_ABI_VERSION,
				   .struct_size = sizeof env,
				   .workers = work->workers,
				   .traces = own.shared->traces,
				   .cancel = &own.shared->cancel,
				   .scorer = &config,
				   .photo_timeout_ns = work->photo_timeout_ns,
				   .isolate = isolate};
	pf_host_order order = {.env = &env,
			       .dataset = found->dataset,
			       .address = work->address,
			       .seal = found->seal,
			       .name = work->name,
			       .lease_ms = found->lease_ms,
			       .patience_ms = PATIENCE_MS,
			       .gone_ms = GONE_MS};
	/* What is kept for other runs has to tell what was scored, too. */
	config.hash_files = found->hash_files || work->journal;
	pf_status status = work->journal ? pf_host_journal_open(work->journal, &journal, error) : PF_OK;
	if (status == PF_OK && journal) {
		status = pf_host_journal_memory(journal, found, &order.memory, error);
	}
	status = status == PF_OK ? contain(work, error) : status;
	status = status == PF_OK ? pf_cluster_host(&order, &own.shared->counts, error) : status;
	pf_host_journal_close(journal);
	return status;
}

/* Waits for the end of the process that scores, and hands interrupts on. */
static pf_status follow(pf_child *child, pf_error *error)
{
	while (!pf_child_has_ended(child)) {
		struct pollfd life = {.fd = child->life, .events = POLLIN};
		poll(&life, 1, TICK_MS);
		atomic_store(&own.shared->cancel, pf_interrupts > 0);
		if (pf_interrupts > 1) {
			pf_child_stop(child, 0, true);
		}
	}
	pf_status status = pf_child_reap(child, error);
	if (status != PF_OK) {
		return status;
	}
	if (pf_interrupts) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (WIFSIGNALED(child->ending)) {
		return pf_fail(error, PF_ERR_CRASHED, NULL, "the host crashed (%s)",
			       pf_signal_name(WTERMSIG(child->ending), (char[PF_SIGNAL_NAME]){0}));
	}
	if (own.shared->status != PF_OK) {
		*error = own.shared->error;
	}
	return own.shared->status;
}

static pf_status work_for(const pf_work *work, const pf_cluster_found *found, pf_host_counts *counts,
			  pf_error *error)
{
	pf_status status = make_shared(work->workers, error);
	if (status == PF_OK) {
		pf_child child;
		fflush(NULL);
		pid_t pid = pf_child_fork(&child);
		if (pid == 0) {
			own.shared->status = host(work, found, &own.shared->error);
			_exit(0);
		}
		status = pid < 0 ? pf_fail_errno(error, NULL, "cannot start a process that scores")
				 : follow(&child, error);
		*counts = own.shared->counts;
	}
	drop_shared();
	return status;
}

/* A host that has not all of the photos would call the others unreadable. */
static pf_status look_for_photos(const pf_work *work, const pf_dataset *dataset, pf_error *error)
{
	for (size_t i = 0; i < dataset->count; i++) {
		const pf_dataset_photo *photo = &dataset->photos[i];
		char path[4200], name[600];
		struct stat info;
		bool there = snprintf(path, sizeof path, "%s/%s", work->folder, photo->path) <
				     (int)sizeof path &&
			     stat(path, &info) == 0;
		if (!there || (photo->size_bytes && (uint64_t)info.st_size != photo->size_bytes)) {
			return pf_fail(error, PF_ERR_INVALID, work->folder,
				       "the run at %s has a photo that %s here: %s", work->redis,
				       there ? "is of another size" : "is not",
				       pf_escape(photo->path, name, sizeof name));
		}
	}
	return PF_OK;
}

/* Its photos are found in the folder of this host, whatever the submitter calls it. */
static pf_status take_over(const pf_work *work, pf_cluster_found *found, pf_error *error)
{
	const char *differ = pf_cluster_facts_differ(&work->facts, &found->facts);
	if (differ) {
		return pf_fail(error, PF_ERR_INVALID, NULL,
			       "the run at %s would have other scores than this host: %s differ", work->redis,
			       differ);
	}
	char *root = strdup(work->folder);
	if (!root) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a host");
	}
	free(found->dataset->root);
	found->dataset->root = root;
	return look_for_photos(work, found->dataset, error);
}

/* The run that goes on, or the next one. A Redis that was there once may be gone for a while. */
static pf_status find_run(const pf_work *work, pf_cluster_found *found, pf_error *error)
{
	static uint64_t reached_ns; /* 0: never */
	for (;;) {
		pf_status status = pf_cluster_find(&work->address, work->secret, true, found, error);
		uint64_t now = pf_now_ns();
		bool gone = status == PF_ERR_IO && reached_ns && now - reached_ns < PATIENCE_MS * 1000000ull;
		if (status != PF_ERR_NOT_FOUND && !gone) {
			reached_ns = now;
			return status;
		}
		reached_ns = gone ? reached_ns : now;
		if (pf_interrupts) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		poll(NULL, 0, LOOK_MS);
	}
}

pf_status pf_work_one(const pf_work *work, pf_host_counts *counts, pf_error *error)
{
	pf_cluster_found found;
	*counts = (pf_host_counts){0};
	pf_status status = find_run(work, &found, error);
	status = status == PF_OK ? take_over(work, &found, error) : status;
	status = status == PF_OK ? work_for(work, &found, counts, error) : status;
	pf_dataset_free(found.dataset);
	return status;
}
