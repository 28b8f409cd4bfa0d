#include "core/scoring/read_note.h"

#include <string.h>

#include "photofinish/sha256.h"
#include "photofinish/trace.h"

typedef struct note {
	bool there, mixed;
	uint32_t index;
	uint8_t sha256[PF_SHA256_BYTES];
	uint64_t begin_ns;
} note;

enum { NOTES = 2 }; /* photos that a scorer has at once */

static _Thread_local struct {
	note notes[NOTES];
	unsigned next;
	uint64_t last_taken_ns;
} own;

static note *find(uint32_t index)
{
	for (unsigned i = 0; i < NOTES; i++) {
		if (own.notes[i].there && own.notes[i].index == index) {
			return &own.notes[i];
		}
	}
	return NULL;
}

void pf_read_note(uint32_t index, const void *bytes, size_t count, uint64_t begin_ns)
{
	uint8_t sha256[PF_SHA256_BYTES];
	note *known = find(index);
	pf_sha256_of(bytes, count, sha256);
	if (known) {
		known->mixed = known->mixed || memcmp(known->sha256, sha256, sizeof sha256) != 0;
		return;
	}
	known = &own.notes[own.next++ % NOTES];
	*known = (note){.there = true, .index = index, .begin_ns = begin_ns};
	memcpy(known->sha256, sha256, sizeof sha256);
}

bool pf_read_take(uint32_t index, uint8_t sha256[PF_SHA256_BYTES], uint64_t *service_ns)
{
	note *known = find(index);
	if (!known) {
		return false;
	}
	uint64_t now_ns = pf_now_ns();
	uint64_t since_ns = known->begin_ns > own.last_taken_ns ? known->begin_ns : own.last_taken_ns;
	*service_ns = now_ns - since_ns;
	own.last_taken_ns = now_ns;
	memcpy(sha256, known->sha256, sizeof known->sha256);
	known->there = false;
	return !known->mixed;
}
