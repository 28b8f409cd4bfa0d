/* Counters: which events are counted (a plan), what came of them (counts with the time that they were enabled
 * and really ran), and where they come from (a backend: the kernel's perf events, or a recording in tests).
 */
#ifndef HARNESS_COUNTERS_H
#define HARNESS_COUNTERS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/status.h"

enum { PF_COUNTERS_MAX = 24, PF_COUNTER_NAME = 48 };

/* One event, ready for perf_event_open(2): type and configs are those of struct perf_event_attr. */
typedef struct pf_counter_event {
	char name[PF_COUNTER_NAME];  /* "branch-misses", or as it was given */
	char group[PF_COUNTER_NAME]; /* that it was asked for by; "raw" */
	uint32_t type;
	uint64_t config, config1, config2;
	bool exclude_user, exclude_kernel; /* by a modifier of the name */
} pf_counter_event;

/* Plain data: a trial's process gets a copy. */
typedef struct pf_counter_plan {
	uint32_t count;           /* 0: nothing is counted */
	uint32_t slots_per_cycle; /* of the core's front end, for top-down shares; 0: unknown */
	bool callgrind;           /* instructions of the kernel under callgrind, too */
	pf_counter_event events[PF_COUNTERS_MAX]; /* each once */
} pf_counter_plan;

/* Fills in a plan from names divided by commas: groups (cycles, instructions, cache, branch, tlb, topdown,
 * software), instructions:valgrind, or events that libpfm4 knows on this machine. Nothing is opened. */
pf_status pf_counter_plan_parse(const char *list, pf_counter_plan *plan, pf_error *error);

/* Fills in type, configs and modifiers of an event by its libpfm4 name; PF_ERR_USAGE for one that it does not
 * know. Not thread-safe. */
pf_status pf_counter_event_by_name(const char *name, pf_counter_event *event, pf_error *error);

/* As the kernel gives it: the value counted while it ran, not scaled. Running below enabled: the event shared
 * its hardware counter with others (multiplexed). */
typedef struct pf_count {
	uint64_t value, enabled_ns, running_ns;
} pf_count;

/* How the opening of an event went. */
typedef struct pf_counter_opening {
	int32_t why; /* errno; 0: it is counted */
	/* Not 0: the kernel may not be looked at, what happens there is not in it. No bool: a trial's process
	 * may write anything here. */
	uint32_t user_only;
} pf_counter_opening;

typedef struct pf_counter_backend pf_counter_backend;

/* The open events of one thread; the caller's, without anything on the heap. */
typedef struct pf_counter_reader {
	const pf_counter_backend *backend;
	uint32_t count;
	int32_t fds[PF_COUNTERS_MAX];     /* -1: not open */
	uint32_t leader[PF_COUNTERS_MAX]; /* index of the event that leads its group */
	bool family;                      /* of the thread and all that it starts */
	void *recording;                  /* of a backend that plays one */
} pf_counter_reader;

struct pf_counter_backend {
	/* Opens what it can of the plan for the calling thread; `family`: and for all that it starts from now
	 * on, each event by itself. openings[] gets an entry for each event. */
	void (*open)(const pf_counter_backend *self, const pf_counter_plan *plan, bool family,
		     pf_counter_reader *reader, pf_counter_opening *openings);
	/* Counts since the opening, of all events; those that are not open are left alone. Async-signal-safe.
	 */
	void (*read)(const pf_counter_reader *reader, pf_count *counts);
	void (*close)(pf_counter_reader *reader);
};

/* Opens what it can of the plan for a process of ours that is about to start a command as its child: what is
 * counted is the command and all that it starts, from its exec on, nothing of that process itself. */
void pf_counter_open_command(const pf_counter_plan *plan, pid_t starter, pf_counter_reader *reader,
			     pf_counter_opening *openings);

/* perf_event_open(2). Where the kernel's part may not be counted, the user's part is; where that is always
 * nothing (context switches happen in the kernel), the event is not opened: EACCES. */
extern const pf_counter_backend pf_counter_perf;

enum { PF_COUNTER_WHY = 200 };

/* Why an event cannot be counted, in words that say what to do; `paranoid` is the value of
 * /proc/sys/kernel/perf_event_paranoid, or below -1 where there is none. */
const char *pf_counter_why(int32_t number, int paranoid, char out[PF_COUNTER_WHY]);
int pf_perf_event_paranoid(void);

#endif
