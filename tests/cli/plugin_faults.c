/* A plug-in with one fault, chosen by a definition. */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/exec.h"
#include "photofinish/variant.h"

#if defined(NO_STRUCT)
PF_API const char pf_plugin_variant[] = "abc";
#elif !defined(NO_SYMBOL)

#ifdef DIES_LOADING
__attribute__((constructor)) static void die(void)
{
	abort();
}
#endif
#ifdef NEVER_LOADS
__attribute__((constructor)) static void stay(void)
{
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;) {
		sleep(1000);
	}
}
#endif
#ifdef ENDS_LOADING
__attribute__((constructor)) static void end(void)
{
	_exit(0);
}
#endif
#ifdef MISSING_SYMBOL
void pf_nowhere_to_be_found(void);
#endif

#ifdef SCRIBBLES
/* Bytes of no bool and no enum all over what is shared with the harness, and an end before anybody trips. */
static void scribble(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long begin, end;
		if (strstr(line, "/memfd:") && strstr(line, " rw-s ") &&
		    sscanf(line, "%lx-%lx", &begin, &end) == 2) {
			memset((void *)begin, SCRIBBLES, end - begin); /* NOLINT(performance-no-int-to-ptr) */
		}
	}
	_exit(0);
}
#endif

#ifdef LOSES
/* Every photo has a score, but one, of which a library says that it went wrong. */
static pf_status lose(const pf_dataset *dataset, struct pf_sink *sink)
{
	pf_status status = PF_OK;
	pf_score score = {0};
	for (uint32_t i = 0; i < dataset->count && status == PF_OK; i++) {
		pf_burst burst = {.id = i, .count = 1, .photos = &i};
		bool lost = i == 5;
		pf_photo_result result = {i, i, lost ? PF_ERR_INTERNAL : PF_OK, lost ? "it threw" : "",
					  lost ? NULL : &score};
		uint32_t rank = lost ? 0 : 1;
		sink->burst_found(sink, &burst);
		sink->photo_done(sink, &result);
		status = sink->burst_ranked(sink, &burst, &rank);
	}
	return status;
}
#endif

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	(void)env;
	(void)dataset;
	(void)sink;
#ifdef MISSING_SYMBOL
	pf_nowhere_to_be_found();
#endif
#ifdef SHRINKS
	for (int fd = 4; fd <= 5; fd++) { /* the trial's block and the manifest, which others have mapped */
		if (!ftruncate(fd, 0) || !ftruncate(fd, 1 << 30)) {
			return pf_fail(error, PF_ERR_INTERNAL, NULL, "descriptor %d was cut", fd);
		}
	}
#endif
#ifdef SCRIBBLES
	scribble();
#endif
#ifdef LOSES
	return lose(dataset, sink);
#endif
#ifdef DIES_RUNNING
	raise(SIGKILL);
#endif
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "it should not have come to this");
}

#if defined(UNASKED_TOLERANCE) || defined(BAD_TOLERANCE) || defined(NO_BOUNDS)
static const struct pf_variant_tolerance tolerance = {
	.total = 0.5,
#ifdef BAD_TOLERANCE
	.measures = {[PF_MEASURE_NOISE] = -1},
#endif
#ifndef NO_BOUNDS
	.best_shots = 1,
	.rank_correlation = 1,
#endif
};
#define TOLERANCE &tolerance
#else
#define TOLERANCE NULL
#endif

PF_API const struct pf_variant pf_plugin_variant = {
#ifdef OLD_CONTRACT
	.abi_version = PF_ABI_VERSION + 1,
#else
	.abi_version = PF_ABI_VERSION,
#endif
#ifdef OTHER_SIZE
	.struct_size = 16,
#else
	.struct_size = sizeof(struct pf_variant),
#endif
#if defined(BAD_NAME)
	.name = "Bad\nName",
#elif defined(TAKEN_NAME)
	.name = "single-load",
#else
	.name = "faulty",
#endif
#ifdef NO_PARENT
	.parent = "nowhere",
#else
	.parent = "single-load",
#endif
	.summary = "a fault",
	.change = "a fault",
	.principle = "none",
	.hypothesis = "it is found out",
	.expected = "one line",
#if defined(NO_TOLERANCE) || defined(BAD_TOLERANCE) || defined(NO_BOUNDS)
	.caps = PF_CAP_APPROX,
#endif
#ifdef OWN_CAPS
	.caps = PF_CAP_COMMAND,
#elif defined(UNKNOWN_CAPS)
	.caps = 1u << 20,
#endif
	.tolerance = TOLERANCE,
	.run = run,
};
#endif
