#include "tests/gpu/fake_entries.h"

#include <dlfcn.h>
#include <stdio.h>
#include <string.h>

void (*fake_reset)(void);
size_t (*fake_live)(void);

int fake_entries_open(void)
{
	void *library = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
	void *entries[2] = {library ? dlsym(library, "fake_device_reset") : NULL,
			    library ? dlsym(library, "fake_device_live") : NULL};
	if (!entries[0] || !entries[1]) {
		fputs("LD_LIBRARY_PATH does not name the folder of the fake device\n", stderr);
		return -1;
	}
	memcpy(&fake_reset, &entries[0], sizeof fake_reset);
	memcpy(&fake_live, &entries[1], sizeof fake_live);
	return 0;
}
