#include "harness/machine/trial_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool find(const char *text, const char *key, uint64_t *value)
{
	size_t length = strlen(key);
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, length) == 0 && line[length] == ':') {
			char *end;
			const char *digits = line + length + 1 + strspn(line + length + 1, " ");
			errno = 0;
			unsigned long long number = strtoull(digits, &end, 10);
			*value = number;
			return !errno && end != digits && *digits != '-' && (*end == '\n' || !*end);
		}
	}
	return false;
}

bool pf_io_parse(const char *text, pf_io_count *out)
{
	*out = (pf_io_count){0};
	out->known = find(text, "rchar", &out->read_call_bytes) && find(text, "wchar", &out->written_bytes) &&
		     find(text, "read_bytes", &out->device_read_bytes) &&
		     find(text, "write_bytes", &out->device_written_bytes);
	return out->known;
}

void pf_io_read(pid_t pid, pf_io_count *out)
{
	char path[64], text[1024];
	*out = (pf_io_count){0};
	snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0) {
		return;
	}
	ssize_t got = read(fd, text, sizeof text - 1);
	close(fd);
	text[got > 0 ? got : 0] = '\0';
	pf_io_parse(text, out);
}
