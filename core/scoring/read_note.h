/* Which bytes a thread's scorers have read last, for who tells of the outcome in that thread: what is kept of
 * a score is kept under the hash of the bytes that it was made of, and not of a file that was read another
 * time. */
#ifndef PHOTOFINISH_READ_NOTE_H
#define PHOTOFINISH_READ_NOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"

/* Photo `index` was read whole, from `begin_ns` (pf_now_ns) on. A thread remembers the last two. Read twice
 * before it was told of, with other bytes the second time, a photo has no hash. */
void pf_read_note(uint32_t index, const void *bytes, size_t count, uint64_t begin_ns);

/* Forgets photo `index` again; false where this thread knows nothing of it. *service_ns: since its read
 * began, or since the thread's last call of this. */
bool pf_read_take(uint32_t index, uint8_t sha256[PF_SHA256_BYTES], uint64_t *service_ns);

#endif
