#include "harness/machine/smaps.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The value of the line "KEY: N kB" in bytes. */
static bool find(const char *text, const char *key, uint64_t *bytes)
{
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) != 0 || line[length] != ':') {
			continue;
		}
		char *end;
		errno = 0;
		const char *digits = line + length + 1 + strspn(line + length + 1, " \t");
		unsigned long long kib = strtoull(digits, &end, 10);
		if (errno || end == digits || *digits == '-' || strncmp(end, " kB", 3) != 0 ||
		    kib > UINT64_MAX / 1024) {
			return false;
		}
		*bytes = kib * 1024;
		return true;
	}
	return false;
}

bool pf_smaps_parse(const char *text, pf_smaps *out)
{
	pf_smaps got = {.shared = UINT64_MAX};
	uint64_t clean = 0, dirty = 0;
	if (!find(text, "Rss", &got.rss) || !find(text, "Pss", &got.pss)) {
		return false;
	}
	find(text, "Pss_Shmem", &got.shared);
	find(text, "Private_Clean", &clean);
	find(text, "Private_Dirty", &dirty);
	got.own = clean + dirty;
	*out = got;
	return true;
}

bool pf_smaps_read(pid_t pid, pf_smaps *out)
{
	char path[64], text[4096];
	snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return false;
	}
	ssize_t got = read(fd, text, sizeof text - 1);
	int why = errno;
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	errno = got < 0 ? why : ENODATA; /* a process that is on its way out has no memory any more */
	return got > 0 && pf_smaps_parse(text, out);
}
