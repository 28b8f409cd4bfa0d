/* The service's own state, for the files that are one. Everything behind `lock` is used with it held, by the
 * thread that speaks HTTP (serve_http.c), the one that has the workers' process (serve_engine.c) and the one
 * that looks at the clock (serve.c). */
#ifndef HARNESS_SERVER_H
#define HARNESS_SERVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "harness/serve/request_queue.h"
#include "harness/serve/serve.h"
#include "harness/serve/serve_metrics.h"
#include "harness/trial/photo_stream.h"

enum { PF_SERVE_BESTS = 8 };

/* A photo that a worker has. */
typedef struct pf_serve_slot {
	pf_request *request; /* NULL: none */
	size_t photo;
	uint64_t tag;
} pf_serve_slot;

/* The best of a request with scores. */
typedef struct pf_serve_best {
	char name[PF_REQUEST_NAME];
	double points;
	size_t of;
} pf_serve_best;

typedef struct pf_server {
	const pf_serve_order *order;
	pthread_mutex_t lock;
	pf_request_queue queue;
	uint64_t buffered_bytes;
	size_t requests; /* that were admitted and are not answered */
	bool draining, stopping;
	pf_serve_counts counts;
	pf_service_times service[2], latencies; /* service: of the session's preset, of the faster one */
	uint8_t (*poison)[PF_SHA256_BYTES];     /* photos that killed a worker; owned */
	size_t poison_count;
	pf_serve_best bests[PF_SERVE_BESTS]; /* the latest, [bests_seen % PF_SERVE_BESTS] is next */
	uint64_t bests_seen;

	/* The process that has the workers. */
	pthread_t engine;
	bool engine_runs, was_ready, failed; /* failed: it cannot be started, see failure */
	pf_error failure;
	pf_inbox inbox;
	int posts; /* photos go there; -1: there is no process */
	pf_serve_slot *slots;
	uint64_t tags;
	pf_intake_state workers;
	uint64_t workers_deaths;     /* of this process, that were counted */
	pf_service_times replacing;  /* from a worker's death until its replacement was ready */
	uint64_t fewer_since_ns;     /* there are fewer workers than there should be; 0: no */
	uint64_t begun_ns, start_ns; /* when the process was started; what the first one took until ready */

	size_t answering;     /* requests whose answer is there and not yet sent */
	uint64_t connections; /* open */
	struct pf_http *http;
	struct pf_live {
		struct viewer *viewers;
		uint64_t count;
		char *event; /* that they get; owned */
		uint64_t events, event_ns;
		bool ending;
	} live;
} pf_server;

/* serve_engine.c */
pf_status pf_engine_start(pf_server *server, pf_error *error);
void pf_engine_stop(pf_server *server); /* waits for its end; nothing may be under way */

/* With the lock: gives photos that wait to workers that are free, and answers those that expired. */
void pf_engine_dispatch(pf_server *server);

/* With the lock: whether a request of that many photos and bytes can be taken now; if it is to be degraded.
 */
pf_denial pf_engine_admit(pf_server *server, pf_request *request, size_t photos, uint64_t bytes);

/* With the lock: the request's answer is there (serve_http.c). */
void pf_http_answer(pf_request *request);

/* serve_http.c; `listener` is closed by it. */
pf_status pf_http_start(pf_server *server, int listener, pf_error *error);
void pf_http_quiesce(pf_server *server); /* no new connections */
void pf_http_tick(pf_server *server, uint64_t now_ns);
void pf_http_stop(pf_server *server);

/* serve_answer.c: what is sent; the caller frees it. NULL: no memory. */
char *pf_answer_scores(const pf_server *server, const pf_request *request, size_t *bytes);
char *pf_answer_refusal(pf_denial refusal, size_t *bytes);
unsigned pf_answer_code(const pf_request *request);
unsigned pf_denial_code(pf_denial refusal);
void pf_answer_note_best(pf_server *server, const pf_request *request);

#endif
