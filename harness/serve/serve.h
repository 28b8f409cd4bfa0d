/* A scoring service: photos come by HTTP, wait in a queue with deadlines and priorities, are scored by the
 * workers of a variant's intake, and each request gets exactly one answer. docs/serve.md. */
#ifndef HARNESS_SERVE_H
#define HARNESS_SERVE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/run/contestant.h"
#include "harness/trial/trial.h"

typedef struct pf_serve_order {
	const pf_contestant *contestant; /* whose variant has an intake */
	const pf_session *session;       /* limits, allowance, placement; its dataset is empty */
	const char *address;             /* to listen at: a name or number */
	const char *port;
	const char *token;                              /* that requests have to bear; NULL: none need to */
	uint64_t photo_bytes_most, buffered_bytes_most; /* of one photo; of all that wait */
	uint32_t queue_most;                            /* photos that wait */
	uint32_t burst_most;                            /* photos of one request */
	uint32_t degraded_preset; /* for photos that come while there is much to do; the session's: none */
	double deadline_s;        /* of a request that names none */
	double read_timeout_s;    /* for a request to have come whole */
	void (*listening)(void *context, const char *address, unsigned port);
	void *context;
} pf_serve_order;

/* Serves until it is interrupted (harness/base/interrupt.h): then takes no more requests, answers those that
 * it has, and returns PF_OK. A second interrupt ends it at once: PF_ERR_CANCELLED. Fails where it cannot
 * listen or the variant cannot open its models. */
pf_status pf_serve(const pf_serve_order *order, pf_error *error);

/* What HTTP is spoken with: "libmicrohttpd 0.9.75". Static. */
const char *pf_serve_library(void);

#endif
