/* A trial's process that takes photos as they come, as long as it is asked to: the bytes lie in an inbox,
 * memory that it shares with the harness; where they lie comes through PF_TRIAL_FD_QUERIES, what became of
 * them goes back in frames (PF_FRAME_ANSWER). */
#ifndef HARNESS_PHOTO_STREAM_H
#define HARNESS_PHOTO_STREAM_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/trial/frames.h"
#include "photofinish/intake.h"
#include "photofinish/variant.h"

enum { PF_TRIAL_FD_INBOX = 8 };

/* Of a session; see pf_intake_order. */
typedef struct pf_inbox {
	uint32_t slots;
	uint64_t slot_bytes;
	uint32_t other_preset; /* that of the scorer: none */
	int fd;                /* the memory, as long as pf_intake_bytes says */
	unsigned char *memory; /* here; NULL: none */
	uint64_t bytes;
} pf_inbox;

/* Makes the memory of one whose first three members are set. PF_ERR_NO_MEMORY and others: there is none. */
pf_status pf_inbox_open(pf_inbox *inbox, pf_error *error);
void pf_inbox_close(pf_inbox *inbox); /* of one that was never opened, zeroed: fine */

/* One photo that lies in the inbox. Its slot is the process's until its answer came. */
typedef struct pf_posted_photo {
	uint64_t tag, size;
	uint32_t slot, other; /* other: not 0: for the other preset */
} pf_posted_photo;

/* In the harness; `write_end` as pf_queries_open gave it. False: nobody is there to take it. */
bool pf_photo_post(int write_end, const pf_posted_photo *photo);

/* In the process of a trial: until the other end of the pipe is closed and all is answered. */
pf_status pf_photo_stream_run(const struct pf_variant *variant, const struct pf_env *env,
			      const pf_intake_order *order, struct pf_pipe_sink *sink, pf_error *error);

#endif
