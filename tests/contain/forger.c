/* A worker that was taken over by the photo that it was given: a plug-in whose crew does so on the first
 * photo of the second burst. $FORGER says what it does there: "look" tries all of what lies in its reach that
 * others go by, and says what came of each in the photo's message; the others forge the outcome of the third
 * burst's first photo: "tell" through its own line, "done" says that its burst is done when it is not,
 * "garbage" writes what makes no sense, "leave" goes as if all were well, "burst" makes its photo another
 * burst's, "twice" tells of it twice, "blame" dies and names a photo of others. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "photofinish/crew.h"
#include "photofinish/variant.h"

#define SHARED_FD 4 /* of a trial's process: harness/trial/trial_shared.h */

static pf_crew crew;

/* Whether this process can write a byte there, without dying of it: a pipe's read says so. It writes what is
 * there. */
static int writable(const volatile void *address)
{
	int ends[2];
	unsigned char byte = *(const volatile unsigned char *)address;
	if (pipe(ends)) {
		return -1;
	}
	ssize_t got = write(ends[1], &byte, 1) == 1 ? read(ends[0], (void *)address, 1) : -1;
	close(ends[0]);
	close(ends[1]);
	return got == 1 ? 0 : -1;
}

static uint32_t other_slot(void)
{
	return crew.worker.slot == 1 ? 2 : 1;
}

static int write_own_trace(void)
{
	return writable(&crew.env->traces[crew.worker.slot]) == 0 ? -1
								  : 0; /* it must: else nothing was tried */
}

static int write_trace(void)
{
	return writable(&crew.env->traces[other_slot()].photo);
}

static int write_main_trace(void)
{
	return writable(&crew.env->traces[0]);
}

static int write_span(void)
{
	return writable(crew.env->traces[other_slot()].ring);
}

static int write_place(void)
{
	return writable(&crew.env->places[other_slot()]);
}

static int write_cancel(void)
{
	return writable(crew.env->cancel);
}

static int write_order(void)
{
	return writable(crew.env->scorer);
}

static int write_bursts(void)
{
	size_t count;
	return writable(pf_burst_store_order(crew.bursts, &count));
}

static int unprotect(const void *address)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	return mprotect((void *)((uintptr_t)address / page * page), page, PROT_READ | PROT_WRITE);
}

static int unprotect_bursts(void)
{
	size_t count;
	return unprotect(pf_burst_store_order(crew.bursts, &count));
}

static int unprotect_order(void)
{
	return unprotect(crew.env->scorer);
}

static int map_block(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, SHARED_FD, 0) == MAP_FAILED ? -1 : 0;
}

static int open_block(void)
{
	return open("/proc/self/fd/4", O_RDWR) < 0 && open("/proc/self/fd/3", O_WRONLY) < 0 ? -1 : 0;
}

/* Pipes that it could write to, beside its own line and what it prints on. */
static int write_pipes(void)
{
	int count = 0;
	for (int fd = 3; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFL);
		count += flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
	}
	return count > 1 ? 0 : -1;
}

/* Its own line of units, and no other's. */
static int read_pipes(void)
{
	int count = 0;
	for (int fd = 3; fd < 256; fd++) {
		char path[64], what[64] = "";
		snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
		int flags = fcntl(fd, F_GETFL);
		count += flags >= 0 && (flags & O_ACCMODE) == O_RDONLY &&
			 readlink(path, what, sizeof what - 1) > 0 && strncmp(what, "pipe:", 5) == 0;
	}
	return count > 1 ? 0 : -1;
}

static const struct {
	const char *name;
	int (*try)(void);
} attempts[] = {
	{"own-trace", write_own_trace},
	{"trace", write_trace},
	{"main-trace", write_main_trace},
	{"span", write_span},
	{"place", write_place},
	{"cancel", write_cancel},
	{"order", write_order},
	{"bursts", write_bursts},
	{"unprotect-bursts", unprotect_bursts},
	{"unprotect-order", unprotect_order},
	{"map", map_block},
	{"open", open_block},
	{"write-pipes", write_pipes},
	{"read-pipes", read_pipes},
};

static pf_status look(pf_error *error)
{
	char refused[200] = "", done[200] = "";
	for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
		char *list = attempts[i].try() ? refused : done;
		size_t used = strlen(list);
		snprintf(list + used, 200 - used, " %s", attempts[i].name);
	}
	return pf_fail(error, PF_ERR_DAMAGED, NULL, "refused:%s; done:%s", refused, done);
}

/* Whatever can be written to is: the worker's own line among it. */
static void write_garbage(void)
{
	char garbage[64];
	memset(garbage, 0xff, sizeof garbage);
	for (int fd = 3; fd < 256; fd++) {
		int flags = fcntl(fd, F_GETFL);
		if (flags >= 0 && (flags & O_ACCMODE) != O_RDONLY && write(fd, garbage, sizeof garbage) < 0) {
			break;
		}
	}
}

static pf_status forge(const char *how, const pf_burst_worker *worker, size_t index, pf_error *error)
{
	pf_score forged = {.total = 1};
	pf_burst second = pf_burst_store_get(crew.bursts, 1), last = pf_burst_store_get(crew.bursts, 2);
	if (strcmp(how, "tell") == 0) {
		pf_result_put(worker->table, worker->sink, last.photos[0], last.id, PF_OK, &forged, NULL);
	} else if (strcmp(how, "burst") == 0) {
		pf_result_put(worker->table, worker->sink, (uint32_t)index, second.id + 1, PF_OK, &forged,
			      NULL);
	} else if (strcmp(how, "twice") == 0) {
		pf_result_put(worker->table, worker->sink, (uint32_t)index, second.id, PF_OK, &forged, NULL);
		return PF_OK; /* and once more */
	} else if (strcmp(how, "garbage") == 0) {
		write_garbage();
	} else if (strcmp(how, "leave") == 0) {
		_exit(0);
	} else if (strcmp(how, "blame") == 0) { /* another's photo, with its death */
		atomic_store(&worker->trace->photo, last.photos[0]);
		abort();
	}
	sleep(10); /* it is not asked to go on */
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "nobody minded");
}

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	const char *how = getenv("FORGER");
	if (how && pf_burst_store_count(crew.bursts) > 2 &&
	    index == pf_burst_store_get(crew.bursts, 1).photos[0]) {
		return strcmp(how, "look") == 0 ? look(error) : forge(how, worker, index, error);
	}
	return pf_scorer_photo(worker->scorer, worker->dataset, index, score, error);
}

/* A burst that it says to be done with at once. */
static pf_status score_burst(pf_crew *own, size_t place, pf_error *error)
{
	const char *how = getenv("FORGER");
	pf_burst burst = pf_burst_store_get(own->bursts, place);
	return how && strcmp(how, "done") == 0 && place == 1 ? PF_OK
							     : pf_burst_score(&own->worker, &burst, error);
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_burst_scan *scan = NULL;
	pf_status status = pf_crew_open(&crew, env, dataset, sink, error);
	if (status == PF_OK) {
		status = pf_burst_scan_create(dataset, crew.trace, pf_crew_add, &crew, &scan, error);
	}
	if (status == PF_OK) {
		status = pf_burst_scan_rest(scan, env->cancel, error);
	}
	if (status == PF_OK) {
		crew.score_photo = score_photo;
		crew.score_burst = score_burst;
		status = pf_crew_run(&crew, error);
	}
	pf_burst_scan_destroy(scan);
	pf_crew_close(&crew);
	return status;
}

PF_API const struct pf_variant pf_plugin_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "forger",
	.parent = "parallel",
	.summary = "parallel with a worker that was taken over",
	.change = "one worker forges",
	.principle = "none",
	.hypothesis = "it is refused",
	.expected = "the others' scores are what they are",
	.caps = PF_CAP_WORKERS,
	.run = run,
};
