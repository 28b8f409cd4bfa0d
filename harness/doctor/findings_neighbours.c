/* Findings on who else is there: load, other processes, steal, quotas, containers. */
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "harness/doctor/finding.h"
#include "harness/machine/cpu_quota.h"
#include "harness/machine/machine_state.h"
#include "photofinish/file.h"

enum { MOST_PROCESSES = 4096, SHOWN = 3 };

static void judge_load(struct pf_doctor *doctor)
{
	char line[128];
	double load;
	if (!pf_finding_line(doctor, "/proc/loadavg", line, sizeof line) || sscanf(line, "%lf", &load) != 1) {
		pf_finding_unreadable(doctor, PF_FINDING_LOAD, "/proc/loadavg", NULL);
		return;
	}
	bool some = load >= 0.3, much = load >= 0.5 * doctor->processors;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_LOAD,
					     much   ? PF_FINDING_SPOILS
					     : some ? PF_FINDING_ADVICE
						    : PF_FINDING_OK,
					     "/proc/loadavg: %.2f over the last minute, on %u processor%s",
					     load, doctor->processors, doctor->processors == 1 ? "" : "s");
	if (some) {
		pf_finding_mend(finding, "wait until it is below 0.3: uptime");
	}
}

struct process {
	int pid;
	char name[32];
	unsigned long long ticks; /* user and system */
};

/* False for processes that went away meanwhile, and for this one. */
static bool read_process(const struct pf_doctor *doctor, const char *number, struct process *out)
{
	char path[PATH_MAX], text[1024];
	unsigned long long user, system;
	snprintf(path, sizeof path, "%s/proc/%s/stat", doctor->root, number);
	FILE *file = fopen(path, "re");
	size_t got = file ? fread(text, 1, sizeof text - 1, file) : 0;
	if (file) {
		fclose(file);
	}
	text[got] = '\0';
	char *open = strchr(text, '('), *close = strrchr(text, ')'); /* the name may hold both */
	out->pid = atoi(number);
	if (!open || !close || out->pid == getpid() ||
	    sscanf(close + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user, &system) !=
		    2) {
		return false;
	}
	*close = '\0';
	pf_escape(open + 1, out->name, sizeof out->name);
	out->ticks = user + system;
	return true;
}

static size_t read_processes(const struct pf_doctor *doctor, struct process *out)
{
	char path[PATH_MAX];
	size_t count = 0;
	snprintf(path, sizeof path, "%s/proc", doctor->root);
	DIR *folder = opendir(path);
	for (struct dirent *entry; folder && count < MOST_PROCESSES && (entry = readdir(folder));) {
		count += isdigit((unsigned char)entry->d_name[0]) &&
			 read_process(doctor, entry->d_name, &out[count]);
	}
	if (folder) {
		closedir(folder);
	}
	return count;
}

static int busiest_first(const void *a, const void *b)
{
	unsigned long long x = ((const struct process *)a)->ticks, y = ((const struct process *)b)->ticks;
	return (x < y) - (x > y);
}

/* Leaves in `after` what each took meanwhile; new ones took all of theirs. */
static void subtract(const struct process *before, size_t before_count, struct process *after,
		     size_t after_count)
{
	for (size_t i = 0; i < after_count; i++) {
		for (size_t k = 0; k < before_count; k++) {
			if (before[k].pid == after[i].pid && before[k].ticks <= after[i].ticks) {
				after[i].ticks -= before[k].ticks;
				break;
			}
		}
	}
	qsort(after, after_count, sizeof *after, busiest_first);
}

static void judge_processes(struct pf_doctor *doctor, const pf_machine_state *state,
			    const struct process *busiest, size_t count)
{
	if (state->others_ns == PF_UNKNOWN) {
		pf_finding_say(doctor, PF_FINDING_PROCESSES, PF_FINDING_UNREADABLE,
			       "/proc/stat: no times of processors");
		return;
	}
	double cores = (double)state->others_ns / (double)state->elapsed_ns;
	double seconds = (double)state->elapsed_ns * 1e-9, ticks = (double)sysconf(_SC_CLK_TCK);
	bool some = pf_machine_disturbed(state, PF_DISTURBED_BY_OTHERS) > 0;
	bool much = some && cores >= 0.1 * state->processors;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_PROCESSES,
					     much   ? PF_FINDING_SPOILS
					     : some ? PF_FINDING_ADVICE
						    : PF_FINDING_OK,
					     "/proc/stat over %.1f s: others used %.2f of %u processors",
					     seconds, cores, state->processors);
	char pids[128] = "";
	for (size_t i = 0; some && i < count && i < SHOWN; i++) {
		size_t used = strlen(finding->read), length = strlen(pids);
		double share = (double)busiest[i].ticks / ticks / seconds;
		if (share < 0.02) {
			break;
		}
		snprintf(finding->read + used, sizeof finding->read - used, "%s %s (%d) %.2f", i ? "," : ":",
			 busiest[i].name, busiest[i].pid, share);
		snprintf(pids + length, sizeof pids - length, "%s%d", i ? "," : "", busiest[i].pid);
	}
	if (some) {
		pf_finding_mend(finding,
				pids[0] ? "wait for them, or end them: ps -o pid,etime,args -p %s"
					: "see which: top -d 1%s",
				pids);
	}
}

static void judge_steal(struct pf_doctor *doctor, const pf_machine_state *state)
{
	char line[512];
	unsigned long long f[8] = {0};
	bool known = pf_finding_line(doctor, "/proc/stat", line, sizeof line) &&
		     sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &f[0], &f[1], &f[2], &f[3],
			    &f[4], &f[5], &f[6], &f[7]) == 8;
	if (!known || state->steal_ns == PF_UNKNOWN) {
		pf_finding_unreadable(doctor, PF_FINDING_STEAL, "/proc/stat", NULL);
		return;
	}
	/* Since the machine began, and in the look just now: the worse of the two. */
	double wanted = (double)(f[0] + f[1] + f[2] + f[5] + f[6] + f[7]),
	       ever = wanted > 0 ? (double)f[7] / wanted : 0;
	double busy = (double)(state->busy_ns + state->steal_ns),
	       now = busy > 0 ? (double)state->steal_ns / busy : 0;
	bool some = ever >= 0.01 || pf_machine_disturbed(state, PF_DISTURBED_BY_STEAL) > 0;
	bool much = ever >= 0.05 || (pf_machine_disturbed(state, PF_DISTURBED_BY_STEAL) >= 0.05);
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_STEAL,
		much   ? PF_FINDING_SPOILS
		: some ? PF_FINDING_ADVICE
		       : PF_FINDING_OK,
		"/proc/stat: %.2f %% of the time with work since the start, %.1f %% just now", 100 * ever,
		100 * now);
	if (some) {
		pf_finding_mend(finding,
				"no command can: take another host or hour; disturbed trials are tagged");
	}
}

static void judge_limits(struct pf_doctor *doctor)
{
	double quota = pf_cpu_quota(doctor->root);
	if (!pf_finding_exists(doctor, "/proc/self/cgroup")) {
		errno = ENOENT;
		pf_finding_unreadable(doctor, PF_FINDING_QUOTA, "/proc/self/cgroup",
				      "not there: a kernel without groups");
	} else if (quota > 0) {
		pf_finding *finding = pf_finding_say(
			doctor, PF_FINDING_QUOTA,
			quota < doctor->processors ? PF_FINDING_SPOILS : PF_FINDING_OK,
			"control groups allow %.2g of %u processors", quota, doctor->processors);
		if (quota < doctor->processors) {
			pf_finding_mend(
				finding,
				"taskset -c 0-%d, or start the container without --cpus, the service without CPUQuota=",
				quota >= 1 ? (int)quota - 1 : 0);
		}
	} else {
		pf_finding_say(doctor, PF_FINDING_QUOTA, PF_FINDING_OK, "control groups set no limit");
	}
	const char *sign = pf_finding_exists(doctor, "/.dockerenv")              ? "/.dockerenv"
			   : pf_finding_exists(doctor, "/run/.containerenv")     ? "/run/.containerenv"
			   : pf_finding_exists(doctor, "/run/systemd/container") ? "/run/systemd/container"
										 : NULL;
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_CONTAINER, sign ? PF_FINDING_ADVICE : PF_FINDING_OK,
		sign ? "%s: this is a container" : "%snone that leaves a sign", sign ? sign : "");
	if (sign) {
		pf_finding_mend(
			finding,
			"measure on the host, or give the container processors of its own: docker run --cpuset-cpus=...");
	}
}

void pf_findings_of_neighbours(struct pf_doctor *doctor)
{
	pf_machine_counters before, after;
	pf_machine_state state = {0};
	struct process *processes = calloc((size_t)2 * MOST_PROCESSES, sizeof *processes);
	struct process *later = processes ? processes + MOST_PROCESSES : NULL;
	struct timespec pause = {.tv_sec = (time_t)doctor->look_s,
				 .tv_nsec = (long)((doctor->look_s - (double)(time_t)doctor->look_s) * 1e9)};
	judge_load(doctor);
	pf_machine_read(doctor->root, &doctor->allowed, &before);
	size_t count = processes ? read_processes(doctor, processes) : 0;
	nanosleep(&pause, NULL);
	size_t later_count = processes ? read_processes(doctor, later) : 0;
	pf_machine_read(doctor->root, &doctor->allowed, &after);
	pf_machine_between(&before, &after, 0, &state);
	if (processes) {
		subtract(processes, count, later, later_count);
	}
	judge_processes(doctor, &state, later, later_count);
	judge_steal(doctor, &state);
	judge_limits(doctor);
	free(processes);
}
