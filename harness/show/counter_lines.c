#include "harness/show/counter_lines.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/counters/trial_counters.h"
#include "harness/energy/energy.h"
#include "harness/show/run_table.h"
#include "harness/stats/enough.h"

enum { MOST_IN_A_TABLE = 3, MOST_EVENTS_IN_A_TABLE = 5, LINE = 110 /* where there is no terminal */ };

/* A figure of a contestant: over its trials that count. */
struct figure {
	pf_interval mean;
	double running_share; /* the least */
	bool known;
};

/* Of an event (below PF_COUNTERS_MAX) or, counted on from there, a derived figure. */
enum { FIRST_DERIVED = PF_COUNTERS_MAX, FIGURES = FIRST_DERIVED + PF_DERIVED_COUNT };

static pf_counter_value value_of(const pf_counter_plan *plan, const pf_counter_value *values, int figure)
{
	return figure < FIRST_DERIVED ? values[figure]
				      : pf_derived_value(figure - FIRST_DERIVED, plan, values);
}

static bool counts(const pf_contestant *contestant, const pf_trial *trial)
{
	return trial->found[PF_PROBE_counters] && pf_run_counts(contestant, trial) != PF_COUNTS_NOT;
}

/* Of the whole trials, or of a stage of them (below 0: whole). Over those in which it is known. */
static struct figure gather(const pf_contestant *contestant, int stage, int index)
{
	struct figure out = {.running_share = 1};
	double *samples = pf_enough(calloc(contestant->trial_count + 1, sizeof *samples));
	size_t n = 0;
	for (size_t i = 0; i < contestant->trial_count; i++) {
		pf_counter_value values[PF_COUNTERS_MAX];
		const pf_trial *trial = &contestant->trials[i];
		const pf_trial_counters *counters = trial->found[PF_PROBE_counters];
		if (!counts(contestant, trial)) {
			continue;
		}
		if (stage < 0) {
			pf_trial_counter_values(counters, values);
		} else {
			pf_stage_counter_values(counters, (unsigned)stage, values);
		}
		pf_counter_value value = value_of(&counters->plan, values, index);
		if (value.known) {
			samples[n++] = value.value;
			out.running_share = value.running_share < out.running_share ? value.running_share
										    : out.running_share;
		}
	}
	if (n) {
		out.known = true;
		out.mean = pf_mean_interval(samples, n, PF_LEVEL);
	}
	free(samples);
	return out;
}

/* "1.23 G": three digits and the power of a thousand. */
static void count_text(double count, char *out, size_t capacity)
{
	static const char *const units[] = {"", " k", " M", " G", " T"};
	size_t unit = 0;
	while (count >= 999.5 && unit < 4) {
		count /= 1000;
		unit++;
	}
	int digits = unit == 0       ? (count < 9.95 && count != (double)(long)count)
		     : count < 9.995 ? 2
				     : count < 99.95;
	snprintf(out, capacity, "%.*f%s", digits, count, units[unit]);
}

static const char *name_of(const pf_counter_plan *plan, int index)
{
	return index < FIRST_DERIVED ? plan->events[index].name : pf_derived_at(index - FIRST_DERIVED)->name;
}

static char *figure_text(const pf_counter_plan *plan, int index, const struct figure *figure, bool stage,
			 char *out, size_t capacity)
{
	if (!figure->known) {
		snprintf(out, capacity, stage ? "-" : "unavailable");
		return out;
	}
	if (index >= FIRST_DERIVED) {
		const char *unit = pf_derived_at(index - FIRST_DERIVED)->unit;
		snprintf(out, capacity, "%.3g%s%s", figure->mean.mean, unit[0] ? " " : "", unit);
	} else if (strcmp(name_of(plan, index), "task-clock") == 0) {
		pf_text_seconds(figure->mean.mean * 1e-9, out);
	} else {
		count_text(figure->mean.mean, out, capacity);
	}
	size_t used = strlen(out);
	if (!stage && figure->mean.has_interval && figure->mean.mean > 0) {
		double half = (figure->mean.high - figure->mean.low) / 2;
		bool small = index < FIRST_DERIVED && figure->mean.mean < 999.5;
		snprintf(out + used, capacity - used, small ? " +-%.3g" : " +-%.2g %%",
			 small ? half : half / figure->mean.mean * 100);
		used = strlen(out);
	}
	if (figure->running_share < 0.995) {
		snprintf(out + used, capacity - used, stage ? " (%.0f %%)" : ", scaled from %.0f %%",
			 100 * figure->running_share);
	}
	return out;
}

/* Event counts of a over those of b, paired by round. */
static void ratio_text(const pf_run *run, int index, char *out)
{
	const pf_contestant *a = &run->contestants[0], *b = &run->contestants[1];
	pf_trial_pair *pairs = pf_enough(calloc(a->trial_count + 1, sizeof *pairs));
	double *above = pf_enough(calloc(2 * a->trial_count + 1, sizeof *above));
	size_t n = 0, count = pf_run_pairs(a, b, pairs);
	snprintf(out, PF_TEXT, "-");
	for (size_t i = 0; i < count; i++) {
		pf_counter_value values[2][PF_COUNTERS_MAX], pair[2];
		if (!counts(a, pairs[i].a) || !counts(b, pairs[i].b)) {
			continue;
		}
		pf_trial_counter_values(pairs[i].a->found[PF_PROBE_counters], values[0]);
		pf_trial_counter_values(pairs[i].b->found[PF_PROBE_counters], values[1]);
		for (int k = 0; k < 2; k++) {
			pair[k] = value_of(run->session->asked[PF_PROBE_counters], values[k], index);
		}
		if (pair[0].known && pair[1].known && pair[0].value > 0 && pair[1].value > 0) {
			above[n] = pair[0].value;
			above[a->trial_count + n++] = pair[1].value;
		}
	}
	if (n) {
		pf_interval ratio = pf_ratio_interval(above, above + a->trial_count, n, PF_LEVEL);
		pf_text_factor(&ratio, out);
	}
	free(pairs);
	free(above);
}

/* True if the figure is to be shown: an event of the plan, or derived from such; a derived one that nobody
 * knows is left out. */
static bool wanted(const pf_run *run, int index)
{
	const pf_counter_plan *plan = run->session->asked[PF_PROBE_counters];
	if (index < FIRST_DERIVED) {
		return index < (int)plan->count;
	}
	for (size_t i = 0; i < run->contestant_count; i++) {
		if (gather(&run->contestants[i], -1, index).known) {
			return true;
		}
	}
	return false;
}

/* Contestants `first` to before `last`, one a column. */
static void print_whole(const pf_run *run, size_t first, size_t last, FILE *stream)
{
	const pf_counter_plan *plan = run->session->asked[PF_PROBE_counters];
	const bool right[MOST_IN_A_TABLE + 2] = {false, true, true, true, true};
	bool compared = run->contestant_count == 2;
	size_t columns = last - first + 1 + compared;
	pf_table *table = pf_table_create(columns, right);
	const char *cells[MOST_IN_A_TABLE + 2] = {""};
	char texts[MOST_IN_A_TABLE][96], labels[MOST_IN_A_TABLE][192], ratio[PF_TEXT];
	for (size_t i = first; i < last; i++) {
		pf_run_label(&run->contestants[i], labels[i - first], sizeof labels[0]);
		cells[1 + i - first] = labels[i - first];
	}
	cells[columns - 1] = compared ? "first / second" : cells[columns - 1];
	pf_table_row(table, cells, columns);
	for (int index = 0; index < FIGURES; index++) {
		if (!wanted(run, index)) {
			continue;
		}
		cells[0] = name_of(plan, index);
		for (size_t i = first; i < last; i++) {
			struct figure figure = gather(&run->contestants[i], -1, index);
			cells[1 + i - first] = figure_text(plan, index, &figure, false, texts[i - first],
							   sizeof texts[0]);
		}
		if (compared) {
			ratio_text(run, index, ratio);
			cells[columns - 1] = ratio;
		}
		pf_table_row(table, cells, columns);
	}
	pf_table_print(table, stream, "  ");
	pf_table_free(table);
}

static void print_formulas(const pf_run *run, FILE *stream)
{
	for (int index = FIRST_DERIVED; index < FIGURES; index++) {
		const pf_derived *derived = pf_derived_at(index - FIRST_DERIVED);
		if (wanted(run, index)) {
			pf_text_say(stream, "  %s = %s (%s)\n", derived->name, derived->formula,
				    derived->source);
		}
	}
}

/* Stages that one of the figures is known in, one a line. */
static void print_stages_of(const pf_run *run, const pf_contestant *contestant, const int *figures, int count,
			    FILE *stream)
{
	static const bool right[MOST_EVENTS_IN_A_TABLE + 1] = {false, true, true, true, true, true};
	const pf_counter_plan *plan = run->session->asked[PF_PROBE_counters];
	pf_table *table = pf_table_create((size_t)count + 1, right);
	const char *cells[MOST_EVENTS_IN_A_TABLE + 1] = {""};
	char texts[MOST_EVENTS_IN_A_TABLE][64];
	for (int i = 0; i < count; i++) {
		cells[1 + i] = name_of(plan, figures[i]);
	}
	pf_table_row(table, cells, (size_t)count + 1);
	for (int stage = 0; stage <= PF_STAGE_COUNT; stage++) {
		bool any = false;
		cells[0] = stage < PF_STAGE_COUNT ? pf_stage_name((pf_stage)stage) : "between stages";
		for (int i = 0; i < count; i++) {
			struct figure figure = gather(contestant, stage, figures[i]);
			any = any || figure.known;
			cells[1 + i] = figure_text(plan, figures[i], &figure, true, texts[i],
						   sizeof texts[i]);
		}
		if (any) {
			pf_table_row(table, cells, (size_t)count + 1);
		}
	}
	pf_table_print(table, stream, "  ");
	pf_table_free(table);
}

static void print_stages(const pf_run *run, const pf_contestant *contestant, FILE *stream)
{
	int figures[MOST_EVENTS_IN_A_TABLE], count = 0;
	bool headed = false;
	for (int index = 0; index <= FIGURES; index++) {
		bool known = index < FIGURES && wanted(run, index) && gather(contestant, -1, index).known;
		if (known) {
			figures[count++] = index;
		}
		if (count && (count == MOST_EVENTS_IN_A_TABLE || index == FIGURES)) {
			if (!headed) {
				pf_text_say(
					stream,
					"\n"
					"By stage of %s, all workers (a stage's own, without spans inside it):\n",
					contestant->label);
			}
			headed = true;
			print_stages_of(run, contestant, figures, count, stream);
			count = 0;
		}
	}
}

static const pf_trial_counters *any_counters(const pf_run *run)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		for (size_t k = 0; k < run->contestants[i].trial_count; k++) {
			if (run->contestants[i].trials[k].found[PF_PROBE_counters]) {
				return run->contestants[i].trials[k].found[PF_PROBE_counters];
			}
		}
	}
	return NULL;
}

static int line_of(FILE *stream)
{
	int columns = pf_text_columns(fileno(stream));
	return columns ? columns : LINE;
}

/* One line for each reason, with the events that it holds for. */
static void print_unavailable(const pf_trial_counters *counters, FILE *stream)
{
	bool said[PF_COUNTERS_MAX] = {false};
	for (uint32_t i = 0; i < counters->plan.count; i++) {
		char text[PF_COUNTERS_MAX * PF_COUNTER_NAME + PF_COUNTER_WHY];
		const char *why = counters->why_not[i];
		size_t used = 0;
		for (uint32_t k = i; k < counters->plan.count && why[0] && !said[i]; k++) {
			if (strcmp(why, counters->why_not[k]) == 0) {
				said[k] = k > i;
				used += (size_t)snprintf(text + used, sizeof text - used, "%s%s",
							 k > i ? ", " : "", counters->plan.events[k].name);
			}
		}
		if (used) {
			snprintf(text + used, sizeof text - used, ": unavailable: %s", why);
			pf_text_wrap(stream, text, line_of(stream), 2, 0);
		}
	}
}

static void print_scope(const pf_trial_counters *counters, FILE *stream)
{
	bool user_only = false, any = false;
	for (uint32_t i = 0; i < counters->plan.count; i++) {
		any = any || !counters->openings[i].why;
		user_only = user_only || (!counters->openings[i].why && counters->openings[i].user_only);
	}
	if (any) {
		pf_text_say(stream, "  Whole trials, their children included; %s.\n",
			    user_only ? "of some events the user's part only (the kernel's is not allowed)"
				      : "user and kernel");
	}
}

/* What the user has to know before using a time of this run. */
static void print_cost(const pf_run *run, FILE *stream)
{
	const pf_trial_counters *some = any_counters(run);
	char text[400];
	double share = pf_run_counters_cost(run);
	if (share <= 0) {
		return;
	}
	snprintf(text, sizeof text,
		 "The times above carry the counters' cost: "
		 "at most %.2g %% of a trial (in the first one %llu reads at spans of %.0f ns each, "
		 "%.1f ms to open the events; what the kernel does at switches and forks comes on top).%s",
		 100 * share, (unsigned long long)some->reads, some->read_ns, (double)some->opening_ns * 1e-6,
		 share > PF_COUNTERS_COST_LIMIT ? " That is more than 1 %: no times for claims or baselines."
						: "");
	pf_text_wrap(stream, text, line_of(stream), 2, 0);
}

static void print_energy(const pf_run *run, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		const pf_energy *first = contestant->trial_count
						 ? contestant->trials[0].found[PF_PROBE_energy]
						 : NULL;
		for (uint32_t domain = 0; first && domain < first->count; domain++) {
			double joules = 0, seconds = 0;
			size_t n = 0;
			for (size_t k = 0; k < contestant->trial_count; k++) {
				const pf_trial *trial = &contestant->trials[k];
				const pf_energy *energy = trial->found[PF_PROBE_energy];
				if (pf_run_counts(contestant, trial) == PF_COUNTS && energy &&
				    energy->count == first->count) {
					joules += energy->domains[domain].joules;
					seconds += (double)trial->wall_ns * 1e-9;
					n++;
				}
			}
			if (n) {
				pf_text_say(stream,
					    "  Energy of %s: %s %.1f J a trial, %.1f W (whole machine)\n",
					    contestant->label, first->domains[domain].name,
					    joules / (double)n, joules / seconds);
			}
		}
		if (first && !first->count) {
			char text[PF_ENERGY_WHY + 40];
			snprintf(text, sizeof text, "Energy: unavailable: %s", first->why);
			pf_text_wrap(stream, text, line_of(stream), 2, 0);
			return; /* it is the machine's */
		}
	}
}

void pf_counters_print(const pf_run *run, int columns, FILE *stream)
{
	const pf_counter_plan *plan = run->session->asked[PF_PROBE_counters];
	const pf_trial_counters *counters = any_counters(run);
	bool any = false;
	(void)columns;
	if (!plan || !plan->count) {
		return;
	}
	fprintf(stream, "\nCounters:\n");
	for (uint32_t i = 0; counters && i < counters->plan.count; i++) {
		any = any || !counters->openings[i].why;
	}
	for (size_t first = 0; any && first < run->contestant_count; first += MOST_IN_A_TABLE) {
		size_t last = first + MOST_IN_A_TABLE;
		print_whole(run, first, last < run->contestant_count ? last : run->contestant_count, stream);
	}
	if (counters) {
		print_formulas(run, stream);
		print_scope(counters, stream);
		print_unavailable(counters, stream);
	}
	print_cost(run, stream);
	print_energy(run, stream);
	for (size_t i = 0; any && i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		if (run->contestant_count <= 2 || !contestant->variant->parent) {
			print_stages(run, contestant, stream);
		}
	}
}
