/* What a worker was doing at an instant: a sample's stage, found from the spans that workers write all the
 * time. A trial pays nothing for it: the harness reads them. */
#ifndef HARNESS_SAMPLE_TAGS_H
#define HARNESS_SAMPLE_TAGS_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/trace.h"

enum { PF_TAG_THREADS = 8192 };

/* Traces and their rings, `capacity` (a power of two) entries each, one after another. Workers write to them
 * meanwhile, and may write anything. */
typedef struct pf_tag_source {
	const pf_trace *traces;
	const pf_span *rings;
	uint32_t capacity;
	size_t count; /* of traces: slot 0 and the workers */
} pf_tag_source;

typedef struct pf_tags {
	pf_tag_source source;
	struct {
		int32_t tid;
		uint16_t slot;
	} threads[PF_TAG_THREADS]; /* that had a slot; the latest last */
	size_t thread_count;
} pf_tags;

typedef struct pf_tag {
	uint16_t stage; /* the innermost, a part too; PF_STAGE_COUNT: none */
	uint16_t slot;  /* UINT16_MAX: the thread has none */
	uint32_t photo; /* PF_NO_PHOTO: none */
} pf_tag;

/* Takes note of who has the slots; to be called before tags are asked for, and from time to time. */
void pf_tags_look(pf_tags *tags);

/* What thread `tid` was doing at `time_ns`, which is past. It has to be asked before the ring has gone round.
 */
pf_tag pf_tag_find(const pf_tags *tags, int32_t tid, uint64_t time_ns);

#endif
