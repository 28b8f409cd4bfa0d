#include "harness/base/own_object.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool pf_own_object(const char *executable, const char *name, char *path, size_t capacity)
{
	static const char *const places[] = {"", PF_PRELOAD_FROM_PROGRAM "/"};
	char program[PATH_MAX];
	if (!realpath(executable ? executable : "/proc/self/exe", program)) {
		snprintf(path, capacity, "%s", executable ? executable : "/proc/self/exe");
		return false;
	}
	*(strrchr(program, '/') + 1) = '\0';
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		size_t length = (size_t)snprintf(path, capacity, "%s%s%s", program, places[i], name);
		if (length < capacity && access(path, R_OK) == 0) {
			return true;
		}
	}
	snprintf(path, capacity, "%s", program);
	return false;
}
