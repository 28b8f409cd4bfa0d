/* Declares the few entries that it needs: it is in builds without the toolkit, too. */
#include <dlfcn.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/gpu/gpu_library.h"
#include "photofinish/gpu.h"

#ifndef PF_CUDA_VERSION
#define PF_CUDA_VERSION 0 /* this build has no kernels */
#endif

enum { LOOK_MS = 20000, LEAST_CUDNN = 90000, OF_MAJOR = 1000, CAPABILITY_MAJOR = 75, CAPABILITY_MINOR = 76 };

typedef int (*int_of_int)(unsigned);
typedef int (*int_to)(int *);
typedef int (*device_by_number)(int *, int);
typedef int (*name_of_device)(char *, int, int);
typedef int (*attribute_of_device)(int *, int, int);
typedef int (*name_of_error)(int, const char **);
typedef size_t (*version_of_library)(void);

static void *entry(void *library, const char *name)
{
	return library ? dlsym(library, name) : NULL;
}

/* POSIX lets a pointer to data be one to a function; ISO C needs it copied. */
#define ENTRY(type, variable, library, name)                   \
	type variable = NULL;                                  \
	do {                                                   \
		void *found = entry(library, name);            \
		memcpy(&(variable), &found, sizeof(variable)); \
	} while (0)

static void look_at_device(void *driver, pf_gpu_facts *facts)
{
	int device = 0, error = 0;
	const char *code = NULL;
	ENTRY(int_of_int, init, driver, "cuInit");
	ENTRY(int_to, version, driver, "cuDriverGetVersion");
	ENTRY(int_to, count, driver, "cuDeviceGetCount");
	ENTRY(device_by_number, get, driver, "cuDeviceGet");
	ENTRY(name_of_device, name, driver, "cuDeviceGetName");
	ENTRY(attribute_of_device, attribute, driver, "cuDeviceGetAttribute");
	ENTRY(name_of_error, error_name, driver, "cuGetErrorName");
	if (!init || !version || !count || !get || !name || !attribute || !error_name) {
		snprintf(facts->why_not, sizeof facts->why_not, "%s is not a driver's", PF_GPU_DRIVER);
		return;
	}
	version(&facts->driver);
	error = init(0);
	error = error ? error : count(&facts->devices);
	error = error || !facts->devices ? error : get(&device, 0);
	if (error) {
		error_name(error, &code);
		snprintf(facts->why_not, sizeof facts->why_not, "no CUDA device (%s)",
			 code ? code : "the driver refuses");
	} else if (!facts->devices) {
		snprintf(facts->why_not, sizeof facts->why_not, "no CUDA device (the driver counts none)");
	} else {
		name(facts->name, (int)sizeof facts->name, device);
		attribute(&facts->major, CAPABILITY_MAJOR, device);
		attribute(&facts->minor, CAPABILITY_MINOR, device);
	}
}

static void look_at_libraries(pf_gpu_facts *facts)
{
	void *driver = pf_gpu_library_driver(), *cudnn = pf_gpu_library_cudnn();
	ENTRY(version_of_library, version, cudnn, "cudnnGetVersion");
	facts->cudnn = version ? (int)version() : 0;
	facts->nvrtc = pf_gpu_library_nvrtc() != NULL;
	if (driver) {
		look_at_device(driver, facts);
	} else {
		snprintf(facts->why_not, sizeof facts->why_not, "no CUDA device (no driver: %s is not found)",
			 PF_GPU_DRIVER);
	}
	facts->least_driver = PF_CUDA_VERSION / OF_MAJOR * OF_MAJOR; /* minor versions go with each other */
	if (!facts->why_not[0] && !facts->built_in) {
		snprintf(facts->why_not, sizeof facts->why_not, "this build has no CUDA backend");
	} else if (!facts->why_not[0] && facts->driver < facts->least_driver) {
		snprintf(facts->why_not, sizeof facts->why_not,
			 "the driver is too old: it is made for CUDA %d.%d, this build is for %d.%d",
			 facts->driver / OF_MAJOR, facts->driver % OF_MAJOR / 10, PF_CUDA_VERSION / OF_MAJOR,
			 PF_CUDA_VERSION % OF_MAJOR / 10);
	} else if (!facts->why_not[0] && facts->cudnn < LEAST_CUDNN) {
		snprintf(facts->why_not, sizeof facts->why_not, "cuDNN is missing (%s is not found)",
			 PF_GPU_CUDNN);
	}
}

/* What the child wrote, whole or not at all. */
static bool take(int from, pf_gpu_facts *facts)
{
	pf_gpu_facts taken;
	size_t used = 0;
	while (used < sizeof taken) {
		struct pollfd wait = {.fd = from, .events = POLLIN};
		int ready = poll(&wait, 1, LOOK_MS);
		if (ready < 0 && errno == EINTR) {
			continue;
		}
		ssize_t got = ready > 0 ? read(from, (char *)&taken + used, sizeof taken - used) : 0;
		if (got <= 0) {
			return false;
		}
		used += (size_t)got;
	}
	*facts = taken;
	return true;
}

void pf_gpu_look(pf_gpu_facts *facts)
{
	int ends[2];
	*facts = (pf_gpu_facts){.node = access("/dev/nvidiactl", F_OK) == 0};
#ifdef PF_WITH_CUDA
	facts->built_in = true;
#endif
	pid_t child = pipe(ends) == 0 ? fork() : -1;
	if (child < 0) {
		snprintf(facts->why_not, sizeof facts->why_not, "cannot look for a device: %s",
			 strerror(errno));
		return;
	}
	if (child == 0) {
		close(ends[0]);
		look_at_libraries(facts);
		ssize_t sent = write(ends[1], facts, sizeof *facts);
		_exit(sent == (ssize_t)sizeof *facts ? 0 : 1);
	}
	close(ends[1]);
	if (!take(ends[0], facts)) {
		kill(child, SIGKILL);
		snprintf(facts->why_not, sizeof facts->why_not,
			 "the driver did not say within %d s whether there is a device, or crashed",
			 LOOK_MS / 1000);
	}
	close(ends[0]);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
	}
}

pf_status pf_gpu_probe(bool may_fall_back, uint32_t preset, const char **why_not)
{
	if (preset != 0) {
		*why_not = "presets are for the processor: on a device there is ultra alone";
		return PF_ERR_UNAVAILABLE;
	}
	static pf_gpu_facts facts;
	pf_gpu_look(&facts);
	*why_not = facts.why_not;
	return facts.why_not[0] && !may_fall_back ? PF_ERR_UNAVAILABLE : PF_OK;
}
