/* Frames through a pipe from one process (or thread) to another: small ones or many megabytes, gathered from
 * several buffers, bounded, with the peer's death and a request to stop noticed while waiting. */
#ifndef PHOTOFINISH_FRAMED_PIPE_H
#define PHOTOFINISH_FRAMED_PIPE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "photofinish/hop.h"
#include "photofinish/status.h"

/* Frames whose payload is at most this large are written whole or not at all, so a reader that poll() says is
 * ready gets all of it without waiting. */
#define PF_FRAMED_ATOMIC_BYTES 4080

/* One end of a pipe; one thread of one process uses it at a time. The fields are for reading, but for
 * `cancel`, `moved_bytes` and `hop`, which the owner may set before the first frame. */
typedef struct pf_framed_end {
	int fd;              /* -1 once closed; does not block, may be given to poll() */
	bool broken;         /* a frame was cut short: nothing more can be sent or received */
	uint64_t most_bytes; /* the largest payload that is let through */
	uint64_t left_bytes; /* reader: of the frame at hand, still to be read */
	uint64_t frames,
		bytes; /* payload of the frames begun that went through this end so far, without heads */
	const atomic_int *cancel; /* not 0: waiting ends with PF_ERR_CANCELLED; NULL: never */
	uint64_t *moved_bytes;    /* writer: every payload byte that the pipe took is added; NULL: none */
	pf_hop *hop; /* reader: every frame that began and every payload byte taken is added; NULL: none */
} pf_framed_end;

/* Both ends are closed on exec and inherited by fork: each process closes the end that it does not use, or
 * the other side never learns of a death. `most_bytes` bounds the payload on both sides. */
PF_API pf_status pf_framed_open(uint64_t most_bytes, const atomic_int *cancel, pf_framed_end *reader,
				pf_framed_end *writer, pf_error *error);
PF_API void pf_framed_close(pf_framed_end *end); /* again is fine */

/* Sends one frame: `kind` (not 0), and as its payload the `count` parts one after another. Waits while the
 * pipe is full. PF_ERR_IO: the reader is gone (no SIGPIPE is raised). PF_ERR_INVALID: larger than most_bytes;
 * nothing was sent. PF_ERR_CANCELLED: stopped on request. After the first and the last the end may be broken.
 */
PF_API pf_status pf_framed_send(pf_framed_end *end, uint32_t kind, const struct iovec *parts, int count,
				pf_error *error);

/* Waits for the next frame, whose payload is then taken by pf_framed_receive; that of the frame before must
 * have been taken. *kind is 0 when the writer closed its end, or died, between two frames. PF_ERR_TRUNCATED:
 * it did so within one. PF_ERR_INVALID: what came is no frame, or larger than most_bytes. PF_ERR_CANCELLED.
 */
PF_API pf_status pf_framed_next(pf_framed_end *end, uint32_t *kind, uint64_t *bytes, pf_error *error);

/* Takes the next `bytes` of the frame at hand (PF_ERR_INVALID if it has fewer left; nothing is taken then).
 * Other failures as pf_framed_next; they leave the end broken. */
PF_API pf_status pf_framed_receive(pf_framed_end *end, void *to, size_t bytes, pf_error *error);

#endif
