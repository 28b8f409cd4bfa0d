/* Files that belong to the program: found beside an installed library, else in the source tree. */
#include <dlfcn.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/file.h"

#ifndef PF_DATA_FROM_LIBRARY
#define PF_DATA_FROM_LIBRARY "../share/photofinish"
#endif

const char *pf_data_file(const char *name, const char *built_from, char *out, size_t capacity)
{
	Dl_info info;
	if (dladdr((void *)(uintptr_t)pf_data_file, &info) && info.dli_fname) {
		const char *slash = strrchr(info.dli_fname, '/');
		int folder = slash ? (int)(slash - info.dli_fname) : 0;
		if (folder &&
		    snprintf(out, capacity, "%.*s/" PF_DATA_FROM_LIBRARY "/%s", folder, info.dli_fname,
			     name) < (int)capacity &&
		    access(out, R_OK) == 0) {
			return out;
		}
	}
	snprintf(out, capacity, "%s", built_from);
	return out;
}
