#include "core/faces/opencv_load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

static const pf_opencv *loaded;
static char problem[256];

static void load(void)
{
	/* Without RTLD_NOW: a fraction of what OpenCV's libraries have is called. */
	void *object = dlopen(PF_OPENCV_OBJECT, RTLD_LAZY | RTLD_LOCAL);
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
