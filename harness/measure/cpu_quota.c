#include "harness/measure/cpu_quota.h"

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

/* The lowest limit from the group up to the root. In a container the group's path may not be there; its root
 * is then the container's own group. */
static double lowest(const char *mount, char *group)
{
	double least = 0;
	for (;;) {
		char folder[PATH_MAX];
		snprintf(folder, sizeof folder, "%s%s", mount, group);
		double limit = limit_of(folder);
		least = limit > 0 && (least == 0 || limit < least) ? limit : least;
		char *slash = strrchr(group, '/');
		if (!slash) {
			return least;
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

double pf_cpu_quota(const char *root)
{
	char path[PATH_MAX], line[PATH_MAX];
	double least = 0;
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
		double limit = lowest(path, group);
		least = limit > 0 && (least == 0 || limit < least) ? limit : least;
	}
	if (groups) {
		fclose(groups);
	}
	return least;
}
