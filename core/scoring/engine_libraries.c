#include "core/scoring/engine_libraries.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <jpeglib.h>
#include <libexif/exif-data.h>

#include "core/base/ask_child.h"
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

/* Of all that is loaded, what computes: OpenCV is many libraries. */
static bool computes(const char *name)
{
	static const char *const begin[] = {"libm.so",  "libmvec.so", "libdnnl.",
					    "libgomp.", "libtbb.",    "libopencv_"};
	for (size_t i = 0; i < sizeof begin / sizeof *begin; i++) {
		if (strncmp(name, begin[i], strlen(begin[i])) == 0) {
			return true;
		}
	}
	return false;
}

/* The linker's name for what it wrote, in the object's memory; NULL where it gave none. */
static const uint8_t *build_id(const struct dl_phdr_info *object, size_t *bytes)
{
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *part = &object->dlpi_phdr[i];
		const uint8_t *at = (const uint8_t *)(uintptr_t)(object->dlpi_addr + part->p_vaddr);
		size_t left = part->p_type == PT_NOTE ? part->p_memsz : 0, step = part->p_align == 8 ? 8 : 4;
		while (left >= sizeof(ElfW(Nhdr))) {
			ElfW(Nhdr) note;
			memcpy(&note, at, sizeof note);
			size_t text = sizeof note + ((size_t)note.n_namesz + 3) / 4 * 4;
			size_t all = (text + note.n_descsz + step - 1) / step * step;
			if (all > left) {
				break;
			}
			if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 &&
			    memcmp(at + sizeof note, "GNU", 4) == 0) {
				*bytes = note.n_descsz;
				return at + text;
			}
			at += all;
			left -= all;
		}
	}
	return NULL;
}

typedef struct loaded {
	uint8_t sum[PF_SHA256_BYTES]; /* of the libraries' digests, whatever order they were loaded in */
	pf_status status;
	pf_error *error;
} loaded;

static int add_loaded(struct dl_phdr_info *object, size_t size, void *context)
{
	(void)size;
	loaded *all = context;
	uint8_t digest[PF_SHA256_BYTES];
	const char *slash = strrchr(object->dlpi_name, '/'), *name = slash ? slash + 1 : object->dlpi_name;
	if (!computes(name)) {
		return 0;
	}
	size_t bytes = 0;
	const uint8_t *id = build_id(object, &bytes);
	if (!id) {
		all->status = pf_file_sha256(object->dlpi_name, digest, NULL, all->error);
		id = digest;
		bytes = sizeof digest;
	}
	if (all->status != PF_OK) {
		return 1;
	}
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, name, strlen(name) + 1);
	pf_sha256_add(&hash, id, bytes);
	pf_sha256_end(&hash, digest);
	for (size_t i = 0; i < sizeof digest; i++) {
		all->sum[i] ^= digest[i];
	}
	return 0;
}

static pf_status digest_loaded(uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	const pf_opencv *opencv = pf_opencv_load(error);
	/* OpenCV's own, and the object of ours that calls it. */
	const void *const functions[] = {(void *)(uintptr_t)jpeg_read_raw_data,
					 (void *)(uintptr_t)exif_data_new, opencv ? opencv->function : NULL,
					 opencv};
	enum { COUNT = sizeof functions / sizeof *functions };
	uint8_t parts[COUNT + 2][PF_SHA256_BYTES] = {{0}};
	loaded all = {.error = error};
	pf_status status = opencv ? PF_OK : PF_ERR_UNAVAILABLE;
	for (size_t i = 0; i < COUNT && status == PF_OK; i++) {
		status = digest_file_of(functions[i], parts[i], error);
	}
	if (status == PF_OK) {
		dl_iterate_phdr(add_loaded, &all);
		status = all.status;
	}
	if (status != PF_OK) {
		return status;
	}
	memcpy(parts[COUNT + 1], all.sum, sizeof all.sum);
	snprintf((char *)parts[COUNT], sizeof parts[COUNT], "%u", vector_sets());
	pf_sha256_of(parts, sizeof parts, digest);
	return PF_OK;
}

typedef struct libraries {
	pf_status status;
	pf_error error;
	uint8_t digest[PF_SHA256_BYTES];
	char opencv[64];
} libraries;

static libraries known;

static void ask_libraries(const void *context, void *answer)
{
	(void)context;
	libraries *out = answer;
	out->status = digest_loaded(out->digest, &out->error);
	snprintf(out->opencv, sizeof out->opencv, "%s", pf_face_library_version());
}

/* OpenCV's libraries end the process that loads them where an allocation fails; and who only asks for their
 * names has no use for them in its memory. */
static void find_libraries(void)
{
	pf_error error;
	pf_status status = pf_ask_child(ask_libraries, NULL, &known, sizeof known, &error);
	if (status == PF_ERR_UNAVAILABLE) {
		ask_libraries(NULL, &known);
	} else if (status != PF_OK) {
		known = (libraries){.status = status, .error = error, .opencv = "(cannot be asked)"};
		snprintf(known.error.message, sizeof known.error.message,
			 "cannot load the libraries of the engine: %s",
			 status == PF_ERR_CRASHED ? "one of them ended its process" : error.message);
	}
}

static const libraries *libraries_now(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, find_libraries);
	return &known;
}

pf_status pf_engine_libraries_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	const libraries *found = libraries_now();
	if (found->status != PF_OK && error) {
		*error = found->error;
	}
	memcpy(digest, found->digest, sizeof found->digest);
	return found->status;
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
		 STRINGIFY(LIBJPEG_TURBO_VERSION), libraries_now()->opencv, pose, pf_kernels_best()->name);
}

const char *pf_engine_version(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, describe_engine);
	return engine_version;
}
