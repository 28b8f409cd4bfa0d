#include "harness/memory/group_memory.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/machine/smaps.h"

static uint64_t resident_of(pid_t pid)
{
	char path[64];
	unsigned long long pages = 0;
	snprintf(path, sizeof path, "/proc/%d/statm", (int)pid);
	FILE *file = fopen(path, "re");
	if (file) {
		pages = fscanf(file, "%*u %llu", &pages) == 1 ? pages : 0;
		fclose(file);
	}
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t sum(pid_t group, bool exactly)
{
	uint64_t bytes = 0;
	DIR *proc = opendir("/proc"); /* a kernel need not list a process's children */
	for (struct dirent *entry; proc && (entry = readdir(proc));) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);
		pf_smaps now;
		if (pid <= 0 || *end || getpgid((pid_t)pid) != group) {
			continue;
		}
		bytes += exactly && pf_smaps_read((pid_t)pid, &now) ? now.pss : resident_of((pid_t)pid);
	}
	if (proc) {
		closedir(proc);
	}
	return bytes;
}

uint64_t pf_group_memory(pid_t group, uint64_t enough)
{
	uint64_t bytes = sum(group, false);
	return bytes > enough ? sum(group, true) : bytes;
}
