/* Memory that one process writes and those that it forks can only read, once they gave the writing up: then
 * no call gives it back to them, since what they map is a file that they opened for reading alone. */
#ifndef CORE_EXEC_SHARED_PAGES_H
#define CORE_EXEC_SHARED_PAGES_H

#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_shared_pages {
	void *memory; /* at the same address in every process: they are forks */
	uint64_t bytes;
	int read_fd; /* -1: given up */
} pf_shared_pages;

/* Zeroed; pages are taken as they are written. Anonymous: gone with the last process. */
pf_status pf_shared_pages_create(uint64_t bytes, pf_shared_pages *out, pf_error *error);
/* The same on a file in memory (memfd) of so many bytes at least, which others may write, too. It stays the
 * caller's, who sees to it that workers do not inherit it. */
pf_status pf_shared_pages_map(int fd, uint64_t bytes, pf_shared_pages *out, pf_error *error);
void pf_shared_pages_destroy(const pf_shared_pages *pages); /* unmaps this process's view; zeroed is fine */

/* In a forked process, at its beginning: from here on it only reads. Again changes nothing. */
pf_status pf_shared_pages_read_only(pf_shared_pages *pages, pf_error *error);

#endif
