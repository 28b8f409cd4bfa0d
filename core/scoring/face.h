/* The search for frontal faces: OpenCV's cascade classifier behind a C interface. C++ exceptions never leave
 * it. A detector is for one thread at a time: OpenCV's object keeps its working memory inside. */
#ifndef PHOTOFINISH_FACE_H
#define PHOTOFINISH_FACE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PF_FACES_MAX 64        /* more are cut off, the smallest first */
#define PF_FACE_LONGEST_PX 640 /* longest side of the picture that is searched */
#define PF_FACE_SMALLEST_PX 24 /* side of the smallest face found in it */
#define PF_FACE_SCALE_FACTOR 1.2
#define PF_FACE_MIN_NEIGHBOURS 3

typedef struct pf_face {
	uint32_t x, y, width, height; /* px of the picture that was searched */
} pf_face;

typedef struct pf_face_detector pf_face_detector;

/* Loads a cascade in OpenCV's XML format and sets OpenCV to one thread, for the whole process. Fails with
 * PF_ERR_NOT_FOUND, PF_ERR_INVALID where OpenCV cannot read it, PF_ERR_NO_MEMORY. */
pf_status pf_face_detector_create(const char *cascade_file, pf_face_detector **out, pf_error *error);
void pf_face_detector_destroy(pf_face_detector *detector); /* NULL is fine */

/* Faces of an upright grey picture without padding, largest first, equal ones by y, then x. `faces` has room
 * for PF_FACES_MAX. Fails with PF_ERR_INTERNAL where OpenCV throws, with the exception's text. */
pf_status pf_face_detect(pf_face_detector *detector, const uint8_t *grey, uint32_t width_px,
			 uint32_t height_px, pf_face *faces, size_t *count, pf_error *error);

/* OpenCV's version at run time, "4.6.0". */
const char *pf_face_library_version(void);

/* A function of OpenCV's, to find the file that it was loaded from. */
void *pf_face_library_function(void);

#ifdef __cplusplus
}
#endif

#endif
