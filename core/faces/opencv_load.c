#include "core/faces/opencv_load.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "photofinish/file.h"

static const pf_opencv *loaded;
static char problem[512];

/* Beside this library, and where it is installed. Without RTLD_NOW: a fraction of what OpenCV's libraries
 * have is called. */
static void load(void)
{
	static const char *const places[] = {"", "photofinish/"};
	char folder[PATH_MAX], path[PATH_MAX + 64];
	void *object = NULL;
	bool known = pf_own_folder(folder, sizeof folder) != NULL, there = false;
	for (size_t i = 0; known && !there && i < sizeof places / sizeof *places; i++) {
		snprintf(path, sizeof path, "%s/%s" PF_OPENCV_OBJECT, folder, places[i]);
		there = !pf_file_is_absent(path);
		object = there ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : NULL;
	}
	loaded = object ? dlsym(object, PF_OPENCV_SYMBOL) : NULL;
	if (!loaded) {
		const char *why = !known  ? "where this library lies cannot be told"
				  : there ? dlerror()
					  : "there is no " PF_OPENCV_OBJECT " where this library lies";
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
