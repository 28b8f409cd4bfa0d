/* OpenCV's cascade classifier behind C functions, in an object of its own: OpenCV brings some thirty
 * libraries, and loading them takes longer than scoring a photo. It is loaded when it is first needed. The
 * object needs nothing of this library, so that two builds of it may be in one process. */
#ifndef PHOTOFINISH_OPENCV_OBJECT_H
#define PHOTOFINISH_OPENCV_OBJECT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#include "core/faces/haar_search.h" /* pf_haar_found, a type */

#define PF_OPENCV_OBJECT "photofinish_opencv.so" /* beside this library, or in photofinish/ there */
#define PF_OPENCV_SYMBOL "pf_opencv_v1"
#define PF_OPENCV_TEXT 256

typedef enum pf_opencv_result {
	PF_OPENCV_FINE = 0,
	PF_OPENCV_NO_MEMORY,
	PF_OPENCV_REFUSED, /* a cascade that it cannot read; a search in which it throws */
} pf_opencv_result;

/* One cascade with its working memory, for one thread at a time. */
typedef struct pf_opencv_search pf_opencv_search;

typedef struct pf_opencv {
	const char *(*version)(void); /* of the library that was loaded, "4.6.0" */
	void *function;               /* one of OpenCV's, to find the file that it was loaded from */
	/* Sets OpenCV to one thread, for the whole process. */
	pf_opencv_result (*open)(const char *cascade_file, pf_opencv_search **out);
	void (*close)(pf_opencv_search *search);
	/* detectMultiScale of a grey picture with rows of width_px bytes: rectangles in OpenCV's order, valid
	 * until the next run. `text` is one line, the exception's, where it is PF_OPENCV_REFUSED. */
	pf_opencv_result (*run)(pf_opencv_search *search, const uint8_t *grey, uint32_t width_px,
				uint32_t height_px, double scale_factor, int32_t least_neighbours,
				uint32_t smallest_px, const pf_haar_found **found, size_t *count,
				char text[PF_OPENCV_TEXT]);
} pf_opencv;

#ifdef __cplusplus
}
#endif

#endif
