/* The machine and the build that figures were taken on. Never the names of hosts or users. */
#ifndef HARNESS_ENVIRONMENT_H
#define HARNESS_ENVIRONMENT_H

#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_environment {
	char cpu[128];               /* model name */
	char vendor[32];             /* "AuthenticAMD" */
	int family, model, stepping; /* -1 where unknown */
	uint32_t cores;              /* physical cores that this process may use */
	uint32_t processors;         /* logical ones that it may use */
	char hypervisor[32];         /* "none" or "yes" (a flag of the CPU), "unknown" */
	uint64_t memory_bytes;
	char kernel[128]; /* release */
	char libc[64];
	const char *compiler, *compiler_flags, *build_type, *sanitizers, *version;
	const char *engine;  /* libraries and instruction set */
	double load_average; /* over the last minute */
} pf_environment;

void pf_environment_read(pf_environment *environment);

/* Physical cores that this process may use: the default number of workers. At least 1. */
uint32_t pf_core_count(void);

/* NULL, or why this build must not be timed (no optimisation, sanitizers). Static text. */
const char *pf_build_unfit_for_timing(void);

#define PF_TIME_UNFIT "PHOTOFINISH_TIME_UNFIT_BUILD" /* in the environment */

/* Refuses to time with such a build (PF_ERR_UNAVAILABLE), unless PHOTOFINISH_TIME_UNFIT_BUILD=1 is in the
 * environment: tests execute such builds, whose times are marked NOT FOR TIMING. */
pf_status pf_build_check_timing(pf_error *error);

/* The same of any build, for tests: `unfit` is why, or NULL; `allowed` is the variable's value, or NULL. */
pf_status pf_build_judge_timing(const char *unfit, const char *allowed, pf_error *error);

#endif
