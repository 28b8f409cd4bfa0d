/* Another build of photofinish whose trials take part: what was changed against what it was before. */
#ifndef HARNESS_OTHER_BUILD_H
#define HARNESS_OTHER_BUILD_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

#define PF_BUILD_SCHEMA "photofinish.build/1" /* of the answer */

typedef struct pf_build {
	char executable[1024]; /* absolute; "" for this program itself */
	uint64_t layout;       /* pf_trial_layout of that build */
	char version[32], build_type[32], compiler[64], compiler_flags[512], sanitizers[64];
	char engine[256]; /* as pf_engine_version has it there */
	/* Of its program, in which variants and harness are, of its library, in which the engine is, and over
	 * both of these, by which it is known. */
	char program_sha256[2 * PF_SHA256_BYTES + 1], engine_sha256[2 * PF_SHA256_BYTES + 1],
		id[2 * PF_SHA256_BYTES + 1];
	char unfit[64]; /* why it must not be timed; "" where it may */
} pf_build;

/* This program. */
pf_status pf_build_own(pf_build *out, pf_error *error);

/* Asks the program at `path` (or photofinish in the folder `path`), which build it is, by "trial --build
 * VARIANT". PF_ERR_INVALID: it is none that can be compared with, shares other structures with its trials
 * than this build does, or has not that variant with the same options. PF_ERR_UNAVAILABLE: it is a build that
 * must not be timed. */
pf_status pf_build_ask(const char *path, const struct pf_variant *variant, pf_build *out, pf_error *error);

/* What a trial is told of a variant by place and not by name, as text: what it is, its options in order. */
void pf_build_describe_variant(const struct pf_variant *variant, char *out, size_t capacity);

#endif
