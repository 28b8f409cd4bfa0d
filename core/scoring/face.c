#include "core/scoring/face.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/faces/haar_search.h"
#include "core/faces/opencv_load.h"
#include "core/kernels/kernels.h"

struct pf_face_detector {
	/* Of our own search; NULL where OpenCV searches. */
	pf_haar_cascade *own_cascade;
	pf_haar_search *own;
	/* Of OpenCV's; NULL where ours does. */
	const pf_opencv *opencv;
	pf_opencv_search *search;
};

/* The cascade that pf_face_own_problem has read, for the detector that is created next, also in a child. */
static struct {
	pthread_mutex_t lock;
	pf_haar_cascade *cascade; /* NULL: none */
	struct stat file;
} kept = {.lock = PTHREAD_MUTEX_INITIALIZER};

static bool is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* NULL where none is kept. Waits for nobody: a child may have inherited the lock held. */
static pf_haar_cascade *take_kept(const struct stat *file)
{
	pf_haar_cascade *taken = NULL;
	if (pthread_mutex_trylock(&kept.lock) == 0) {
		if (kept.cascade && is_same_file(&kept.file, file)) {
			taken = kept.cascade;
			kept.cascade = NULL;
		}
		pthread_mutex_unlock(&kept.lock);
	}
	return taken;
}

static void keep(pf_haar_cascade *cascade, const struct stat *file)
{
	if (pthread_mutex_trylock(&kept.lock) == 0) {
		pf_haar_cascade *before = kept.cascade;
		kept.cascade = cascade;
		kept.file = *file;
		cascade = before;
		pthread_mutex_unlock(&kept.lock);
	}
	pf_haar_cascade_destroy(cascade);
}

static pf_status read_cascade(const char *cascade_file, const struct stat *file, pf_haar_cascade **out)
{
	*out = take_kept(file);
	return *out ? PF_OK : pf_haar_cascade_read(cascade_file, out, NULL);
}

/* False without an error where OpenCV has to search. */
static bool load_own(pf_face_detector *detector, const char *cascade_file)
{
	struct stat file;
	return pf_face_version_is_ours(pf_opencv_built_version()) && stat(cascade_file, &file) == 0 &&
	       read_cascade(cascade_file, &file, &detector->own_cascade) == PF_OK &&
	       pf_haar_search_create(detector->own_cascade, pf_kernels_flags(), &detector->own, NULL) ==
		       PF_OK;
}

static pf_status load_opencv(pf_face_detector *detector, const char *cascade_file, pf_error *error)
{
	detector->opencv = pf_opencv_load(error);
	if (!detector->opencv) {
		return PF_ERR_UNAVAILABLE;
	}
	switch (detector->opencv->open(cascade_file, &detector->search)) {
	case PF_OPENCV_FINE:
		return PF_OK;
	case PF_OPENCV_NO_MEMORY:
		return pf_fail(error, PF_ERR_NO_MEMORY, cascade_file, "cannot allocate the face detector");
	case PF_OPENCV_REFUSED:
		break;
	}
	return pf_fail(error, PF_ERR_INVALID, cascade_file, "not a face cascade that OpenCV can read");
}

pf_status pf_face_detector_create(const char *cascade_file, bool own, pf_face_detector **out, pf_error *error)
{
	*out = NULL;
	if (access(cascade_file, R_OK) != 0) {
		return pf_fail_errno(error, cascade_file, "cannot read the face cascade");
	}
	pf_face_detector *detector = calloc(1, sizeof *detector);
	if (!detector) {
		return pf_fail(error, PF_ERR_NO_MEMORY, cascade_file, "cannot allocate the face detector");
	}
	pf_status status = own && load_own(detector, cascade_file)
				   ? PF_OK
				   : load_opencv(detector, cascade_file, error);
	if (status != PF_OK) {
		pf_face_detector_destroy(detector);
		return status;
	}
	*out = detector;
	return PF_OK;
}

void pf_face_detector_destroy(pf_face_detector *detector)
{
	if (detector) {
		pf_haar_search_destroy(detector->own);
		pf_haar_cascade_destroy(detector->own_cascade);
		if (detector->search) {
			detector->opencv->close(detector->search);
		}
	}
	free(detector);
}

bool pf_face_version_is_ours(const char *version)
{
	return strncmp(version, "4.6.", 4) == 0;
}

const char *pf_face_own_problem(const char *cascade_file)
{
	if (!pf_face_version_is_ours(pf_opencv_built_version())) {
		return "its search does what OpenCV 4.6 does, and OpenCV is another version";
	}
	pf_haar_cascade *cascade = NULL;
	struct stat file;
	if (stat(cascade_file, &file) == 0 && read_cascade(cascade_file, &file, &cascade) == PF_OK) {
		keep(cascade, &file);
		return NULL;
	}
	return "its search takes cascades of stumps over upright Haar features only";
}

static pf_status search_opencv(pf_face_detector *detector, const pf_haar_picture *picture,
			       const pf_haar_options *options, const pf_haar_found **found, size_t *count,
			       pf_error *error)
{
	char text[PF_OPENCV_TEXT] = "";
	switch (detector->opencv->run(detector->search, picture->grey, picture->width_px, picture->height_px,
				      options->scale_factor, options->least_neighbours, options->smallest_px,
				      found, count, text)) {
	case PF_OPENCV_FINE:
		return PF_OK;
	case PF_OPENCV_NO_MEMORY:
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the search for faces");
	case PF_OPENCV_REFUSED:
		break;
	}
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "the search for faces threw: %s", text);
}

/* Largest first, equal ones by y, then x, then width. */
static bool comes_before(const pf_face *a, const pf_face *b)
{
	uint64_t area_a = (uint64_t)a->width * a->height, area_b = (uint64_t)b->width * b->height;
	if (area_a != area_b) {
		return area_a > area_b;
	}
	if (a->y != b->y) {
		return a->y < b->y;
	}
	return a->x != b->x ? a->x < b->x : a->width < b->width;
}

static void insert(const pf_face *face, pf_face *faces, size_t *count)
{
	size_t at = *count;
	while (at > 0 && comes_before(face, &faces[at - 1])) {
		at--;
	}
	if (at == PF_FACES_MAX) {
		return;
	}
	size_t after = *count - at - (*count == PF_FACES_MAX ? 1 : 0);
	memmove(&faces[at + 1], &faces[at], after * sizeof *faces);
	faces[at] = *face;
	*count += *count < PF_FACES_MAX ? 1 : 0;
}

static pf_face face_of(const pf_haar_found *found)
{
	return (pf_face){(uint32_t)found->x, (uint32_t)found->y, (uint32_t)found->width,
			 (uint32_t)found->height};
}

pf_status pf_face_detect_scaled(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				uint32_t height_px, double scale_factor, pf_face *faces, size_t *count,
				pf_error *error)
{
	const pf_haar_options options = {scale_factor, PF_FACE_MIN_NEIGHBOURS, PF_FACE_SMALLEST_PX};
	const pf_haar_picture picture = {grey, width_px, height_px};
	const pf_haar_found *rects = NULL;
	size_t found = 0;
	*count = 0;
	pf_status status = detector->own ? pf_haar_search_run(detector->own, &picture, &options, &rects,
							      &found, error)
					 : search_opencv(detector, &picture, &options, &rects, &found, error);
	for (size_t i = 0; status == PF_OK && rects && i < found; i++) {
		pf_face face = face_of(&rects[i]);
		insert(&face, faces, count);
	}
	return status;
}

pf_status pf_face_detect(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
			 uint32_t height_px, pf_face *faces, size_t *count, pf_error *error)
{
	return pf_face_detect_scaled(detector, grey, width_px, height_px, PF_FACE_SCALE_FACTOR, faces, count,
				     error);
}

pf_status pf_face_search_opencv(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				uint32_t height_px, int least_neighbours, pf_face *faces, size_t capacity,
				size_t *count)
{
	const pf_haar_options options = {PF_FACE_SCALE_FACTOR, least_neighbours, PF_FACE_SMALLEST_PX};
	const pf_haar_picture picture = {grey, width_px, height_px};
	const pf_haar_found *rects = NULL;
	pf_status status = search_opencv(detector, &picture, &options, &rects, count, NULL);
	*count = status == PF_OK ? *count : 0;
	for (size_t i = 0; i < *count && i < capacity; i++) {
		faces[i] = face_of(&rects[i]);
	}
	return status;
}

void pf_face_prepare(void)
{
	pf_opencv_load(NULL);
}

const char *pf_face_library_version(void)
{
	const pf_opencv *opencv = pf_opencv_load(NULL);
	return opencv ? opencv->version() : "(cannot be loaded)";
}
