#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "core/exec/binding.h"
#include "photofinish/exec.h"

/* VmHWM and not ru_maxrss: the latter keeps the size that the process had before its exec. */
static uint64_t peak_rss_bytes(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[128];
	unsigned long kib = 0;
	while (status && fgets(line, sizeof line, status)) {
		if (sscanf(line, "VmHWM: %lu", &kib) == 1) {
			break;
		}
	}
	if (status) {
		fclose(status);
	}
	return (uint64_t)kib * 1024;
}

pf_trace *pf_worker_enter(const struct pf_env *env, uint32_t slot)
{
	if (slot > 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
	}
	pf_trace_enter(&env->traces[slot]);
	if (env->places) {
		pf_place_enter(&env->places[slot]);
	}
	return &env->traces[slot];
}

void pf_worker_leave(const struct pf_env *env, uint32_t slot)
{
	uint64_t peak = peak_rss_bytes();
	if (env->places) {
		pf_place_leave(&env->places[slot]);
	}
	if (peak > env->traces[slot].peak_rss_bytes) {
		env->traces[slot].peak_rss_bytes = peak;
	}
	pf_trace_leave(&env->traces[slot]);
}
