/* Which build this program scores with. */
#ifndef HARNESS_ENGINE_DIGEST_H
#define HARNESS_ENGINE_DIGEST_H

#include <stdint.h>

#include "photofinish/engine_file.h"
#include "photofinish/status.h"

/* SHA-256 of the engine's library file (pf_engine_digest) and of this program's file, in which the variants
 * lie: two builds whose engine is the same may score by other strategies. */
pf_status pf_build_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error);

#endif
