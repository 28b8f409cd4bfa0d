#include "harness/memory/allocations.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/own_object.h"
#include "harness/preload/allocation_board.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"

#define LIBRARY "photofinish_allocations.so"

#ifndef PF_SANITIZED
/* LD_PRELOAD divides by blanks and colons, and has no quotes: an object with such a path is known by a
 * descriptor of this process, which stays open as long as it lives. */
static pf_status name_without_blanks(char *path, size_t capacity, pf_error *error)
{
	if (!strpbrk(path, " :")) {
		return PF_OK;
	}
	int object = open(path, O_RDONLY | O_CLOEXEC);
	if (object < 0) {
		return pf_fail_errno(error, path, "cannot open");
	}
	snprintf(path, capacity, "/proc/%ld/fd/%d", (long)getpid(), object);
	return PF_OK;
}
#endif

pf_status pf_allocation_library(const char *executable, char *path, size_t capacity, pf_error *error)
{
#ifdef PF_SANITIZED
	(void)executable;
	(void)path;
	(void)capacity;
	return pf_fail(
		error, PF_ERR_UNAVAILABLE, NULL,
		"allocations cannot be counted in a build with sanitizers, which replace the allocator: "
		"use a release build");
#else
	return pf_own_object(executable, LIBRARY, path, capacity)
		       ? name_without_blanks(path, capacity, error)
		       : pf_fail(error, PF_ERR_UNAVAILABLE, path,
				 "allocations cannot be counted: " LIBRARY
				 " is neither here nor in " PF_PRELOAD_FROM_PROGRAM ": build or install it");
#endif
}

pf_status pf_allocation_board_open(pf_allocation_board **board, int *fd, pf_error *error)
{
	int memory = pf_memory_file("allocations", sizeof **board);
	*board = NULL;
	*fd = memory;
	if (memory < 0) {
		return pf_fail_errno(error, NULL, "cannot make room for counts of allocations");
	}
	void *at = mmap(NULL, sizeof **board, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (at == MAP_FAILED) {
		return pf_fail_errno(error, NULL, "cannot make room for counts of allocations");
	}
	*board = at;
	(*board)->magic = PF_ALLOCATION_MAGIC;
	(*board)->capacity = PF_ALLOCATION_PROCESSES;
	return PF_OK;
}

void pf_allocation_board_close(pf_allocation_board *board, int fd)
{
	if (board) {
		munmap(board, sizeof *board);
	}
	if (fd >= 0) {
		close(fd);
	}
}

char **pf_allocation_environment(const char *library, int fd)
{
	size_t count = 0, used = 0;
	while (environ[count]) {
		count++;
	}
	char **copy = calloc(count + 3, sizeof *copy);
	const char *before = getenv("LD_PRELOAD");
	bool room = copy &&
		    asprintf(&copy[used++], "LD_PRELOAD=%s%s%s", library, before ? ":" : "",
			     before ? before : "") >= 0 &&
		    asprintf(&copy[used++], PF_ALLOCATION_VARIABLE "=/proc/%d/fd/%d", (int)getpid(), fd) >= 0;
	for (size_t i = 0; i < count && room; i++) {
		if (strncmp(environ[i], "LD_PRELOAD=", 11) != 0) {
			copy[used] = strdup(environ[i]);
			room = copy[used++] != NULL;
		}
	}
	if (!room) {
		pf_allocation_environment_free(copy);
		return NULL;
	}
	return copy;
}

void pf_allocation_environment_free(char **environment)
{
	for (size_t i = 0; environment && environment[i]; i++) {
		free(environment[i]);
	}
	free(environment);
}

/* The trial writes there: a value may be anything, but nothing is followed. */
static uint64_t read_count(const _Atomic uint64_t *value)
{
	return atomic_load_explicit(value, memory_order_relaxed);
}

static uint64_t not_negative(int64_t value)
{
	return value > 0 ? (uint64_t)value : 0;
}

static void add(pf_allocation_count *sum, const pf_allocation_count *one)
{
	sum->allocations += one->allocations;
	sum->reallocations += one->reallocations;
	sum->frees += one->frees;
	sum->bytes += one->bytes;
}

static void collect_process(const pf_allocation_process *from, const pf_trace *traces, uint32_t workers,
			    pf_allocations *all, pf_allocated_process *out)
{
	int32_t pid = atomic_load(&from->pid);
	*out = (pf_allocated_process){
		.slot = PF_NO_SLOT,
		.inherited_bytes = not_negative(from->inherited_bytes),
		.peak_live_bytes = not_negative(atomic_load(&from->peak_live_bytes)),
		.end_live_bytes = not_negative(atomic_load(&from->live_bytes)),
	};
	for (uint32_t slot = workers + 1; slot-- > 0;) {
		out->slot = atomic_load(&traces[slot].pid) == pid ? slot : out->slot;
	}
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_cell *cell = &from->stages[i];
		pf_allocation_count count = {read_count(&cell->allocations), read_count(&cell->reallocations),
					     read_count(&cell->frees), read_count(&cell->bytes)};
		uint64_t peak = not_negative(atomic_load(&cell->peak_live_bytes));
		add(&all->stages[i], &count);
		add(&out->total, &count);
		all->stage_peak_live_bytes[i] = peak > all->stage_peak_live_bytes[i]
							? peak
							: all->stage_peak_live_bytes[i];
	}
	add(&all->total, &out->total);
}

/* A line for each stage: its name and its three counts. Bytes are left out: paths are among them. */
static void digest_counts(pf_allocations *all)
{
	char text[(PF_STAGE_COUNT + 1) * 128];
	size_t used = 0;
	for (int i = 0; i <= PF_STAGE_COUNT; i++) {
		const pf_allocation_count *count = &all->stages[i];
		used += (size_t)snprintf(text + used, sizeof text - used, "%s %llu %llu %llu\n",
					 i < PF_STAGE_COUNT ? pf_stage_name((pf_stage)i) : "outside",
					 (unsigned long long)count->allocations,
					 (unsigned long long)count->reallocations,
					 (unsigned long long)count->frees);
	}
	pf_sha256_of(text, used, all->digest);
}

pf_allocations *pf_allocations_collect(const pf_allocation_board *board, const pf_trace *traces,
				       uint32_t workers)
{
	uint32_t used = atomic_load(&board->used);
	uint32_t count = used > PF_ALLOCATION_PROCESSES ? PF_ALLOCATION_PROCESSES : used;
	pf_allocations *all = calloc(1, sizeof *all);
	if (!all || !count || !(all->processes = calloc(count, sizeof *all->processes))) {
		free(all);
		return NULL;
	}
	all->process_count = count;
	all->lost_processes = used - count;
	for (uint32_t i = 0; i < count; i++) {
		collect_process(&board->processes[i], traces, workers, all, &all->processes[i]);
	}
	digest_counts(all);
	return all;
}

void pf_allocations_free(pf_allocations *allocations)
{
	if (allocations) {
		free(allocations->processes);
		free(allocations);
	}
}

static pf_allocation_stage_function tell_stage;

/* What stands in parts of a stage counts as the stage's. */
static void begin(pf_trace *trace, pf_stage stage)
{
	(void)trace;
	tell_stage((uint32_t)pf_stage_whole(stage));
}

/* Back to the enclosing one. */
static void end(pf_trace *trace, pf_stage stage)
{
	(void)stage;
	uint32_t outer = atomic_load_explicit(&trace->stage, memory_order_relaxed);
	tell_stage((uint32_t)pf_stage_whole((pf_stage)outer));
}

void pf_allocation_hook_install(void)
{
	static pf_span_hook hook = {.begin = begin, .end = end};
	void *address = dlsym(RTLD_DEFAULT, PF_ALLOCATION_STAGE_SYMBOL);
	if (address) {
		memcpy(&tell_stage, &address, sizeof address);
		hook.next = pf_span_hooks;
		pf_span_hooks = &hook;
	}
}
