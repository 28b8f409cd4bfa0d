/* What callgrind wrote of one photo: instructions, by function. */
#ifndef HARNESS_CALLGRIND_FILE_H
#define HARNESS_CALLGRIND_FILE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "photofinish/status.h"

typedef struct pf_callgrind_profile_function {
	char *name;         /* owned; an address "0x..." where there is no symbol */
	size_t object;      /* number of the file that it is in */
	uint64_t self;      /* instructions in it */
	uint64_t inclusive; /* and in what it called; too much where it called itself */
} pf_callgrind_profile_function;

typedef struct pf_callgrind_profile {
	uint64_t total;
	pf_callgrind_profile_function *functions; /* by callgrind's number; some have no name */
	size_t count;
	char **objects; /* by callgrind's number: paths, "???" for code that is in no file; owned */
	size_t object_count;
} pf_callgrind_profile;

/* Reads the format of callgrind's manual ("Callgrind Format Specification", version 1): names are compressed,
 * the first event is the one that counts. `file` is for messages. Freed by pf_callgrind_profile_release. */
pf_status pf_callgrind_profile_read(FILE *stream, const char *file, pf_callgrind_profile *out,
				    pf_error *error);
void pf_callgrind_profile_release(pf_callgrind_profile *profile);

/* The function of that name; NULL where the profile has none. */
const pf_callgrind_profile_function *pf_callgrind_profile_find(const pf_callgrind_profile *profile,
							       const char *name);

#endif
