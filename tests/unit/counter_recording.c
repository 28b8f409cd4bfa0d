#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "counter_recording.h"

static const pf_recording *recording_of(const pf_counter_reader *reader)
{
	return (const pf_recording *)(const void *)reader->backend;
}

static void play_open(const pf_counter_backend *self, const pf_counter_plan *plan, bool family,
		      pf_counter_reader *reader, pf_counter_opening *openings)
{
	*reader = (pf_counter_reader){.backend = self, .count = plan->count, .family = family};
	memcpy(openings, recording_of(reader)->openings, plan->count * sizeof *openings);
}

static void play_read(const pf_counter_reader *reader, pf_count *counts)
{
	pf_recording *recording = (pf_recording *)(void *)recording_of(reader);
	size_t bytes = reader->count * sizeof *counts;
	if (reader->family) {
		memcpy(counts, recording->family, bytes);
		return;
	}
	assert_true(recording->next < recording->reads);
	memcpy(counts, recording->thread[recording->next], bytes);
	recording->next += !recording->holding;
}

static void play_close(pf_counter_reader *reader)
{
	reader->count = 0;
}

static void take_read(char **rest, uint32_t count, pf_count *out)
{
	for (uint32_t i = 0; i < count; i++) {
		unsigned long long value, enabled, running;
		char *word = strtok_r(NULL, " ", rest);
		assert_non_null(word);
		assert_int_equal(sscanf(word, "%llu,%llu,%llu", &value, &enabled, &running), 3);
		out[i] = (pf_count){value, enabled, running};
	}
}

void pf_recording_load(pf_recording *recording, const char *path)
{
	char line[1024];
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	memset(recording, 0, sizeof *recording);
	recording->backend = (pf_counter_backend){.open = play_open, .read = play_read, .close = play_close};
	recording->holding = true;
	pf_counter_plan *plan = &recording->plan;
	while (fgets(line, sizeof line, file)) {
		char *rest, *word;
		line[strcspn(line, "\n")] = '\0';
		word = strtok_r(line, " ", &rest);
		if (!word || word[0] == '#') {
			continue;
		}
		if (strcmp(word, "open") == 0) {
			pf_counter_event *event = &plan->events[plan->count];
			snprintf(event->name, sizeof event->name, "%s", strtok_r(NULL, " ", &rest));
			int why = atoi(strtok_r(NULL, " ", &rest));
			recording->openings[plan->count++] = (pf_counter_opening){why > 0 ? why : 0,
										  why == -1};
		} else if (strcmp(word, "family") == 0) {
			take_read(&rest, plan->count, recording->family);
		} else {
			assert_string_equal(word, "thread");
			assert_true(recording->reads < PF_RECORDED_READS);
			take_read(&rest, plan->count, recording->thread[recording->reads++]);
		}
	}
	fclose(file);
}
