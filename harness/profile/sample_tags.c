#include "harness/profile/sample_tags.h"

#include <stdbool.h>

enum { TRIES = 8 };

void pf_tags_look(pf_tags *tags)
{
	for (size_t i = 0; i < tags->source.count; i++) {
		int32_t tid = atomic_load_explicit(&tags->source.traces[i].tid, memory_order_relaxed);
		size_t known = tags->thread_count;
		while (known > 0 &&
		       (tags->threads[known - 1].tid != tid || tags->threads[known - 1].slot != i)) {
			known--;
		}
		if (tid && !known && tags->thread_count < PF_TAG_THREADS) {
			tags->threads[tags->thread_count].tid = tid;
			tags->threads[tags->thread_count++].slot = (uint16_t)i;
		}
	}
}

/* The innermost of the spans that have ended which the instant is in. A worker's spans stand in the order of
 * their ends; those of its device's parts stand between them, put there later, and are passed over. */
static bool find_ended(const pf_span *ring, uint32_t capacity, uint64_t ended, uint64_t time_ns, pf_tag *tag)
{
	bool found = false;
	for (uint64_t back = 1; back <= capacity && back <= ended; back++) {
		const pf_span *span = &ring[(ended - back) & (capacity - 1)];
		if (span->stage < PF_STAGE_END && span->end_ns < time_ns) {
			break;
		}
		if (span->begin_ns <= time_ns && span->stage < PF_STAGE_END) {
			tag->stage = span->stage;
			tag->photo = span->photo;
			found = true;
		}
	}
	return found;
}

/* The innermost of those that have not ended. */
static void find_open(const pf_trace *trace, uint64_t time_ns, pf_tag *tag)
{
	uint32_t depth = __atomic_load_n(&trace->depth, __ATOMIC_RELAXED);
	for (depth = depth < PF_SPAN_DEPTH ? depth : PF_SPAN_DEPTH; depth > 0; depth--) {
		const pf_open_span *open = &trace->open[depth - 1];
		if (open->begin_ns <= time_ns && open->stage < PF_STAGE_END) {
			tag->stage = open->stage;
			tag->photo = atomic_load_explicit(&trace->photo, memory_order_relaxed);
			return;
		}
	}
}

pf_tag pf_tag_find(const pf_tags *tags, int32_t tid, uint64_t time_ns)
{
	pf_tag tag = {.stage = PF_STAGE_COUNT, .slot = UINT16_MAX, .photo = PF_NO_PHOTO};
	size_t known = tags->thread_count;
	while (known > 0 && tags->threads[known - 1].tid != tid) {
		known--;
	}
	if (!known) {
		return tag;
	}
	tag.slot = tags->threads[known - 1].slot;
	const pf_trace *trace = &tags->source.traces[tag.slot];
	const pf_span *ring = tags->source.rings + (size_t)tag.slot * tags->source.capacity;
	uint64_t before, after = __atomic_load_n(&trace->ended, __ATOMIC_ACQUIRE);
	for (int i = 0; i < TRIES; i++) { /* again where one has ended meanwhile: it may be the one */
		before = after;
		if (find_ended(ring, tags->source.capacity, before, time_ns, &tag)) {
			break;
		}
		find_open(trace, time_ns, &tag);
		after = __atomic_load_n(&trace->ended, __ATOMIC_ACQUIRE);
		if (before == after) {
			break;
		}
	}
	return tag;
}
