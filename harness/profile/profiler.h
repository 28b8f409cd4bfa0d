/* A profiler at work: it takes samples of a process and all that it starts, by perf events where the kernel
 * allows them, else by a preloaded object. */
#ifndef HARNESS_PROFILER_H
#define HARNESS_PROFILER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/profile/profile.h"
#include "harness/profile/sample_tags.h"
#include "photofinish/status.h"

typedef enum pf_profile_method {
	PF_PROFILE_AUTO,
	PF_PROFILE_PERF,
	PF_PROFILE_TIMERS,
} pf_profile_method;

/* What a session asks the probe for. */
typedef struct pf_profile_order {
	pf_profile_method method;
	uint32_t hz;         /* 1 to PF_PROFILE_HZ_MOST */
	const char *variant; /* what a trial's threads say of themselves to other profilers; NULL: nothing */
	const char *executable; /* that samples are taken of; NULL: this program: where the preloaded object
				   lies */
	/* Continuous: as often what was found since goes to `take`, which releases nothing, and is forgotten:
	 * memory stays what that takes. 0: all of it is found at the end. */
	double every_s;
	void (*take)(void *context, const pf_profile *profile);
	void *context;
} pf_profile_order;

#define PF_PROFILE_HZ_MOST 1000u /* beyond it looking costs more than a few percent */

typedef struct pf_profiler pf_profiler;

/* Before the process is started. PF_ERR_UNAVAILABLE where the method is not to be had here. */
pf_status pf_profiler_open(const pf_profile_order *order, pf_profiler **out, pf_error *error);
void pf_profiler_close(pf_profiler *profiler); /* NULL is fine */

/* That the process has to be started with. Valid until the profiler is closed. */
char **pf_profiler_environment(const pf_profiler *profiler);

/* The process is there and waits: it has begun nothing yet. on_exec: it starts what is to be looked at. Where
 * perf events fail now (they did not in opening), nothing will be found. */
void pf_profiler_attach(pf_profiler *profiler, pid_t pid, bool on_exec);

/* Samples get stages from there. */
void pf_profiler_tag(pf_profiler *profiler, const pf_tag_source *source);

/* Takes in what has come: about ten times a second. */
void pf_profiler_tick(pf_profiler *profiler);

/* What was found since the last call, with names, while the processes go on: as pf_profiler_finish. */
pf_profile *pf_profiler_cut(pf_profiler *profiler);

/* Once the processes have ended: what was found, with names; wall and CPU time are the caller's to fill in.
 * NULL without memory. The caller releases and frees it. */
pf_profile *pf_profiler_finish(pf_profiler *profiler);

#endif
