/* Events of a running variant on their way to the harness: frames on one pipe, each written by one write() of
 * at most PIPE_BUF bytes, so that any process or thread of the variant may write without a lock. */
#ifndef HARNESS_FRAMES_H
#define HARNESS_FRAMES_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/intake.h"
#include "photofinish/score.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

enum pf_frame_kind {
	PF_FRAME_BURST = 1, /* a burst was found: payload pf_frame_burst */
	PF_FRAME_PHOTO,     /* a photo is done: payload pf_frame_photo */
	PF_FRAME_RANKS,     /* ranks of (a part of) a burst: payload pf_frame_ranks */
	PF_FRAME_END,       /* the variant returned: payload pf_frame_end */
	PF_FRAME_QUERY,     /* a query is done (queries.h): payload pf_frame_query */
	PF_FRAME_PROCESS,   /* how a process is after a photo of a query: payload pf_frame_process */
	PF_FRAME_MEMBERS,   /* (a part of) a burst of which photos are known (known_part.h): as PF_FRAME_RANKS
			     */
	PF_FRAME_ANSWER,    /* a photo of a stream (photo_stream.h) is done: payload pf_intake_result */
	PF_FRAME_INTAKE,    /* how its workers are, whenever that changed: payload pf_intake_state */
};

typedef struct pf_frame_header {
	uint32_t bytes; /* of the whole frame */
	uint32_t kind;
	int32_t tid; /* the thread that sent it, or what it tells of: says who, nothing else */
	uint32_t unused;
} pf_frame_header;

typedef struct pf_frame_burst {
	uint32_t id, count;
} pf_frame_burst;

typedef struct pf_frame_photo {
	uint32_t index, burst;
	uint32_t status;
	char message[256];
	uint32_t hashed; /* not 0: the next two are known, see pf_photo_result */
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t service_ns;
	pf_score score; /* meaningful only where status is PF_OK */
} pf_frame_photo;

#define PF_FRAME_MAX_RANKS 400
typedef struct pf_frame_ranks {
	uint32_t burst, count, last; /* last: 1 in the burst's final part */
	uint32_t first;              /* place in the burst of the part's first photo */
	struct {
		uint32_t index, rank;
	} photos[PF_FRAME_MAX_RANKS]; /* the first `count` are sent */
} pf_frame_ranks;

typedef struct pf_frame_end {
	uint32_t status;
	char message[256];
	char file[512];
} pf_frame_end;

typedef struct pf_frame_query {
	uint32_t number, unused;
	uint64_t startup_ns; /* of it opening scorers, by the variant's own spans */
} pf_frame_query;

typedef struct pf_frame_process {
	int32_t pid;
	uint32_t index;      /* of the photo that it has just done */
	uint64_t heap_bytes; /* in use, by malloc's count; 0: not known */
} pf_frame_process;

typedef struct pf_frame {
	pf_frame_header header;
	union {
		pf_frame_burst burst;
		pf_frame_photo photo;
		pf_frame_ranks ranks;
		pf_frame_end end;
		pf_frame_query query;
		pf_frame_process process;
		pf_intake_result answer;
		pf_intake_state intake;
	};
} pf_frame;

/* A sink that writes to `fd`. */
struct pf_pipe_sink {
	struct pf_sink sink; /* first: the functions cast back */
	int fd;
};
void pf_pipe_sink_init(struct pf_pipe_sink *sink, int fd);
pf_status pf_pipe_sink_end(struct pf_pipe_sink *sink, pf_status status, const pf_error *error);

/* Tells of a burst's photos in the order of capture, all ranks 0. */
pf_status pf_pipe_sink_members(struct pf_pipe_sink *sink, const pf_burst *burst);

pf_status pf_pipe_sink_query(struct pf_pipe_sink *sink, uint32_t number, uint64_t startup_ns);
pf_status pf_pipe_sink_process(struct pf_pipe_sink *sink, int32_t pid, uint32_t index, uint64_t heap_bytes);

pf_status pf_pipe_sink_answer(struct pf_pipe_sink *sink, const pf_intake_result *result);
pf_status pf_pipe_sink_intake(struct pf_pipe_sink *sink, const pf_intake_state *state);

/* Takes frames out of a byte stream. Zeroed to begin with. */
typedef struct pf_frame_reader {
	size_t used;
	unsigned char bytes[4 * sizeof(pf_frame)];
} pf_frame_reader;

/* Reads once from `fd` and hands each complete frame to `take`. Returns the bytes read: 0 at the end of the
 * stream, -1 with errno on failure (EAGAIN, EINTR included; EBADMSG where the bytes are no frames). */
long pf_frame_read(pf_frame_reader *reader, int fd, void (*take)(void *context, const pf_frame *frame),
		   void *context);

#endif
