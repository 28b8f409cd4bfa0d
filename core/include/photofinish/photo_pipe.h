/* Decoded photos through a pipe, and the pipes of a pool: one to each worker, made anew for each replacement.
 */
#ifndef PHOTOFINISH_PHOTO_PIPE_H
#define PHOTOFINISH_PHOTO_PIPE_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/framed_pipe.h"
#include "photofinish/image.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* Sends the samples of all planes as they are in memory, padding included. PF_ERR_IO: the reader is gone. */
PF_API pf_status pf_photo_send(pf_framed_end *end, uint32_t ticket, const pf_image *image, pf_error *error);

/* Ends a series of photos. */
PF_API pf_status pf_photo_send_end(pf_framed_end *end, pf_error *error);

#define PF_NO_TICKET UINT32_MAX

/* Takes the next photo into *image, whose buffer is reused. *ticket is PF_NO_TICKET at the end of a series.
 * PF_ERR_IO: the writer is gone. */
PF_API pf_status pf_photo_receive(pf_framed_end *end, uint32_t *ticket, pf_image *image, pf_error *error);

/* For each worker of a pool a pipe to it, and what it asked for. A number that a worker asks for only rises.
 */
typedef struct pf_worker_pipes pf_worker_pipes;

/* Create it before the fork. Every payload byte that is sent is added to *moved_bytes, and what a worker
 * takes to a hop of its trace, from slot 0. */
PF_API pf_status pf_worker_pipes_create(const struct pf_env *env, uint64_t *moved_bytes,
					pf_worker_pipes **out, pf_error *error);
PF_API void pf_worker_pipes_destroy(pf_worker_pipes *pipes); /* NULL is fine; no thread may be using it */

/* For pf_pool_job's callbacks of these names, in the parent. */
PF_API pf_status pf_worker_pipes_forking(pf_worker_pipes *pipes, uint32_t slot, pf_error *error);
PF_API void pf_worker_pipes_forked(pf_worker_pipes *pipes, uint32_t slot);

/* A worker, at its beginning: closes what belongs to the parent and to other workers. */
PF_API void pf_worker_pipes_enter(pf_worker_pipes *pipes, uint32_t slot);

/* A worker: asks for series `number` and waits until it begins to come; then it has to be received. False
 * where it comes no more. */
PF_API bool pf_worker_pipes_ask(pf_worker_pipes *pipes, uint32_t slot, uint32_t number,
				pf_framed_end **reader);
PF_API void pf_worker_pipes_leave(pf_worker_pipes *pipes, uint32_t slot); /* it will not ask any more */

/* The sender, one thread of the parent: waits for a worker that has asked for series `number` and has not got
 * it, and gives the pipe to it. False once every worker has got it, is past it or has left. */
PF_API bool pf_worker_pipes_next(pf_worker_pipes *pipes, uint32_t number, pf_framed_end **writer);

/* Series up to `number` come no more. UINT32_MAX: none at all; ends all waits. */
PF_API void pf_worker_pipes_gone(pf_worker_pipes *pipes, uint32_t number);

#endif
