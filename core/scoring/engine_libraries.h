/* The libraries that decide scores, as they are loaded now. */
#ifndef PHOTOFINISH_ENGINE_LIBRARIES_H
#define PHOTOFINISH_ENGINE_LIBRARIES_H

#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"

/* SHA-256 over the files of libjpeg-turbo, libexif and OpenCV's object, the build identifiers of the C
 * library's mathematics, oneDNN and OpenCV's own libraries (where one has none, its file), and the vector
 * instructions that they choose their code by. Their versions alone would not tell a rebuilt package from
 * another. A child loads them, once for the process's life: some 50 ms; any thread. PF_ERR_UNAVAILABLE where
 * OpenCV cannot be loaded, PF_ERR_CRASHED where a library ends the child. */
pf_status pf_engine_libraries_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error);

#endif
