/* The object with OpenCV in it (opencv_object.h), loaded when it is first asked for. */
#ifndef PHOTOFINISH_OPENCV_LOAD_H
#define PHOTOFINISH_OPENCV_LOAD_H

#include "core/faces/opencv_object.h"
#include "photofinish/status.h"

/* Loads it once, for the process's life; from any thread. NULL where it cannot be loaded: PF_ERR_UNAVAILABLE
 * with the dynamic linker's reason. */
const pf_opencv *pf_opencv_load(pf_error *error);

/* The version that it was built with, "4.6.0", without loading it. What is loaded has the same two first
 * numbers: they are in the names of OpenCV's libraries. */
const char *pf_opencv_built_version(void);

#endif
