/* What of a shared library gets into memory. */
#ifndef HARNESS_GATE_ELF_H
#define HARNESS_GATE_ELF_H

#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"

/* SHA-256 over the parts of a 64-bit ELF file that are loaded (PT_LOAD); debug information and symbol tables
 * for linkers are not. Where the bytes of `root` (a build tree's path; "" or NULL: none) stand in them they
 * count as blanks, so that builds of one source at different places are equal if their paths are equally
 * long. PF_ERR_INVALID: it is no such file. */
pf_status pf_gate_loaded_digest(const char *library, const char *root, uint8_t digest[PF_SHA256_BYTES],
				pf_error *error);

#endif
