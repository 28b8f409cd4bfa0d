/* Bytes that a trial read and wrote. */
#ifndef HARNESS_TRIAL_IO_H
#define HARNESS_TRIAL_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* By the kernel's count, over a process and all its children that it reaped. */
typedef struct pf_io_count {
	bool known;
	uint64_t read_call_bytes;                         /* by read() and its like: files, pipes, sockets */
	uint64_t written_bytes;                           /* by write() and its like: files, pipes, sockets */
	uint64_t device_read_bytes, device_written_bytes; /* that storage has to do with; written ones may
							     have been taken back since */
} pf_io_count;

/* Takes it from the text of /proc/PID/io. False, and *out is not known, where a line is missing. */
bool pf_io_parse(const char *text, pf_io_count *out);

/* Of a process that ended and was not reaped yet (or of a running one). Not known where the kernel does not
 * tell. */
void pf_io_read(pid_t pid, pf_io_count *out);

#endif
