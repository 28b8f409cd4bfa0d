/* Which engine this program scores with. */
#ifndef HARNESS_ENGINE_DIGEST_H
#define HARNESS_ENGINE_DIGEST_H

#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"

/* SHA-256 of the engine's library file. */
pf_status pf_engine_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error);

/* The same of that and of this program's file, in which the variants lie: two builds whose engine is the same
 * may score by other strategies. */
pf_status pf_build_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error);

#endif
