#include "harness/profile/sample_stacks.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * 0x9e3779b97f4a7c15u;
	return hash ^ hash >> 29;
}

static uint64_t hash_of(uint16_t stage, uint16_t worker, const uint64_t *words, uint32_t frames)
{
	uint64_t hash = mix(frames, (uint64_t)stage << 16 | worker);
	for (uint32_t i = 0; i < frames; i++) {
		hash = mix(hash, words[i]);
	}
	return hash;
}

static uint32_t *slot_for(const pf_stacks *stacks, uint64_t hash, uint16_t stage, uint16_t worker,
			  const uint64_t *words, uint32_t frames)
{
	for (size_t i = hash & (stacks->slot_count - 1);; i = (i + 1) & (stacks->slot_count - 1)) {
		uint32_t *slot = &stacks->slots[i];
		const pf_stack *stack = *slot ? &stacks->stacks[*slot - 1] : NULL;
		if (!stack || (stack->stage == stage && stack->worker == worker && stack->frames == frames &&
			       memcmp(pf_stack_words(stacks, stack), words, frames * sizeof *words) == 0)) {
			return slot;
		}
	}
}

static bool grow_slots(pf_stacks *stacks)
{
	size_t wanted = stacks->slot_count ? 2 * stacks->slot_count : 1024;
	uint32_t *slots = calloc(wanted, sizeof *slots);
	if (!slots) {
		return false;
	}
	free(stacks->slots);
	stacks->slots = slots;
	stacks->slot_count = wanted;
	for (size_t i = 0; i < stacks->count; i++) {
		const pf_stack *stack = &stacks->stacks[i];
		const uint64_t *words = pf_stack_words(stacks, stack);
		uint64_t hash = hash_of(stack->stage, stack->worker, words, stack->frames);
		*slot_for(stacks, hash, stack->stage, stack->worker, words, stack->frames) = (uint32_t)i + 1;
	}
	return true;
}

/* Makes room for one more stack of so many frames. */
static bool has_room(pf_stacks *stacks, uint32_t frames)
{
	if (stacks->count == PF_STACKS_MOST || stacks->word_count + frames > PF_STACK_WORDS_MOST) {
		return false;
	}
	if (stacks->count == stacks->capacity) {
		size_t wanted = stacks->capacity ? 2 * stacks->capacity : 256;
		pf_stack *grown = reallocarray(stacks->stacks, wanted, sizeof *grown);
		if (!grown) {
			return false;
		}
		stacks->stacks = grown;
		stacks->capacity = wanted;
	}
	if (stacks->word_count + frames > stacks->word_capacity) {
		size_t wanted = stacks->word_capacity ? 2 * stacks->word_capacity : 4096;
		wanted = wanted < stacks->word_count + frames ? stacks->word_count + frames : wanted;
		uint64_t *grown = reallocarray(stacks->words, wanted, sizeof *grown);
		if (!grown) {
			return false;
		}
		stacks->words = grown;
		stacks->word_capacity = wanted;
	}
	return 2 * (stacks->count + 1) <= stacks->slot_count || grow_slots(stacks);
}

void pf_stacks_count(pf_stacks *stacks, uint16_t stage, uint16_t worker, const uint64_t *words,
		     uint32_t frames, uint64_t count)
{
	uint64_t hash = hash_of(stage, worker, words, frames);
	uint32_t *slot = stacks->slot_count ? slot_for(stacks, hash, stage, worker, words, frames) : NULL;
	if (slot && *slot) {
		stacks->stacks[*slot - 1].count += count;
		return;
	}
	if (!has_room(stacks, frames)) {
		stacks->lost += count;
		return;
	}
	slot = slot_for(stacks, hash, stage, worker, words, frames);
	stacks->stacks[stacks->count++] = (pf_stack){.count = count,
						     .stage = stage,
						     .worker = worker,
						     .first = (uint32_t)stacks->word_count,
						     .frames = frames};
	if (frames) {
		memcpy(stacks->words + stacks->word_count, words, frames * sizeof *words);
	}
	stacks->word_count += frames;
	*slot = (uint32_t)stacks->count;
}

void pf_stacks_release(pf_stacks *stacks)
{
	free(stacks->stacks);
	free(stacks->words);
	free(stacks->slots);
	*stacks = (pf_stacks){0};
}
