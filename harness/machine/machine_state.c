#include "harness/machine/machine_state.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/machine/cpu_quota.h"
#include "photofinish/trace.h"

#define LOOK_NS 1000000000u

/* Below these, what was seen may be the error of counting in ticks, or what an idle machine does anyway. */
#define OTHERS_CORES 0.05 /* of one core ... */
#define OTHERS_SHARE 0.01 /* ... or of all processors, whichever is more */
#define OTHERS_NS 60000000u
#define STEAL_SHARE 0.02
#define STEAL_NS 30000000u
#define QUOTA_SHARE 0.01
#define MEMORY_SHARE 0.02
#define SWAP_PAGES 256

#define PF_PRESSURE_NAME(constant, name) name,
static const char *const pressure_names[] = {PF_PRESSURE_LIST(PF_PRESSURE_NAME)};
#define PF_DISTURBANCE_NAME(constant, name) name,
static const char *const disturbance_names[] = {PF_DISTURBANCE_LIST(PF_DISTURBANCE_NAME)};

const char *pf_pressure_name(pf_pressure pressure)
{
	return pressure_names[pressure];
}

const char *pf_disturbance_name(pf_disturbance kind)
{
	return disturbance_names[kind];
}

static FILE *open_below(const char *root, const char *name)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s%s", root, name);
	return fopen(path, "re");
}

/* Busy and stolen time of the processors. */
static void read_stat(const char *root, const pf_cpus *processors, pf_machine_counters *out)
{
	const uint64_t tick_ns = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
	char line[512];
	uint64_t busy = 0, stolen = 0;
	FILE *stat = open_below(root, "/proc/stat");
	while (stat && fgets(line, sizeof line, stat) && strncmp(line, "cpu", 3) == 0) {
		if (line[3] == ' ') { /* the sum of all: its first number is no processor's */
			continue;
		}
		unsigned cpu;
		unsigned long long user, nice, system, idle, iowait, irq, softirq, steal;
		if (sscanf(line, "cpu%u %llu %llu %llu %llu %llu %llu %llu %llu", &cpu, &user, &nice, &system,
			   &idle, &iowait, &irq, &softirq, &steal) == 9 &&
		    pf_cpus_has(processors, cpu)) {
			busy += user + nice + system + irq + softirq;
			stolen += steal;
			out->processors++;
		}
	}
	if (stat) {
		fclose(stat);
	}
	out->busy_ns = out->processors ? busy * tick_ns : PF_UNKNOWN;
	out->steal_ns = out->processors ? stolen * tick_ns : PF_UNKNOWN;
}

static void read_pressure(const char *root, pf_pressure pressure, pf_machine_counters *out)
{
	char path[64], line[256], kind[8];
	unsigned long long total_us;
	out->some_ns[pressure] = out->full_ns[pressure] = PF_UNKNOWN;
	snprintf(path, sizeof path, "/proc/pressure/%s", pf_pressure_name(pressure));
	FILE *file = open_below(root, path);
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "%7s avg10=%*f avg60=%*f avg300=%*f total=%llu", kind, &total_us) == 2) {
			uint64_t *place = strcmp(kind, "some") == 0 ? out->some_ns : out->full_ns;
			place[pressure] = total_us * 1000;
		}
	}
	if (file) {
		fclose(file);
	}
}

static uint64_t read_swapped(const char *root)
{
	char line[128];
	unsigned long long pages, sum = 0;
	int found = 0;
	FILE *file = open_below(root, "/proc/vmstat");
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "pswpin %llu", &pages) == 1 || sscanf(line, "pswpout %llu", &pages) == 1) {
			sum += pages;
			found++;
		}
	}
	if (file) {
		fclose(file);
	}
	return found == 2 ? sum : PF_UNKNOWN;
}

/* One number of a processor's folder in sysfs; false where there is none. */
static bool read_cpu_number(const char *root, uint32_t cpu, const char *name, uint64_t *out)
{
	char path[128];
	unsigned long long value;
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/%s", cpu, name);
	FILE *file = open_below(root, path);
	bool known = file && fscanf(file, "%llu", &value) == 1;
	if (file) {
		fclose(file);
	}
	*out = known ? value : 0;
	return known;
}

static uint64_t read_thermal(const char *root, const pf_cpus *processors)
{
	uint64_t sum = 0, one;
	bool any = false;
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
		bool known = pf_cpus_has(processors, cpu) &&
			     read_cpu_number(root, cpu, "thermal_throttle/core_throttle_count", &one);
		if (pf_cpus_has(processors, cpu) && !known) { /* where one has none, none has */
			return PF_UNKNOWN;
		}
		sum += known ? one : 0;
		any = any || known;
	}
	return any ? sum : PF_UNKNOWN;
}

void pf_machine_read(const char *root, const pf_cpus *processors, pf_machine_counters *out)
{
	struct rusage own;
	pf_cpus allowed = processors ? *processors : pf_cpus_allowed();
	root = root ? root : "";
	*out = (pf_machine_counters){.when_ns = pf_now_ns()};
	read_stat(root, &allowed, out);
	for (int i = 0; i < PF_PRESSURE_COUNT; i++) {
		read_pressure(root, (pf_pressure)i, out);
	}
	out->throttled_ns = pf_cpu_throttled_ns(root);
	out->thermal_throttles = read_thermal(root, &allowed);
	out->swapped_pages = read_swapped(root);
	getrusage(RUSAGE_SELF, &own);
	out->harness_cpu_ns = ((uint64_t)own.ru_utime.tv_sec + (uint64_t)own.ru_stime.tv_sec) * 1000000000u +
			      ((uint64_t)own.ru_utime.tv_usec + (uint64_t)own.ru_stime.tv_usec) * 1000u;
}

static uint64_t grown(uint64_t before, uint64_t after)
{
	return before == PF_UNKNOWN || after == PF_UNKNOWN ? PF_UNKNOWN : after > before ? after - before : 0;
}

void pf_machine_between(const pf_machine_counters *before, const pf_machine_counters *after,
			uint64_t trial_cpu_ns, pf_machine_state *state)
{
	state->elapsed_ns = after->when_ns - before->when_ns;
	state->processors = after->processors;
	state->busy_ns = grown(before->busy_ns, after->busy_ns);
	state->steal_ns = grown(before->steal_ns, after->steal_ns);
	state->harness_cpu_ns = grown(before->harness_cpu_ns, after->harness_cpu_ns);
	uint64_t own = trial_cpu_ns + state->harness_cpu_ns;
	state->others_ns = state->busy_ns == PF_UNKNOWN ? PF_UNKNOWN
			   : state->busy_ns > own       ? state->busy_ns - own
							: 0;
	for (int i = 0; i < PF_PRESSURE_COUNT; i++) {
		state->some_ns[i] = grown(before->some_ns[i], after->some_ns[i]);
		state->full_ns[i] = grown(before->full_ns[i], after->full_ns[i]);
	}
	state->throttled_ns = grown(before->throttled_ns, after->throttled_ns);
	state->thermal_throttles = grown(before->thermal_throttles, after->thermal_throttles);
	state->swapped_pages = grown(before->swapped_pages, after->swapped_pages);
}

void pf_machine_look_frequency(const char *root, uint64_t now_ns, pf_machine_state *state)
{
	uint64_t fastest = 0, khz;
	if (state->frequency_looked_ns && now_ns - state->frequency_looked_ns < LOOK_NS) {
		return;
	}
	state->frequency_looked_ns = now_ns;
	pf_cpus allowed = pf_cpus_allowed();
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
		if (!pf_cpus_has(&allowed, cpu)) {
			continue;
		}
		if (!read_cpu_number(root ? root : "", cpu, "cpufreq/scaling_cur_freq", &khz)) {
			return;
		}
		fastest = khz > fastest ? khz : fastest;
	}
	state->low_khz = !state->low_khz || fastest < state->low_khz ? fastest : state->low_khz;
	state->high_khz = fastest > state->high_khz ? fastest : state->high_khz;
}

double pf_machine_disturbed(const pf_machine_state *state, pf_disturbance kind)
{
	double elapsed = (double)state->elapsed_ns, amount = 0, least = 0;
	if (!state->elapsed_ns) {
		return 0;
	}
	switch (kind) {
	case PF_DISTURBED_BY_OTHERS:
		if (state->others_ns != PF_UNKNOWN && state->others_ns >= OTHERS_NS) {
			amount = (double)state->others_ns / elapsed; /* ticks may give more than there is */
			amount = amount > state->processors ? state->processors : amount;
		}
		least = OTHERS_SHARE * state->processors > OTHERS_CORES ? OTHERS_SHARE * state->processors
									: OTHERS_CORES;
		break;
	case PF_DISTURBED_BY_STEAL: /* of the time that the processors had something to do */
		if (state->steal_ns != PF_UNKNOWN && state->steal_ns >= STEAL_NS) {
			amount = (double)state->steal_ns / (double)(state->steal_ns + state->busy_ns);
		}
		least = STEAL_SHARE;
		break;
	case PF_DISTURBED_BY_QUOTA:
		amount = state->throttled_ns != PF_UNKNOWN ? (double)state->throttled_ns / elapsed : 0;
		least = QUOTA_SHARE;
		break;
	case PF_DISTURBED_BY_MEMORY:
		if (state->some_ns[PF_PRESSURE_MEMORY] != PF_UNKNOWN) {
			amount = (double)state->some_ns[PF_PRESSURE_MEMORY] / elapsed;
		}
		least = MEMORY_SHARE;
		break;
	case PF_DISTURBED_BY_SWAP:
		amount = state->swapped_pages != PF_UNKNOWN ? (double)state->swapped_pages : 0;
		least = SWAP_PAGES;
		break;
	case PF_DISTURBED_BY_HEAT:
		amount = state->thermal_throttles != PF_UNKNOWN ? (double)state->thermal_throttles : 0;
		least = 1;
		break;
	case PF_DISTURBANCE_COUNT:
		break;
	}
	return amount >= least ? amount : 0;
}

char *pf_disturbance_text(pf_disturbance kind, double amount, uint32_t processors, char *out, size_t capacity)
{
	switch (kind) {
	case PF_DISTURBED_BY_OTHERS:
		snprintf(out, capacity, "others used %.*f of %u processor%s", amount < 0.095 ? 2 : 1, amount,
			 processors, processors == 1 ? "" : "s");
		break;
	case PF_DISTURBED_BY_STEAL:
		snprintf(out, capacity, "steal %.0f %%", 100 * amount);
		break;
	case PF_DISTURBED_BY_QUOTA:
		/* The kernel adds up what each processor's queue of the group stood still. */
		snprintf(out, capacity, "its CPU quota held back %.2f of %u processor%s", amount, processors,
			 processors == 1 ? "" : "s");
		break;
	case PF_DISTURBED_BY_MEMORY:
		snprintf(out, capacity, "memory was short for %.0f %% of the time", 100 * amount);
		break;
	case PF_DISTURBED_BY_SWAP:
		snprintf(out, capacity, "%.0f pages were swapped", amount);
		break;
	case PF_DISTURBED_BY_HEAT:
		snprintf(out, capacity, "processors were throttled for heat %.0f times", amount);
		break;
	case PF_DISTURBANCE_COUNT:
		out[0] = '\0';
		break;
	}
	return out;
}
