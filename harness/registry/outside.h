/* Variants from outside: beside those that were built in, plug-ins and commands take part under their names.
 */
#ifndef HARNESS_OUTSIDE_H
#define HARNESS_OUTSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/registry/allowance.h"
#include "photofinish/dataset.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Where a variant from outside came from. */
typedef struct pf_outside {
	const struct pf_variant *variant;
	char *plugin;        /* absolute path of the shared object; NULL for a command */
	const char *command; /* NAME=COMMAND LINE as it was given; NULL for a plug-in */
	uint8_t plugin_sha256[PF_SHA256_BYTES];
} pf_outside;

#define PF_MAX_OUTSIDE 64

/* Takes in the variant of a shared object that exports one as pf_plugin_variant. It is loaded in a process of
 * its own, contained but for what is allowed, which tells its descriptor and ends: none of its code runs in
 * this one, and one that crashes or hangs while it is loaded is an error like others. PF_ERR_INVALID says
 * what is wrong with it, PF_ERR_EXISTS that a variant has its name. */
pf_status pf_plugin_add(const char *file, const pf_allowance *allowance, pf_error *error);

/* Loads it for good: in the process of a trial, which may die. */
pf_status pf_plugin_adopt(const char *file, pf_error *error);

/* Takes in the program of a text NAME='COMMAND LINE', which has to outlive the variant. */
pf_status pf_command_add(const char *text, pf_error *error);
bool pf_outside_has_commands(void);

/* Lower-case letters, digits and dashes: names stand in tables, on command lines and in lists. */
bool pf_variant_name_is_good(const char *name);

/* Where it came from; NULL for a variant that was built in. */
const pf_outside *pf_outside_of(const struct pf_variant *variant);

/* Variant i of those built in, then of those from outside in the order in which they came; NULL behind the
 * last. */
const struct pf_variant *pf_variant_at(size_t i);

#endif
