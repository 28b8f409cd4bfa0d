/* The journal of a make: one line for each finished photo, so that a later make trusts what is complete. */
#ifndef PF_MAKE_JOURNAL_H
#define PF_MAKE_JOURNAL_H

#include <stdbool.h>

#include "photofinish/dataset.h"

/* A finished photo; in memory shared by parent and workers. */
typedef struct pf_made_photo {
	uint64_t size_bytes;
	uint8_t sha256[PF_SHA256_BYTES];
	uint32_t done;
} pf_made_photo;

/* Opens (creates) `path` for appending and locks it: PF_ERR_EXISTS if another process holds it. It is the
 * lock of the whole folder: whoever has it may remove the file, and then holds nothing any more. A link is
 * not followed. *fd is to be closed, which also unlocks. */
pf_status pf_journal_open(const char *path, int *fd, pf_error *error);

/* Reads the entries for `count` photos; torn lines and nonsense are passed over. */
pf_status pf_journal_read(int fd, pf_made_photo *photos, uint32_t count, pf_error *error);

/* Reads all entries, of whatever dataset, those without a hash left out. The caller frees *photos. */
pf_status pf_journal_read_all(int fd, pf_made_photo **photos, size_t *count, pf_error *error);

/* Appends one line by a single write, so that a killed process leaves at worst one torn line. */
pf_status pf_journal_append(int fd, uint32_t index, const pf_made_photo *photo, pf_error *error);

#endif
