/* A table of stacks and how often each was seen: of addresses while a trial runs, of functions once they have
 * names. Bounded: what does not fit is counted as lost. */
#ifndef HARNESS_SAMPLE_STACKS_H
#define HARNESS_SAMPLE_STACKS_H

#include <stddef.h>
#include <stdint.h>

typedef struct pf_stack {
	uint64_t count;
	uint16_t stage;         /* pf_stage, the innermost one, a part too; PF_STAGE_COUNT: none */
	uint16_t worker;        /* its slot; PF_STACK_NO_WORKER */
	uint32_t first, frames; /* of the table's words, the innermost first */
} pf_stack;

#define PF_STACK_NO_WORKER UINT16_MAX

typedef struct pf_stacks {
	pf_stack *stacks;
	size_t count, capacity;
	uint64_t *words;
	size_t word_count, word_capacity;
	uint32_t *slots; /* of a hash table: index of a stack + 1, 0: free */
	size_t slot_count;
	uint64_t lost; /* samples that had no room */
} pf_stacks;

enum { PF_STACKS_MOST = 1 << 18, PF_STACK_WORDS_MOST = 1 << 23 };

/* Counts `count` samples of that stack. Zeroed is empty. Not thread-safe. */
void pf_stacks_count(pf_stacks *stacks, uint16_t stage, uint16_t worker, const uint64_t *words,
		     uint32_t frames, uint64_t count);
void pf_stacks_release(pf_stacks *stacks);

static inline const uint64_t *pf_stack_words(const pf_stacks *stacks, const pf_stack *stack)
{
	return stacks->words + stack->first;
}

#endif
