/* The file that the engine lies in. */
#ifndef PHOTOFINISH_ENGINE_FILE_H
#define PHOTOFINISH_ENGINE_FILE_H

#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"

/* SHA-256 of the engine's library file, or of the program that it is linked into. */
PF_API pf_status pf_engine_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error);

#endif
