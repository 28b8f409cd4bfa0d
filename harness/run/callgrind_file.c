#include "harness/run/callgrind_file.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_NAMES = 1000000, LINE_BYTES = 65536 };

struct reading {
	pf_callgrind_profile *profile;
	const char *file;
	size_t line;
	size_t function, object; /* that lines of cost belong to */
	bool called;             /* the next such line is of a call */
	bool has_total;
};

static pf_status damaged(const struct reading *reading, pf_error *error)
{
	return pf_fail(error, PF_ERR_INVALID, reading->file, "line %zu is not what callgrind writes",
		       reading->line);
}

static pf_status no_memory(pf_error *error)
{
	return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a profile");
}

/* Makes room for entry `number` of an array of `size` bytes each; new ones are zeroed. */
static pf_status make_room(void **array, size_t *count, size_t number, size_t size, pf_error *error)
{
	if (number < *count) {
		return PF_OK;
	}
	size_t wanted = 2 * (number + 1);
	char *grown = number < MOST_NAMES ? reallocarray(*array, wanted, size) : NULL;
	if (!grown) {
		return no_memory(error);
	}
	memset(grown + *count * size, 0, (wanted - *count) * size);
	*array = grown;
	*count = wanted;
	return PF_OK;
}

/* "(12) name" where it stands for the first time, "(12)" from then on: the number, and the name or NULL. */
static pf_status take_number(const struct reading *reading, const char *text, size_t *number,
			     const char **name, pf_error *error)
{
	char *end;
	*number = 0;
	if (text[0] != '(' || !isdigit((unsigned char)text[1])) {
		return damaged(reading, error);
	}
	*number = strtoul(text + 1, &end, 10);
	*name = *end == ')' && end[1] == ' ' ? end + 2 : NULL;
	return *end == ')' ? PF_OK : damaged(reading, error);
}

static pf_status take_object(struct reading *reading, const char *text, size_t *number, pf_error *error)
{
	pf_callgrind_profile *profile = reading->profile;
	const char *name;
	pf_status status = take_number(reading, text, number, &name, error);
	if (status == PF_OK) {
		void *objects = profile->objects;
		status = make_room(&objects, &profile->object_count, *number, sizeof *profile->objects,
				   error);
		profile->objects = objects;
	}
	if (status == PF_OK && name && !profile->objects[*number]) {
		profile->objects[*number] = strdup(name);
		status = profile->objects[*number] ? PF_OK : no_memory(error);
	}
	return status;
}

static pf_status take_function(struct reading *reading, const char *text, size_t *number, pf_error *error)
{
	pf_callgrind_profile *profile = reading->profile;
	const char *name;
	pf_status status = take_number(reading, text, number, &name, error);
	if (status == PF_OK) {
		void *functions = profile->functions;
		status = make_room(&functions, &profile->count, *number, sizeof *profile->functions, error);
		profile->functions = functions;
	}
	if (status == PF_OK && name && !profile->functions[*number].name) {
		profile->functions[*number].name = strdup(name);
		status = profile->functions[*number].name ? PF_OK : no_memory(error);
	}
	return status;
}

/* "+3 120": a position, then the cost; none stands for 0. */
static pf_status take_cost(struct reading *reading, const char *text, pf_error *error)
{
	const char *cost = text + strcspn(text, " ");
	char *end = NULL;
	uint64_t value = *cost ? strtoull(cost, &end, 10) : 0;
	if ((end && *end && *end != ' ') || reading->function >= reading->profile->count) {
		return damaged(reading, error);
	}
	pf_callgrind_profile_function *function = &reading->profile->functions[reading->function];
	function->inclusive += value;
	function->self += reading->called ? 0 : value;
	reading->called = false;
	return PF_OK;
}

static pf_status take_line(struct reading *reading, char *line, pf_error *error)
{
	size_t ignored;
	line[strcspn(line, "\n")] = '\0';
	if (strncmp(line, "fn=", 3) == 0) {
		pf_status status = take_function(reading, line + 3, &reading->function, error);
		if (status == PF_OK) {
			reading->profile->functions[reading->function].object = reading->object;
		}
		return status;
	}
	if (strncmp(line, "cfn=", 4) == 0) {
		return take_function(reading, line + 4, &ignored, error);
	}
	if (strncmp(line, "ob=", 3) == 0) {
		return take_object(reading, line + 3, &reading->object, error);
	}
	if (strncmp(line, "cob=", 4) == 0) {
		return take_object(reading, line + 4, &ignored, error);
	}
	if (strncmp(line, "calls=", 6) == 0) {
		reading->called = true;
		return PF_OK;
	}
	if (strncmp(line, "summary: ", 9) == 0) {
		reading->profile->total = strtoull(line + 9, NULL, 10);
		reading->has_total = true;
		return PF_OK;
	}
	bool cost = isdigit((unsigned char)line[0]) || line[0] == '+' || line[0] == '-' || line[0] == '*';
	return cost ? take_cost(reading, line, error) : PF_OK; /* headers, files, objects, jumps */
}

pf_status pf_callgrind_profile_read(FILE *stream, const char *file, pf_callgrind_profile *out,
				    pf_error *error)
{
	struct reading reading = {.profile = out, .file = file, .function = SIZE_MAX, .object = SIZE_MAX};
	char *line = malloc(LINE_BYTES);
	pf_status status = line ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	*out = (pf_callgrind_profile){0};
	while (status == PF_OK && fgets(line, LINE_BYTES, stream)) {
		reading.line++;
		status = take_line(&reading, line, error);
	}
	if (status == PF_OK && !reading.has_total) {
		status = pf_fail(error, PF_ERR_INVALID, file, "the profile has no summary: it was cut off");
	}
	if (status != PF_OK) {
		pf_callgrind_profile_release(out);
	}
	free(line);
	return status;
}

void pf_callgrind_profile_release(pf_callgrind_profile *profile)
{
	for (size_t i = 0; i < profile->count; i++) {
		free(profile->functions[i].name);
	}
	for (size_t i = 0; i < profile->object_count; i++) {
		free(profile->objects[i]);
	}
	free(profile->functions);
	free(profile->objects);
	*profile = (pf_callgrind_profile){0};
}

const pf_callgrind_profile_function *pf_callgrind_profile_find(const pf_callgrind_profile *profile,
							       const char *name)
{
	for (size_t i = 0; i < profile->count; i++) {
		if (profile->functions[i].name && strcmp(profile->functions[i].name, name) == 0) {
			return &profile->functions[i];
		}
	}
	return NULL;
}
