/* What the processes of a trial were refused, told by the kernel and not by them: each call waits for the
 * harness's answer, which is always no. */
#ifndef HARNESS_REFUSALS_H
#define HARNESS_REFUSALS_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/containment.h"
#include "photofinish/status.h"

enum { PF_REFUSED_KINDS = 16 };

typedef struct pf_refusals {
	uint64_t total;
	uint32_t kinds; /* of calls[]; what is of further kinds is in the total alone */
	struct {
		int32_t number; /* pf_call_name */
		uint64_t count;
	} calls[PF_REFUSED_KINDS];
} pf_refusals;

void pf_refusals_add(pf_refusals *refusals, int number, uint64_t count);

/* "socket, execve 3 times", or "" */
#define PF_REFUSALS_TEXT 256
const char *pf_refusals_text(const pf_refusals *refusals, char out[PF_REFUSALS_TEXT]);

/* Descriptors by which a running trial tells. */
typedef struct pf_refusal_watch {
	int socket, listener; /* -1: none, or not yet */
} pf_refusal_watch;

void pf_refusals_none(pf_refusal_watch *watch);
/* The trial's process gets *its_end, which the caller closes. */
pf_status pf_refusals_open(pf_refusal_watch *watch, int *its_end, pf_error *error);
void pf_refusals_close(pf_refusal_watch *watch);

/* What can be read when there is something to take; -1: nothing will be. */
int pf_refusals_fd(const pf_refusal_watch *watch);
void pf_refusals_take(pf_refusal_watch *watch, pf_containment *in_force, pf_refusals *refusals);

#endif
