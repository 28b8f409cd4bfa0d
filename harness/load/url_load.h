/* A load on whatever answers HTTP: photos are sent to it as they would come, and each request has one
 * outcome. Latency counts from when a request was to be sent. */
#ifndef HARNESS_URL_LOAD_H
#define HARNESS_URL_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/load/arrivals.h"
#include "harness/load/http_client.h"
#include "harness/scores/tolerance.h"
#include "harness/stats/histogram.h"
#include "harness/trial/trial.h"

/* X(constant, name in records): what became of a request. */
#define PF_SENT_LIST(X)                                                                             \
	X(PF_SENT_OK, "ok")             /* a score, checked, within the deadline if there is one */ \
	X(PF_SENT_REJECTED, "rejected") /* 503 or 429 */                                            \
	X(PF_SENT_LATE, "late")         /* a score behind the deadline, or 504 */                   \
	X(PF_SENT_ERROR, "error")       /* any other answer */                                      \
	X(PF_SENT_LOST, "lost")         /* no whole answer */
#define PF_SENT_ENUM(constant, name) constant,
typedef enum pf_sent { PF_SENT_LIST(PF_SENT_ENUM) PF_SENT_COUNT } pf_sent;
#undef PF_SENT_ENUM
const char *pf_sent_name(pf_sent outcome);

typedef struct pf_url_request {
	uint32_t photo, phase;
	pf_sent outcome;
	unsigned code;        /* of HTTP; 0: no whole answer */
	bool scored, settled; /* scored: its answer was checked and has a score, in time or not */
	uint64_t due_ns;      /* when it was to be sent, since the load began */
	uint64_t delay_ns;    /* from then until it was begun */
	uint64_t latency_ns;  /* from due until its whole answer was there, or was given up */
} pf_url_request;

/* A stretch of the load: arrivals of some rate, or users of which each sends when it was answered. */
typedef struct pf_url_phase {
	pf_rate_phase rate;
	uint32_t users, least_requests; /* users 0: arrivals. It lasts until both are reached. */
	bool drains;                    /* the next one begins once all of this one are answered */
	/* Results. */
	size_t first, sent; /* its requests are requests[first .. first + sent) */
	size_t outcomes[PF_SENT_COUNT];
	double lasted_s;       /* from its begin until its last answer, at least its own length */
	pf_histogram *latency; /* of those with a score; owned */
} pf_url_phase;

/* Reasons that no answer came, or codes: how many. */
typedef struct pf_url_count {
	char what[24]; /* "200", "refused" */
	size_t count;
} pf_url_count;

enum { PF_URL_COUNTS = 24 };

typedef struct pf_url_load {
	pf_http_target target;
	const pf_session *session;
	const struct pf_variant *variant; /* whose tolerance holds; NULL: scores are to be the same bits */
	bool unchecked;                   /* answers are taken for what their code says */
	const char *token;                /* to be borne; NULL: none */
	double deadline_s;                /* 0: none is sent */
	double give_up_s;                 /* behind due: no answer by then is lost */
	uint32_t connections;             /* at most */
	uint64_t seed;
	void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
	void *context;
	size_t expected; /* requests, for progress; 0: not known */
	/* Results. */
	pf_url_phase *phases; /* owned */
	size_t phase_count;
	pf_url_request *requests; /* owned */
	size_t count;
	pf_histogram *latency; /* of those with a score; owned */
	pf_histogram *delay;   /* of all that were begun; owned */
	pf_url_count counts[PF_URL_COUNTS];
	pf_tolerance tolerance;
	size_t wrong,
		other_setting; /* answers that are not the reference's; by another preset or other stages */
	size_t backlog_most;   /* requests that waited for a free connection */
	char first_wrong[256]; /* escaped */
	bool partial;          /* it was interrupted */
	struct url_sending *sending; /* between open and close */
} pf_url_load;

/* Reads the photos, makes or takes the reference, and sends one request that is not counted: an error where
 * nothing answers, or something that takes no photos. Close it in any case. */
pf_status pf_url_load_open(pf_url_load *load, pf_error *error);

/* Runs a phase behind those that were run; *phase's results are in load->phases[..]. Not begun after an
 * interrupt. */
pf_status pf_url_load_phase(pf_url_load *load, const pf_url_phase *phase, pf_error *error);

/* Waits for what is under way, and sums up. */
void pf_url_load_finish(pf_url_load *load);
void pf_url_load_close(pf_url_load *load);   /* what was needed to send */
void pf_url_load_release(pf_url_load *load); /* results */

#endif
