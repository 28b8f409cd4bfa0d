/* The search for frontal faces: OpenCV's cascade classifier (opencv_load.h), or the search of our own
 * (haar_search.h), which finds the same and needs no OpenCV. A detector is for one thread at a time: both
 * keep working memory inside. */
#ifndef PHOTOFINISH_FACE_H
#define PHOTOFINISH_FACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#define PF_FACES_MAX 64        /* more are cut off, the smallest first */
#define PF_FACE_LONGEST_PX 640 /* longest side of the picture that is searched */
#define PF_FACE_SMALLEST_PX 24 /* side of the smallest face found in it */
#define PF_FACE_SCALE_FACTOR 1.2
#define PF_FACE_MIN_NEIGHBOURS 3

typedef struct pf_face {
	uint32_t x, y, width, height; /* px of the picture that was searched */
} pf_face;

typedef struct pf_face_detector pf_face_detector;

/* Loads a cascade in OpenCV's XML format and sets OpenCV to one thread, for the whole process. With `own` it
 * is searched by our own code, where pf_face_own_problem says nothing against that. Fails with
 * PF_ERR_NOT_FOUND, PF_ERR_INVALID where OpenCV cannot read it, PF_ERR_UNAVAILABLE where OpenCV is needed and
 * cannot be loaded, PF_ERR_NO_MEMORY. */
pf_status pf_face_detector_create(const char *cascade_file, bool own, pf_face_detector **out,
				  pf_error *error);
void pf_face_detector_destroy(pf_face_detector *detector); /* NULL is fine */

/* Faces of an upright grey picture without padding, largest first, equal ones by y, then x. `faces` has room
 * for PF_FACES_MAX. Fails with PF_ERR_INTERNAL where OpenCV throws, with the exception's text. */
pf_status pf_face_detect(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
			 uint32_t height_px, pf_face *faces, size_t *count, pf_error *error);

/* The same with another factor between the sizes of faces that are searched: smaller ones find more. */
pf_status pf_face_detect_scaled(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				uint32_t height_px, double scale_factor, pf_face *faces, size_t *count,
				pf_error *error);

/* Why OpenCV would search this cascade though our own code was asked for: static text; NULL where it would
 * not. Ours does what OpenCV 4.6 does, with cascades of stumps over upright Haar features. The cascade that
 * was read for the answer is kept, for the process's life, until a detector is created from it. */
const char *pf_face_own_problem(const char *cascade_file);

/* The same for any version of OpenCV, "4.6.0". */
bool pf_face_version_is_ours(const char *version);

/* OpenCV's search with a detector that is not our own's, in OpenCV's order and without a limit of
 * PF_FACES_MAX: writes up to `capacity` of the *count rectangles. With `least_neighbours` 0 they are all
 * windows that the cascade accepts. What our search is tested by. */
pf_status pf_face_search_opencv(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
				uint32_t height_px, int least_neighbours, pf_face *faces, size_t capacity,
				size_t *count);

/* Loads OpenCV, so that processes which are forked from here on share it. Where that fails, creating a
 * detector says why. */
void pf_face_prepare(void);

/* OpenCV's version at run time, "4.6.0". It is loaded for the answer; "(cannot be loaded)" where it cannot.
 */
const char *pf_face_library_version(void);

#endif
