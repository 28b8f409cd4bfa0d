/* Files that belong to the program: found beside an installed library, else in the source tree. */
#include <dlfcn.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/file.h"

#ifndef PF_DATA_FROM_LIBRARY
#define PF_DATA_FROM_LIBRARY "../share/photofinish"
#endif

const char *pf_own_folder(char *out, size_t capacity)
{
	char program[PATH_MAX];
	Dl_info info;
	bool known = dladdr((void *)(uintptr_t)pf_own_folder, &info) && info.dli_fname;
	/* Where this is linked into a program, its name is only what it was called by. */
	const char *file = known && strchr(info.dli_fname, '/') ? info.dli_fname
								: realpath("/proc/self/exe", program);
	const char *slash = file ? strrchr(file, '/') : NULL;
	bool fits = slash && snprintf(out, capacity, "%.*s", (int)(slash - file), file) < (int)capacity;
	return fits ? out : NULL;
}

const char *pf_data_file(const char *name, const char *built_from, char *out, size_t capacity)
{
	char folder[PATH_MAX];
	if (pf_own_folder(folder, sizeof folder) &&
	    snprintf(out, capacity, "%s/" PF_DATA_FROM_LIBRARY "/%s", folder, name) < (int)capacity &&
	    access(out, R_OK) == 0) {
		return out;
	}
	snprintf(out, capacity, "%s", built_from);
	return out;
}
