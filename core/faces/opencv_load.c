#include "core/faces/opencv_load.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const pf_opencv *loaded;
static char problem[256];

/* Beside what this is linked into, and where it is installed. By its path: a sanitizer that stands before
 * dlopen hides from the dynamic linker who asks. Without RTLD_NOW: a fraction of what OpenCV's libraries have
 * is called. */
static void *open_object(void)
{
	static const char *const places[] = {"", "photofinish/"};
	char program[PATH_MAX], path[PATH_MAX + 64];
	Dl_info info;
	void *object = NULL;
	bool known = dladdr((void *)(uintptr_t)open_object, &info) && info.dli_fname;
	/* Where this is linked into a program, its name is only what it was called by. */
	const char *file = known && strchr(info.dli_fname, '/') ? info.dli_fname
								: realpath("/proc/self/exe", program);
	const char *slash = file ? strrchr(file, '/') : NULL;
	for (size_t i = 0; slash && !object && i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%.*s/%s" PF_OPENCV_OBJECT, (int)(slash - file), file, places[i]);
		object = access(path, R_OK) == 0 ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
	}
	return object ? object : dlopen(PF_OPENCV_OBJECT, RTLD_LAZY | RTLD_LOCAL);
}

static void load(void)
{
	void *object = open_object();
	loaded = object ? dlsym(object, PF_OPENCV_SYMBOL) : NULL;
	if (!loaded) {
		const char *why = dlerror();
		snprintf(problem, sizeof problem, "%s", why ? why : "it is another build's");
		problem[strcspn(problem, "\r\n")] = '\0';
	}
}

const pf_opencv *pf_opencv_load(pf_error *error)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, load);
	if (!loaded) {
		pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "OpenCV cannot be loaded: %s", problem);
	}
	return loaded;
}

const char *pf_opencv_built_version(void)
{
	return PF_OPENCV_VERSION;
}
