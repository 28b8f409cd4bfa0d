#include "core/scoring/engine_libraries.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <libexif/exif-data.h>

#include "core/faces/opencv_load.h"
#include "core/kernels/kernels.h"
#include "core/scoring/face.h"
#include "core/scoring/pose_estimator.h"
#include "photofinish/scorer.h"
#include "photofinish/sha256.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

/* The vector sets that libjpeg-turbo and OpenCV ask the processor for. */
static unsigned vector_sets(void)
{
	unsigned sets = 0;
#if defined(__x86_64__) || defined(__i386__)
	__builtin_cpu_init();
	sets |= __builtin_cpu_supports("sse4.1") ? 1u : 0u;
	sets |= __builtin_cpu_supports("avx") ? 2u : 0u;
	sets |= __builtin_cpu_supports("avx2") ? 4u : 0u;
	sets |= __builtin_cpu_supports("fma") ? 8u : 0u;
	sets |= __builtin_cpu_supports("avx512f") ? 16u : 0u;
	sets |= __builtin_cpu_supports("avx512bw") ? 32u : 0u;
#endif
	return sets;
}

/* The file that a function of a library lies in. One that was linked in statically is the program's own. */
static pf_status digest_file_of(const void *function, uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	Dl_info info;
	bool known = dladdr(function, &info) && info.dli_fname && access(info.dli_fname, R_OK) == 0;
	return pf_file_sha256(known ? info.dli_fname : "/proc/self/exe", digest, NULL, error);
}

pf_status pf_engine_libraries_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	const pf_opencv *opencv = pf_opencv_load(error);
	/* OpenCV's own, and the object of ours that calls it. */
	const void *const functions[] = {(void *)(uintptr_t)jpeg_read_raw_data,
					 (void *)(uintptr_t)exif_data_new, opencv ? opencv->function : NULL,
					 opencv};
	enum { COUNT = sizeof functions / sizeof *functions };
	uint8_t parts[COUNT + 1][PF_SHA256_BYTES] = {{0}};
	pf_status status = opencv ? PF_OK : PF_ERR_UNAVAILABLE;
	for (size_t i = 0; i < COUNT && status == PF_OK; i++) {
		status = digest_file_of(functions[i], parts[i], error);
	}
	if (status != PF_OK) {
		return status;
	}
	snprintf((char *)parts[COUNT], sizeof parts[COUNT], "%u", vector_sets());
	pf_sha256_of(parts, sizeof parts, digest);
	return PF_OK;
}

static char engine_version[256];

/* The best backend that was built in, and whether there is a network for it. */
static void describe_engine(void)
{
	char pose[96] = "no pose (networks are not built in)";
	if (pf_network_backend(0)) {
		snprintf(pose, sizeof pose, "pose by %s%s",
			 pf_pose_backend_version(pf_pose_default_backend()),
			 pf_pose_default_model()[0] ? "" : " (the model's file is missing)");
	}
	snprintf(engine_version, sizeof engine_version,
		 "scoring %d, libjpeg-turbo %s, OpenCV %s, %s, %s kernels", PF_SCORING_VERSION,
		 STRINGIFY(LIBJPEG_TURBO_VERSION), pf_face_library_version(), pose, pf_kernels_best()->name);
}

const char *pf_engine_version(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, describe_engine);
	return engine_version;
}
