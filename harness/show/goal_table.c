#include "harness/show/goal_table.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/claims/goal.h"
#include "harness/stats/enough.h"

enum { COLUMNS = 8 };

static void print_heading(const pf_run *run, int columns, FILE *stream)
{
	char goal[PF_TEXT], bytes[PF_TEXT], published[PF_TEXT], size[48] = "", text[500];
	double each, megapixels;
	size_t photos = run->session->dataset->count;
	pf_goal_photo_size(run, &each, &megapixels);
	if (megapixels > 0) {
		snprintf(size, sizeof size, "%.3g MP and ", megapixels);
	}
	snprintf(
		text, sizeof text,
		"Goal: %u photos in %s. A projection of what %zu photo%s took: to photos like these (%s%s each; "
		"the case study's have %s), on this machine.",
		run->goal->photos, pf_text_seconds(run->goal->seconds, goal), photos, pf_text_plural(photos),
		size, pf_text_bytes(each, bytes), pf_text_bytes(PF_GOAL_PUBLISHED_BYTES, published));
	fputc('\n', stream);
	pf_text_wrap(stream, text, columns, 0, 0);
}

static void add_row(pf_table *table, const pf_goal *goal, const pf_projection *projection)
{
	char startup[PF_TEXT], photo[PF_TEXT], hours[2 * PF_TEXT], events[24], cpu[24], cost[32] = "-";
	const pf_interval *seconds = &projection->seconds;
	size_t used = (size_t)snprintf(hours, sizeof hours, "%.3g h", seconds->mean / 3600);
	if (seconds->has_interval) {
		snprintf(hours + used, sizeof hours - used, " (%.3g to %.3g)", seconds->low / 3600,
			 seconds->high / 3600);
	}
	snprintf(events, sizeof events, "%.3g", projection->events_a_week);
	snprintf(cpu, sizeof cpu, "%.3g", projection->cpu_s);
	if (goal->has_price) {
		snprintf(cost, sizeof cost, "%.2f", projection->cost);
	}
	const char *cells[COLUMNS] = {projection->contestant->label,
				      pf_text_seconds(projection->startup_s, startup),
				      pf_text_seconds(projection->photo_s, photo),
				      hours,
				      pf_goal_word_name(projection->word),
				      events,
				      cpu,
				      cost};
	pf_table_row(table, cells, goal->has_price ? COLUMNS : COLUMNS - 1);
}

/* Which step is the first that meets it, or how far the nearest one is. */
static void print_answer(const pf_run *run, const pf_projection *nearest, int columns, FILE *stream)
{
	char text[600];
	const pf_contestant *first = pf_goal_first(run);
	if (first) {
		snprintf(text, sizeof text,
			 "%.200s is the first variant that meets the goal with its whole interval.",
			 first->label);
	} else if (!nearest->contestant) {
		snprintf(text, sizeof text, "No variant has a time: nothing can be said of the goal.");
	} else {
		snprintf(text, sizeof text,
			 "No variant meets the goal with its whole interval%s; the nearest, %.200s, "
			 "takes %.3g times the time of the goal.",
			 nearest->seconds.has_interval ? "" : ", which one round does not give",
			 nearest->contestant->label, nearest->seconds.mean / run->goal->seconds);
	}
	pf_text_wrap(stream, text, columns, 0, 0);
}

/* Steps that --until-goal left out. */
static void print_left_out(const pf_run *run, int columns, FILE *stream)
{
	char *text = NULL;
	size_t bytes, count = 0;
	FILE *words = open_memstream(&text, &bytes);
	if (!words) {
		pf_out_of_memory();
	}
	fprintf(words, "Stopped there, as asked for. Not run:");
	for (size_t i = 0; i < run->contestant_count; i++) {
		if (run->contestants[i].status == PF_RUN_NOT_RUN) {
			fprintf(words, "%s %s", count++ ? "," : "", run->contestants[i].label);
		}
	}
	fputc('.', words);
	fclose(words);
	pf_enough(text);
	if (count) {
		pf_text_wrap(stream, text, columns, 0, 0);
	}
	free(text);
}

void pf_goal_print(const pf_run *run, int columns, FILE *stream)
{
	static const bool right[COLUMNS] = {false, true, true, false, false, true, true, true};
	const pf_goal *goal = run->goal;
	char photos[32];
	snprintf(photos, sizeof photos, "%u photos", goal->photos);
	const char *heads[COLUMNS] = {"variant", "start-up",    "a photo",       photos,
				      "goal",    "events/week", "CPU s a photo", "cost"};
	pf_projection nearest = {0};
	pf_table *table = pf_table_create(COLUMNS, right);
	columns = columns ? columns : 120;
	pf_table_row(table, heads, goal->has_price ? COLUMNS : COLUMNS - 1);
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_projection projection;
		if (pf_goal_project(run, &run->contestants[i], &projection)) {
			add_row(table, goal, &projection);
			if (!nearest.contestant || projection.seconds.mean < nearest.seconds.mean) {
				nearest = projection;
			}
		}
	}
	print_heading(run, columns, stream);
	if (nearest.contestant) {
		pf_table_print(table, stream, "");
	}
	pf_table_free(table);
	print_answer(run, &nearest, columns, stream);
	print_left_out(run, columns, stream);
}
