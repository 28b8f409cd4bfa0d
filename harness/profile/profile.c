#include "harness/profile/profile.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

uint32_t pf_profile_function(pf_profile *profile, const char *name, const char *object, bool named, bool own)
{
	for (size_t i = 0; i < profile->function_count; i++) {
		const pf_function *function = &profile->functions[i];
		if (strcmp(function->name, name) == 0 && strcmp(function->object, object) == 0) {
			return (uint32_t)i;
		}
	}
	if (profile->function_count == profile->function_capacity) {
		size_t wanted = profile->function_capacity ? 2 * profile->function_capacity : 128;
		pf_function *grown = reallocarray(profile->functions, wanted, sizeof *grown);
		if (!grown) {
			return UINT32_MAX;
		}
		profile->functions = grown;
		profile->function_capacity = wanted;
	}
	pf_function made = {.name = strdup(name), .object = strdup(object), .named = named, .own = own};
	if (!made.name || !made.object) {
		free(made.name);
		free(made.object);
		return UINT32_MAX;
	}
	profile->functions[profile->function_count] = made;
	return (uint32_t)profile->function_count++;
}

void pf_profile_add(pf_profile *profile, const pf_profile *one)
{
	uint32_t *index = calloc(one->function_count + 1, sizeof *index);
	if (!index) {
		profile->lost += one->samples;
		return;
	}
	for (size_t i = 0; i < one->function_count; i++) {
		const pf_function *function = &one->functions[i];
		index[i] = pf_profile_function(profile, function->name, function->object, function->named,
					       function->own);
	}
	for (size_t i = 0; i < one->stacks.count; i++) {
		const pf_stack *stack = &one->stacks.stacks[i];
		const uint64_t *from = pf_stack_words(&one->stacks, stack);
		uint64_t words[128];
		uint32_t count = stack->frames < 128 ? stack->frames : 128;
		for (uint32_t k = 0; k < count; k++) {
			words[k] = index[from[k]];
		}
		pf_stacks_count(&profile->stacks, stack->stage, stack->worker, words, count, stack->count);
	}
	free(index);
	if (!profile->runs) {
		memcpy(profile->label, one->label, sizeof profile->label);
		memcpy(profile->method, one->method, sizeof profile->method);
		profile->hz = one->hz;
		profile->has_stages = one->has_stages;
	}
	profile->runs += one->runs;
	profile->wall_ns += one->wall_ns;
	profile->cpu_ns += one->cpu_ns;
	profile->samples += one->samples;
	profile->lost += one->lost;
	profile->cut += one->cut;
	profile->slowed += one->slowed;
	profile->threads_failed += one->threads_failed;
	profile->own += one->own;
	profile->own_named += one->own_named;
}

void pf_profile_release(pf_profile *profile)
{
	for (size_t i = 0; i < profile->function_count; i++) {
		free(profile->functions[i].name);
		free(profile->functions[i].object);
	}
	free(profile->functions);
	pf_stacks_release(&profile->stacks);
	*profile = (pf_profile){0};
}

const char *pf_profile_stage_name(const pf_profile *profile, const pf_stack *stack)
{
	unsigned whole = pf_stage_whole((pf_stage)stack->stage);
	if (!profile->has_stages) {
		return NULL;
	}
	return whole < PF_STAGE_COUNT ? pf_stage_name((pf_stage)whole) : "(no stage)";
}

const char *pf_profile_part_name(const pf_profile *profile, const pf_stack *stack)
{
	bool part = profile->has_stages && stack->stage > PF_STAGE_COUNT;
	return part ? pf_stage_name((pf_stage)stack->stage) : NULL;
}

uint64_t pf_profile_stage_samples(const pf_profile *profile, unsigned stage)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		sum += (unsigned)pf_stage_whole((pf_stage)stack->stage) == stage ? stack->count : 0;
	}
	return sum;
}

double pf_profile_distance(const pf_profile *profile, const pf_profiled_stage *stages)
{
	double samples = 0, cpu_ns = 0, most = -1;
	for (unsigned i = 0; i < PF_STAGE_COUNT; i++) {
		samples += (double)pf_profile_stage_samples(profile, i);
		cpu_ns += (double)stages[i].cpu_ns;
	}
	for (unsigned i = 0; i < PF_STAGE_COUNT && samples > 0 && cpu_ns > 0; i++) {
		double by_samples = 100 * (double)pf_profile_stage_samples(profile, i) / samples;
		most = fmax(most, fabs(by_samples - 100 * (double)stages[i].cpu_ns / cpu_ns));
	}
	return most;
}

double pf_profile_achieved_hz(const pf_profile *profile)
{
	double seconds = (double)profile->cpu_ns * 1e-9;
	return seconds > 0 ? (double)(profile->samples + profile->lost) / seconds : 0;
}

static int by_self(const void *a, const void *b)
{
	const pf_function_share *x = a, *y = b;
	if (x->self != y->self) {
		return x->self < y->self ? 1 : -1;
	}
	return x->total != y->total ? (x->total < y->total ? 1 : -1)
				    : (x->function > y->function) - (x->function < y->function);
}

pf_function_share *pf_profile_functions(const pf_profile *profile)
{
	pf_function_share *shares = calloc(profile->function_count + 1, sizeof *shares);
	uint64_t *seen = calloc(profile->function_count + 1,
				sizeof *seen); /* number of the stack it was in */
	for (size_t i = 0; shares && i < profile->function_count; i++) {
		shares[i].function = (uint32_t)i;
	}
	for (size_t i = 0; shares && seen && i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		const uint64_t *words = pf_stack_words(&profile->stacks, stack);
		for (uint32_t k = 0; k < stack->frames; k++) {
			if (words[k] < profile->function_count) {
				shares[words[k]].self += k == 0 ? stack->count : 0;
				shares[words[k]].total += seen[words[k]] != i + 1 ? stack->count : 0;
				seen[words[k]] = i + 1;
			}
		}
	}
	free(seen);
	if (shares) {
		qsort(shares, profile->function_count, sizeof *shares, by_self);
	}
	return shares;
}
