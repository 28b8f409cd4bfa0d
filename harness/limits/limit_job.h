/* One thing that is measured: what a process does again and again, and how much of it that is. */
#ifndef HARNESS_LIMIT_JOB_H
#define HARNESS_LIMIT_JOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/limits/limits.h"

typedef struct pf_limit_setting {
	const pf_limits_question *question;
	uint32_t worker, workers; /* this one, of how many */
	const pf_topology *topology;
	size_t memory_bytes; /* that a worker may use to be beyond the caches */
} pf_limit_setting;

/* `open` returns NULL with a reason in `why` where it cannot be had here. `run` takes some 0.1 to 50 ms,
 * what has no smaller part longer, and returns how many units it did, below 0 on failure. Nothing is shared
 * with other workers. */
typedef struct pf_limit_job {
	void *(*open)(const pf_limit_setting *setting, pf_limit_id id, char why[200]);
	double (*run)(void *state);
	void (*close)(void *state);
	double scale;                    /* units a second to the limit's unit */
	bool inverse;                    /* the limit is a time: seconds a unit, scaled */
	bool single;                     /* measured with one worker only */
	bool (*is_here)(pf_limit_id id); /* NULL: always */
	const char *missing;             /* why it is not */
} pf_limit_job;

extern const pf_limit_job pf_limit_decode_job, pf_limit_read_job, pf_limit_copy_job, pf_limit_fp32_job,
	pf_limit_int8_job, pf_limit_storage_job, pf_limit_latency_job, pf_limit_pipe_job, pf_limit_shared_job,
	pf_limit_device_job;

/* One pass: runs a job with `workers` processes for about its part of that time, and adds samples to *out.
 * False with `why`, and *out without samples, where one of them could not. */
bool pf_limit_run(const pf_limit_job *job, pf_limit_id id, const pf_limit_setting *setting,
		  pf_limit_samples *out, char why[200]);

/* Binds the caller to core `index` of the topology, counted round. */
void pf_limit_bind(const pf_topology *topology, uint32_t index);

#endif
