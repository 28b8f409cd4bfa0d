/* What the processes of trials may do beyond what scoring needs: --allow. */
#ifndef HARNESS_ALLOWANCE_H
#define HARNESS_ALLOWANCE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/containment.h"
#include "photofinish/status.h"

/* Plain data. */
#define PF_ALLOWED_PATHS 2048
typedef struct pf_allowance {
	uint32_t allow;               /* of enum pf_allowed */
	char paths[PF_ALLOWED_PATHS]; /* "r" or "w" and an absolute path with its end, again and again; ""
					 ends */
} pf_allowance;

/* Adds "network", "exec", "write=DIR", "read=PATH" or "all". PF_ERR_USAGE says what is wrong. */
pf_status pf_allowance_add(pf_allowance *allowance, const char *text, pf_error *error);

/* Calls `take` with each of them, as it was given but for paths, which are absolute. */
void pf_allowance_each(const pf_allowance *allowance, void (*take)(void *context, const char *text),
		       void *context);

#endif
