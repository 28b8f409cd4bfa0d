/* Findings on memory and storage: layout, huge pages, nodes, what is free, and the device that data lie on.
 */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "harness/doctor/finding.h"
#include "photofinish/file.h"

#define GB 1e9

static void judge_layout(struct pf_doctor *doctor)
{
	static const char path[] = "/proc/sys/kernel/randomize_va_space";
	long long value;
	if (!pf_finding_number(doctor, path, &value)) {
		pf_finding_unreadable(doctor, PF_FINDING_ASLR, path, NULL);
		return;
	}
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_ASLR, value ? PF_FINDING_OK : PF_FINDING_ADVICE, "%s: %lld, %s", path,
		value,
		value ? "each process has a layout of its own: rounds average over it"
		      : "every process has the same");
	if (!value) {
		pf_finding_mend(finding, "sudo sysctl kernel.randomize_va_space=2");
	}
}

static void judge_pages(struct pf_doctor *doctor)
{
	static const char thp[] = "/sys/kernel/mm/transparent_hugepage/enabled",
			  numa[] = "/proc/sys/kernel/numa_balancing";
	char line[128];
	long long value;
	if (!pf_finding_line(doctor, thp, line, sizeof line)) {
		pf_finding_unreadable(doctor, PF_FINDING_THP, thp, "not there: a kernel without them");
	} else {
		bool always = strstr(line, "[always]");
		pf_finding *finding = pf_finding_say(doctor, PF_FINDING_THP,
						     always ? PF_FINDING_ADVICE : PF_FINDING_OK, "%s: %s",
						     thp, line);
		if (always) {
			pf_finding_mend(finding, "echo madvise | sudo tee %s", thp);
		}
	}
	if (!pf_finding_number(doctor, numa, &value)) {
		pf_finding_unreadable(doctor, PF_FINDING_NUMA, numa, "not there: a kernel without it");
		return;
	}
	bool nodes = pf_finding_exists(doctor, "/sys/devices/system/node/node1");
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_NUMA, value && nodes ? PF_FINDING_ADVICE : PF_FINDING_OK, "%s: %lld, %s",
		numa, value, nodes ? "several nodes" : "one node");
	if (value && nodes) {
		pf_finding_mend(finding, "sudo sysctl kernel.numa_balancing=0");
	}
}

/* A line of /proc/meminfo in bytes; negative where it is not there. */
static double meminfo(const struct pf_doctor *doctor, const char *key)
{
	char path[PATH_MAX], line[128];
	double bytes = -1;
	size_t length = strlen(key);
	snprintf(path, sizeof path, "%s/proc/meminfo", doctor->root);
	FILE *file = fopen(path, "re");
	while (file && bytes < 0 && fgets(line, sizeof line, file)) {
		if (strncmp(line, key, length) == 0 && line[length] == ':') {
			bytes = strtod(line + length + 1, NULL) * 1024;
		}
	}
	if (file) {
		fclose(file);
	}
	return bytes;
}

static void judge_memory(struct pf_doctor *doctor)
{
	double total = meminfo(doctor, "MemTotal"), available = meminfo(doctor, "MemAvailable");
	double swap = meminfo(doctor, "SwapTotal"), unused = meminfo(doctor, "SwapFree");
	if (total <= 0 || available < 0) {
		pf_finding_say(doctor, PF_FINDING_MEMORY, PF_FINDING_UNREADABLE,
			       "/proc/meminfo: no MemAvailable");
	} else {
		bool short_of = available < 1 * GB || available < 0.1 * total;
		bool very_short = available < 0.3 * GB || available < 0.03 * total;
		pf_finding *finding = pf_finding_say(doctor, PF_FINDING_MEMORY,
						     very_short ? PF_FINDING_SPOILS
						     : short_of ? PF_FINDING_ADVICE
								: PF_FINDING_OK,
						     "/proc/meminfo: %.1f of %.1f GB available",
						     available / GB, total / GB);
		if (short_of) {
			pf_finding_mend(finding, "end what holds it: ps -eo rss,pid,comm --sort=-rss | head");
		}
	}
	if (swap < 0 || unused < 0) {
		pf_finding_say(doctor, PF_FINDING_SWAP, PF_FINDING_UNREADABLE, "/proc/meminfo: no SwapTotal");
		return;
	}
	bool used = swap - unused > 1e6;
	if (swap == 0) {
		pf_finding_say(doctor, PF_FINDING_SWAP, PF_FINDING_OK, "/proc/meminfo: there is none");
		return;
	}
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_SWAP, used ? PF_FINDING_ADVICE : PF_FINDING_OK,
		"/proc/meminfo: %.1f of %.1f GB used", (swap - unused) / GB, swap / GB);
	if (used) {
		pf_finding_mend(finding, "sudo swapoff -a && sudo swapon -a");
	}
}

/* The mount that a device number is of: its type and source. */
static bool find_mount(const struct pf_doctor *doctor, dev_t device, char type[64], char source[128])
{
	char path[PATH_MAX], line[4096];
	bool found = false;
	snprintf(path, sizeof path, "%s/proc/self/mountinfo", doctor->root);
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof line, file)) {
		unsigned major_number, minor_number;
		const char *dash = strstr(line, " - ");
		found = sscanf(line, "%*d %*d %u:%u", &major_number, &minor_number) == 2 &&
			major_number == major(device) && minor_number == minor(device) && dash &&
			sscanf(dash, " - %63s %127s", type, source) == 2;
	}
	if (file) {
		fclose(file);
	}
	return found;
}

/* The nearest folder of the path that is there. */
static bool nearest(const char *folder, char out[PATH_MAX], struct stat *info)
{
	snprintf(out, PATH_MAX, "%s", folder);
	while (stat(out, info)) {
		char *slash = strrchr(out, '/');
		if (!slash || slash == out) {
			return false;
		}
		*slash = '\0';
	}
	return true;
}

static void judge_space(struct pf_doctor *doctor, const char *folder, const char *shown)
{
	struct statvfs space;
	if (statvfs(folder, &space)) {
		pf_finding_unreadable(doctor, PF_FINDING_SPACE, shown, NULL);
		return;
	}
	double free_bytes = (double)space.f_bavail * (double)space.f_frsize;
	double share = space.f_blocks ? (double)space.f_bavail / (double)space.f_blocks : 1;
	bool tight = free_bytes < 2 * GB || share < 0.05, full = free_bytes < 0.1 * GB;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_SPACE,
					     full    ? PF_FINDING_SPOILS
					     : tight ? PF_FINDING_ADVICE
						     : PF_FINDING_OK,
					     "%s: %.1f GB free (%.0f %%)", shown, free_bytes / GB,
					     100 * share);
	if (tight) {
		pf_finding_mend(
			finding,
			"photofinish dataset list shows what can be made again; or set PHOTOFINISH_DATA");
	}
}

static void judge_disk(struct pf_doctor *doctor)
{
	char folder[PATH_MAX], shown[160], type[64], source[128], path[128];
	struct stat info;
	long long rotational = -1;
	if (!doctor->folder || !nearest(doctor->folder, folder, &info)) {
		pf_finding_say(doctor, PF_FINDING_DISK, PF_FINDING_UNREADABLE,
			       "the data folder is not known");
		pf_finding_say(doctor, PF_FINDING_SPACE, PF_FINDING_UNREADABLE,
			       "the data folder is not known");
		return;
	}
	pf_escape(folder, shown, sizeof shown);
	judge_space(doctor, folder, shown);
	if (!find_mount(doctor, info.st_dev, type, source)) {
		pf_finding_say(doctor, PF_FINDING_DISK, PF_FINDING_UNREADABLE,
			       "/proc/self/mountinfo: no mount of %s", shown);
		return;
	}
	snprintf(path, sizeof path, "/sys/dev/block/%u:%u/queue/rotational", major(info.st_dev),
		 minor(info.st_dev));
	if (!pf_finding_number(doctor, path, &rotational)) { /* a partition: its disk has it */
		snprintf(path, sizeof path, "/sys/dev/block/%u:%u/../queue/rotational", major(info.st_dev),
			 minor(info.st_dev));
		pf_finding_number(doctor, path, &rotational);
	}
	bool remote = strncmp(type, "nfs", 3) == 0 || strncmp(type, "cifs", 4) == 0 ||
		      strncmp(type, "fuse", 4) == 0 || strncmp(type, "9p", 2) == 0 ||
		      strcmp(type, "ceph") == 0 || strcmp(type, "virtiofs") == 0;
	/* Virtual disks say "rotating" whatever lies behind them. */
	bool hidden = rotational < 0 || strncmp(source, "/dev/vd", 7) == 0 ||
		      strncmp(source, "/dev/xvd", 8) == 0;
	bool rotating = !hidden && rotational > 0;
	char safe[160];
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_DISK,
					     remote || rotating ? PF_FINDING_ADVICE
					     : hidden           ? PF_FINDING_UNREADABLE
								: PF_FINDING_OK,
					     "%s on %s (%s, %s)", shown, pf_escape(source, safe, sizeof safe),
					     type,
					     remote     ? "another machine's"
					     : hidden   ? "a virtual device: what lies behind it is not told"
					     : rotating ? "rotating"
							: "not rotating");
	if (remote || rotating) {
		pf_finding_mend(finding, "export PHOTOFINISH_DATA=FOLDER on a local solid-state disk");
	}
}

void pf_findings_of_memory(struct pf_doctor *doctor)
{
	judge_layout(doctor);
	judge_pages(doctor);
	judge_memory(doctor);
	judge_disk(doctor);
}
