#include "harness/machine/cpu_quota.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* The limit in one group's folder, 0 where it has none. */
static double limit_of(const char *folder)
{
	char path[PATH_MAX + 32];
	long long quota = -1, period = 0;
	snprintf(path, sizeof path, "%s/cpu.max", folder);
	FILE *file = fopen(path, "re");
	if (file) { /* "max 100000" has no number in front */
		bool limited = fscanf(file, "%lld %lld", &quota, &period) == 2;
		fclose(file);
		return limited && quota > 0 && period > 0 ? (double)quota / (double)period : 0;
	}
	snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
	file = fopen(path, "re");
	if (!file) {
		return 0;
	}
	bool known = fscanf(file, "%lld", &quota) == 1;
	fclose(file);
	snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
	file = fopen(path, "re");
	known = file && fscanf(file, "%lld", &period) == 1 && known;
	if (file) {
		fclose(file);
	}
	return known && quota > 0 && period > 0 ? (double)quota / (double)period : 0;
}

/* How long one group was throttled; UINT64_MAX where it does not tell. Version 2 counts in us, 1 in ns. */
static uint64_t throttled_in(const char *folder)
{
	char path[PATH_MAX + 32], line[128];
	unsigned long long value;
	uint64_t throttled = UINT64_MAX;
	snprintf(path, sizeof path, "%s/cpu.stat", folder);
	FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "throttled_usec %llu", &value) == 1) {
			throttled = value * 1000;
		} else if (sscanf(line, "throttled_time %llu", &value) == 1) {
			throttled = value;
		}
	}
	if (file) {
		fclose(file);
	}
	return throttled;
}

/* What is gathered on the way from a group up to the root. */
struct climb {
	double least;
	uint64_t throttled_ns;
};

static void gather(const char *folder, struct climb *climb)
{
	double limit = limit_of(folder);
	uint64_t throttled = throttled_in(folder);
	climb->least = limit > 0 && (climb->least == 0 || limit < climb->least) ? limit : climb->least;
	if (throttled != UINT64_MAX) {
		climb->throttled_ns += throttled +
				       (climb->throttled_ns == UINT64_MAX); /* from unknown to 0 */
	}
}

/* In a container the group's path may not be there; its root is then the container's own group. */
static void climb_up(const char *mount, char *group, struct climb *climb)
{
	group = strcmp(group, "/") == 0 ? group + 1 : group; /* the root is one group, not two */
	for (;;) {
		char folder[PATH_MAX];
		snprintf(folder, sizeof folder, "%s%s", mount, group);
		gather(folder, climb);
		char *slash = strrchr(group, '/');
		if (!slash) {
			return;
		}
		*slash = '\0';
	}
}

static bool has_word(const char *list, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL) {
		if (strncmp(at, word, length) == 0 && (at[length] == ',' || at[length] == '\0')) {
			return true;
		}
	}
	return false;
}

static struct climb climb_all(const char *root)
{
	char path[PATH_MAX], line[PATH_MAX];
	struct climb climb = {.throttled_ns = UINT64_MAX};
	root = root ? root : "";
	snprintf(path, sizeof path, "%s/proc/self/cgroup", root);
	FILE *groups = fopen(path, "re");
	while (groups && fgets(line, sizeof line, groups)) {
		/* "0::/group" of version 2, "4:cpu,cpuacct:/group" of version 1 */
		char *controllers = strchr(line, ':');
		char *group = controllers ? strchr(controllers + 1, ':') : NULL;
		if (!group) {
			continue;
		}
		*group++ = '\0';
		controllers++;
		group[strcspn(group, "\n")] = '\0';
		if (controllers[0] && !has_word(controllers, "cpu")) {
			continue;
		}
		snprintf(path, sizeof path, "%s/sys/fs/cgroup%s", root, controllers[0] ? "/cpu" : "");
		climb_up(path, group, &climb);
	}
	if (groups) {
		fclose(groups);
	}
	return climb;
}

double pf_cpu_quota(const char *root)
{
	return climb_all(root).least;
}

uint64_t pf_cpu_throttled_ns(const char *root)
{
	return climb_all(root).throttled_ns;
}
