/* Folded stacks and speedscope's JSON. */
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/profile/profile_files.h"
#include "harness/profile/profile_tree.h"

static pf_status end(FILE *stream, pf_error *error)
{
	return fflush(stream) || ferror(stream) ? pf_fail_errno(error, NULL, "cannot write the profile")
						: PF_OK;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* One stack, without its count; NULL without memory. */
static char *folded_line(const pf_profile *profile, const pf_stack *stack)
{
	const char *frames[PF_PROFILE_DEPTH];
	size_t count = pf_profile_frames(profile, stack, frames, PF_PROFILE_DEPTH), bytes = 32, used = 0;
	for (size_t i = 0; i < count; i++) {
		bytes += strlen(frames[i]) + 1;
	}
	char *line = malloc(bytes);
	for (size_t i = 0; line && i < count; i++) {
		for (const char *at = frames[i]; *at;
		     at++) { /* the one sign that divides frames, and line ends */
			line[used++] = *at == ';' ? ':' : (unsigned char)*at < 0x20 ? ' ' : *at;
		}
		line[used++] = i + 1 < count ? ';' : ' ';
	}
	if (line) {
		snprintf(line + used, bytes - used, "%" PRIu64, stack->count);
	}
	return line;
}

/* Stacks of several workers are one line. */
pf_status pf_profile_write_folded(const pf_profile *profile, FILE *stream, pf_error *error)
{
	pf_stacks merged = {0};
	for (size_t i = 0; i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		pf_stacks_count(&merged, stack->stage, 0, pf_stack_words(&profile->stacks, stack),
				stack->frames, stack->count);
	}
	pf_profile view = *profile;
	view.stacks = merged;
	char **lines = calloc(merged.count + 1, sizeof *lines);
	size_t count = 0;
	for (size_t i = 0; lines && i < merged.count; i++) {
		lines[count] = folded_line(&view, &merged.stacks[i]);
		count += lines[count] != NULL;
	}
	bool whole = lines && count == merged.count && !merged.lost;
	if (lines) {
		qsort(lines, count, sizeof *lines, by_text);
	}
	for (size_t i = 0; i < count; i++) {
		fprintf(stream, "%s\n", lines[i]);
		free(lines[i]);
	}
	free(lines);
	pf_stacks_release(&merged);
	return whole ? end(stream, error) : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* Frames are numbered: stages first, then functions. */
static json_t *frames_json(const pf_profile *profile, const char **stages, size_t stage_count)
{
	json_t *frames = json_array();
	for (size_t i = 0; i < stage_count; i++) {
		json_array_append_new(frames, json_pack("{s:s}", "name", stages[i]));
	}
	for (size_t i = 0; i < profile->function_count; i++) {
		const pf_function *function = &profile->functions[i];
		json_t *frame = json_pack("{s:s%}", "name", function->name, strlen(function->name));
		frame = frame ? frame : json_pack("{s:s}", "name", "[not UTF-8]");
		if (function->object[0]) {
			json_object_set_new(frame, "file", json_string(function->object));
		}
		json_array_append_new(frames, frame);
	}
	return frames;
}

/* Index of the name, a new one where it is not there. */
static size_t stage_index(const char **stages, size_t *count, const char *name)
{
	size_t i = 0;
	while (i < *count && strcmp(stages[i], name) != 0) {
		i++;
	}
	if (i == *count) {
		stages[(*count)++] = name;
	}
	return i;
}

enum { NAMES = 64 };

static json_t *worker_json(const pf_profile *profile, uint16_t worker, const char **stages,
			   size_t *stage_count, size_t offset)
{
	json_t *samples = json_array(), *weights = json_array();
	char name[64];
	uint64_t sum = 0;
	for (size_t i = 0; i < profile->stacks.count; i++) {
		const pf_stack *stack = &profile->stacks.stacks[i];
		const uint64_t *words = pf_stack_words(&profile->stacks, stack);
		const char *around[] = {pf_profile_stage_name(profile, stack),
					pf_profile_part_name(profile, stack)};
		if (stack->worker != worker) {
			continue;
		}
		json_t *frames = json_array();
		for (size_t k = 0; k < 2; k++) {
			if (around[k]) {
				size_t index = stage_index(stages, stage_count, around[k]);
				json_array_append_new(frames, json_integer((json_int_t)index));
			}
		}
		for (uint32_t k = stack->frames; k-- > 0;) {
			json_int_t index = (json_int_t)words[k] + (json_int_t)offset;
			json_array_append_new(frames, json_integer(index));
		}
		json_array_append_new(samples, frames);
		json_array_append_new(weights, json_integer((json_int_t)stack->count));
		sum += stack->count;
	}
	if (worker == PF_STACK_NO_WORKER) {
		snprintf(name, sizeof name, "%s", profile->has_stages ? "other threads" : profile->label);
	} else {
		snprintf(name, sizeof name, worker ? "worker %u" : "main process", worker);
	}
	return json_pack("{s:s,s:s,s:s,s:i,s:I,s:o,s:o}", "type", "sampled", "name", name, "unit", "none",
			 "startValue", 0, "endValue", (json_int_t)sum, "samples", samples, "weights",
			 weights);
}

pf_status pf_profile_write_speedscope(const pf_profile *profile, FILE *stream, pf_error *error)
{
	const char *stages[NAMES];
	size_t stage_count = 0;
	bool *seen = calloc(UINT16_MAX + 1, sizeof *seen);
	json_t *profiles = json_array();
	for (size_t i = 0; i < profile->stacks.count; i++) { /* all names first: functions follow them */
		const char *around[] = {pf_profile_stage_name(profile, &profile->stacks.stacks[i]),
					pf_profile_part_name(profile, &profile->stacks.stacks[i])};
		for (size_t k = 0; k < 2; k++) {
			if (around[k] && stage_count < NAMES) {
				stage_index(stages, &stage_count, around[k]);
			}
		}
	}
	for (size_t i = 0; seen && i < profile->stacks.count; i++) {
		uint16_t worker = profile->stacks.stacks[i].worker;
		if (!seen[worker]) {
			seen[worker] = true;
			json_array_append_new(
				profiles, worker_json(profile, worker, stages, &stage_count, stage_count));
		}
	}
	json_t *root = json_pack("{s:s,s:s,s:s,s:{s:o},s:o}", "$schema",
				 "https://www.speedscope.app/file-format-schema.json", "name", profile->label,
				 "exporter", "photofinish", "shared", "frames",
				 frames_json(profile, stages, stage_count), "profiles", profiles);
	bool written = seen && root && json_dumpf(root, stream, JSON_COMPACT) == 0;
	json_decref(root);
	free(seen);
	return written ? end(stream, error) : pf_fail(error, PF_ERR_IO, NULL, "cannot write the profile");
}
