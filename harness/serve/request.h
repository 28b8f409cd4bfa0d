/* One request of the service, from its head to its answer. */
#ifndef HARNESS_REQUEST_H
#define HARNESS_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/score.h"
#include "photofinish/status.h"

#define PF_REQUEST_NAME 256

/* Everything that is answered without a score; stands for HTTP's number. */
typedef enum pf_denial {
	PF_DENIED_NOT,
	PF_DENIED_MALFORMED,
	PF_DENIED_TOKEN,
	PF_DENIED_PATH,
	PF_DENIED_METHOD,
	PF_DENIED_TOO_LARGE,
	PF_DENIED_QUEUE,    /* as many photos wait as may */
	PF_DENIED_BUFFER,   /* they take as much memory as they may */
	PF_DENIED_DEADLINE, /* it would pass before the answer is there */
	PF_DENIED_DRAINING, /* the server was asked to end */
	PF_DENIED_EXPIRED,  /* the deadline passed while it waited: it was not executed */
	PF_DENIED_LOST,     /* the process that had it ended */
	PF_DENIED_KINDS,
} pf_denial;

typedef struct pf_request_photo {
	unsigned char *bytes; /* owned; NULL once it was handed to a worker */
	size_t size, capacity;
	char name[PF_REQUEST_NAME];
	uint8_t sha256[PF_SHA256_BYTES]; /* where it is hashed */
	bool hashed, begun, done;
	/* Once it is done. */
	pf_status status;
	char message[256];
	pf_score score;
	uint64_t begun_ns, service_ns; /* when it was handed to a worker; what that took, by its own word */
} pf_request_photo;

typedef struct pf_request {
	bool burst;
	pf_request_photo *photos;
	size_t count, begun, done; /* photos: that there are, that a worker got, that are done */
	unsigned urgency;          /* 0: the most urgent, to 7 */
	uint64_t arrived_ns, deadline_ns, queued_ns, answered_ns;
	bool degraded;     /* by the faster preset */
	pf_denial refused; /* why it has no scores */
	double retry_after_s;
	bool complete; /* its answer can be sent */
	uint64_t body_bytes;
	struct pf_request *next; /* in the queue, in the order of coming */
	void *http;              /* of who speaks with the client */
} pf_request;

static inline size_t pf_request_waiting(const pf_request *request)
{
	return request->count - request->begun;
}

#endif
