#include "harness/show/profile_table.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"

enum { SHOWN_FUNCTIONS = 20, CELL = 64, NAME_WIDTH = 60 };

static double percent(double part, double of)
{
	return of > 0 ? 100 * part / of : 0;
}

static void print_how(const pf_profile *profile, FILE *stream)
{
	char wall[PF_TEXT], cpu[PF_TEXT];
	pf_text_say(stream, "PROFILE of %s: %" PRIu32 " run%s, %s of CPU time in %s\n", profile->label,
		    profile->runs, pf_text_plural(profile->runs),
		    pf_text_seconds((double)profile->cpu_ns * 1e-9, cpu),
		    pf_text_seconds((double)profile->wall_ns * 1e-9, wall));
	pf_text_say(stream,
		    "%" PRIu64 " samples: %.1f a second of CPU time, %" PRIu32 " asked for; %" PRIu64
		    " lost%s. By %s.\n",
		    profile->samples, pf_profile_achieved_hz(profile), profile->hz, profile->lost,
		    profile->slowed ? "; the kernel throttled it" : "", profile->method);
	if (profile->cut) {
		pf_text_say(stream,
			    "%" PRIu64 " stacks were deeper than is kept: their outer calls are missing.\n",
			    profile->cut);
	}
	if (profile->threads_failed) {
		pf_text_say(stream, "%" PRIu64 " thread%s could get no timer, and %s not in it.\n",
			    profile->threads_failed, pf_text_plural(profile->threads_failed),
			    profile->threads_failed == 1 ? "is" : "are");
	}
}

static void put_change(const char *what, const pf_interval *ratio, FILE *stream)
{
	fprintf(stream, " %s %+.2f %%", what, 100 * (ratio->mean - 1));
	if (ratio->has_interval) {
		fprintf(stream, " (%+.2f to %+.2f)", 100 * (ratio->low - 1), 100 * (ratio->high - 1));
	}
}

static void print_cost(const pf_interval *cpu, const pf_interval *wall, FILE *stream)
{
	if (!cpu || !cpu->n) {
		pf_text_say(stream, "What looking costs was not measured: --rounds 3 or more does.\n");
		return;
	}
	fputs("Looking cost:", stream);
	put_change("CPU time", cpu, stream);
	fputs(",", stream);
	put_change("wall time", wall, stream);
	fprintf(stream, ", %zu pair%s\n", cpu->n, pf_text_plural(cpu->n));
}

static void print_stages(const pf_profile *profile, const pf_profiled_stage *stages, FILE *stream)
{
	enum { COLUMNS = 6 };
	static const bool right[COLUMNS] = {false, true, true, true, true, true};
	static const char *const heads[COLUMNS] = {"stage",    "samples", "share",
						   "by spans", "off CPU", "others ran"};
	pf_table *table = pf_table_create(COLUMNS, right);
	double samples = 0, cpu_ns = 0;
	pf_table_row(table, heads, COLUMNS);
	for (unsigned i = 0; i < PF_STAGE_COUNT; i++) {
		samples += (double)pf_profile_stage_samples(profile, i);
		cpu_ns += (double)stages[i].cpu_ns;
	}
	for (unsigned i = 0; i < PF_STAGE_COUNT; i++) {
		uint64_t count = pf_profile_stage_samples(profile, i);
		uint64_t off = stages[i].own_ns > stages[i].cpu_ns ? stages[i].own_ns - stages[i].cpu_ns : 0;
		char cells[COLUMNS][CELL];
		const char *row[COLUMNS] = {pf_stage_name((pf_stage)i)};
		if (!count && !stages[i].own_ns) {
			continue;
		}
		snprintf(cells[1], CELL, "%" PRIu64, count);
		snprintf(cells[2], CELL, "%.1f %%", percent((double)count, samples));
		snprintf(cells[3], CELL, "%.1f %%", percent((double)stages[i].cpu_ns, cpu_ns));
		pf_text_seconds((double)off * 1e-9, cells[4]);
		pf_text_seconds((double)stages[i].run_delay_ns * 1e-9, cells[5]);
		for (int k = 1; k < COLUMNS; k++) {
			row[k] = cells[k];
		}
		pf_table_row(table, row, COLUMNS);
	}
	fputs("\n", stream);
	pf_table_print(table, stream, "");
	pf_table_free(table);
	uint64_t without = pf_profile_stage_samples(profile, PF_STAGE_COUNT);
	pf_text_say(
		stream,
		"%.1f %% of all samples are in a stage; shares are of those, and at most %.1f points off.\n",
		percent(samples, samples + (double)without), pf_profile_distance(profile, stages));
	if (profile->own) {
		pf_text_say(stream,
			    "%.1f %% of the samples in photofinish's own code have a function's name.\n",
			    percent((double)profile->own_named, (double)profile->own));
	}
}

/* "decode_mcu in libjpeg.so", within `capacity`. */
static void name_function(const pf_function *function, char *out, size_t capacity)
{
	const char *slash = strrchr(function->object, '/');
	const char *object = slash ? slash + 1 : function->object, *version = strstr(object, ".so.");
	int length = version ? (int)(version - object) + 3 : (int)strlen(object);
	bool says_it = !object[0] || function->name[0] == '['; /* "[libjpeg.so.62]" */
	size_t room = capacity - 1 - (says_it ? 0 : (size_t)length + 4);
	if (strlen(function->name) > room) {
		snprintf(out, capacity, "%.*s..", (int)room - 2, function->name);
	} else {
		snprintf(out, capacity, "%s", function->name);
	}
	if (!says_it) {
		size_t used = strlen(out);
		snprintf(out + used, capacity - used, " in %.*s", length, object);
	}
}

static void print_functions(const pf_profile *profile, FILE *stream)
{
	enum { COLUMNS = 3 };
	static const bool right[COLUMNS] = {true, true, false};
	static const char *const heads[COLUMNS] = {"self", "total", "function"};
	pf_function_share *shares = pf_profile_functions(profile);
	pf_table *table = pf_table_create(COLUMNS, right);
	pf_table_row(table, heads, COLUMNS);
	for (size_t i = 0; shares && i < profile->function_count && i < SHOWN_FUNCTIONS && shares[i].self;
	     i++) {
		char self[CELL], total[CELL], name[NAME_WIDTH + 1];
		const char *row[COLUMNS] = {self, total, name};
		snprintf(self, CELL, "%.1f %%", percent((double)shares[i].self, (double)profile->samples));
		snprintf(total, CELL, "%.1f %%", percent((double)shares[i].total, (double)profile->samples));
		name_function(&profile->functions[shares[i].function], name, sizeof name);
		pf_table_row(table, row, COLUMNS);
	}
	fputs("\n", stream);
	pf_table_print(table, stream, "");
	pf_table_free(table);
	free(shares);
}

void pf_profile_print(const pf_profile *profile, const pf_profiled_stage *stages, const pf_interval *cpu,
		      const pf_interval *wall, FILE *stream)
{
	print_how(profile, stream);
	print_cost(cpu, wall, stream);
	if (!profile->samples) {
		pf_text_say(stream, "There are no samples: it used too little CPU time for this rate.\n");
		return;
	}
	if (stages && profile->has_stages) {
		print_stages(profile, stages, stream);
	} else {
		pf_text_say(stream, "Where it waited is not measured: samples are of CPU time.\n");
	}
	print_functions(profile, stream);
}
