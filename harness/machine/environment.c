#include "harness/machine/environment.h"

#include <gnu/libc-version.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "photofinish/scorer.h"

/* Copies what follows "key<spaces>: " if the line is of that key. */
static void take_line(const char *line, const char *key, char *out, size_t capacity)
{
	size_t length = strlen(key);
	const char *colon = strchr(line, ':');
	if (out[0] || strncmp(line, key, length) != 0 || !colon || strspn(line + length, " \t:") == 0) {
		return;
	}
	snprintf(out, capacity, "%.*s", (int)strcspn(colon + 2, "\n"), colon[1] ? colon + 2 : "");
}

static void read_cpu(pf_environment *environment)
{
	char family[16] = "", model[16] = "", stepping[16] = "", flags[4096] = "", line[8192];
	FILE *cpuinfo = fopen("/proc/cpuinfo", "re");
	while (cpuinfo && fgets(line, sizeof line, cpuinfo)) {
		take_line(line, "model name", environment->cpu, sizeof environment->cpu);
		take_line(line, "vendor_id", environment->vendor, sizeof environment->vendor);
		take_line(line, "cpu family", family, sizeof family);
		if (strncmp(line, "model name", 10) != 0) {
			take_line(line, "model", model, sizeof model);
		}
		take_line(line, "stepping", stepping, sizeof stepping);
		take_line(line, "flags", flags, sizeof flags);
	}
	if (cpuinfo) {
		fclose(cpuinfo);
	}
	environment->family = family[0] ? atoi(family) : -1;
	environment->model = model[0] ? atoi(model) : -1;
	environment->stepping = stepping[0] ? atoi(stepping) : -1;
	snprintf(environment->hypervisor, sizeof environment->hypervisor, "%s",
		 !flags[0]                      ? "unknown"
		 : strstr(flags, " hypervisor") ? "yes"
						: "none");
}

uint32_t pf_core_count(void)
{
	cpu_set_t allowed;
	uint32_t cores = 0;
	if (sched_getaffinity(0, sizeof allowed, &allowed)) {
		return 1;
	}
	/* A core counts once, with the first of its threads that this process may use. */
	for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		char path[128];
		bool first = true;
		if (!CPU_ISSET(cpu, &allowed)) {
			continue;
		}
		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
			 cpu);
		FILE *siblings = fopen(path, "re");
		long low = 0, high = 0;
		char separator = 0;
		while (siblings && fscanf(siblings, "%ld", &low) == 1) {
			separator = (char)fgetc(siblings);
			high = low;
			if (separator == '-' && fscanf(siblings, "%ld", &high) == 1) {
				separator = (char)fgetc(siblings);
			}
			for (long other = low; other <= high && other < cpu; other++) {
				first = first && !CPU_ISSET(other, &allowed);
			}
			if (separator != ',') {
				break;
			}
		}
		if (siblings) {
			fclose(siblings);
		}
		cores += first;
	}
	return cores ? cores : 1;
}

void pf_environment_read(pf_environment *environment)
{
	struct utsname system;
	cpu_set_t allowed;
	double load[1] = {-1};
	*environment = (pf_environment){
		.compiler = PF_COMPILER,
		.compiler_flags = PF_COMPILER_FLAGS,
		.build_type = PF_BUILD_TYPE,
		.sanitizers = PF_SANITIZE,
		.version = PF_VERSION,
		.engine = pf_engine_version(),
	};
	read_cpu(environment);
	environment->cores = pf_core_count();
	environment->processors = sched_getaffinity(0, sizeof allowed, &allowed)
					  ? 1
					  : (uint32_t)CPU_COUNT(&allowed);
	environment->memory_bytes = (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE);
	if (uname(&system) == 0) {
		snprintf(environment->kernel, sizeof environment->kernel, "%s %s", system.sysname,
			 system.release);
	}
	snprintf(environment->libc, sizeof environment->libc, "glibc %s", gnu_get_libc_version());
	environment->load_average = getloadavg(load, 1) == 1 ? load[0] : -1;
}

const char *pf_build_unfit_for_timing(void)
{
	if (PF_SANITIZE[0]) {
		return "built with sanitizers";
	}
#ifdef __OPTIMIZE__
	return NULL;
#else
	return "built without optimisation";
#endif
}

pf_status pf_build_judge_timing(const char *unfit, const char *allowed, pf_error *error)
{
	if (!unfit || (allowed && strcmp(allowed, "1") == 0)) {
		return PF_OK;
	}
	return pf_fail(
		error, PF_ERR_UNAVAILABLE, NULL,
		"%s: times of this build say nothing; build the preset \"release\", or set " PF_TIME_UNFIT
		"=1 to run it all the same, NOT FOR TIMING",
		unfit);
}

pf_status pf_build_check_timing(pf_error *error)
{
	return pf_build_judge_timing(pf_build_unfit_for_timing(), getenv(PF_TIME_UNFIT), error);
}
