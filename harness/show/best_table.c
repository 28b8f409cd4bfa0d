#include "harness/show/best_table.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"

/* The photos of a dataset, those of a burst side by side, in the order of capture within it. */
typedef struct groups {
	size_t *first;   /* of burst id i: members[first[i]] to members[first[i + 1]] */
	size_t *members; /* indices of photos */
	const pf_score **scores;
	pf_standing *standings;
} groups;

static void free_groups(groups *all)
{
	free(all->first);
	free(all->members);
	free(all->scores);
	free(all->standings);
}

static int by_capture(const void *a, const void *b, void *outcomes)
{
	size_t left = *(const size_t *)a, right = *(const size_t *)b;
	const pf_outcome *photos = ((const pf_outcomes *)outcomes)->photos;
	uint32_t place = photos[left].place, other = photos[right].place;
	return place != other ? (place > other) - (place < other) : (left > right) - (left < right);
}

/* Sorts by burst id, which is an index below count, by counting; then by capture. */
static bool collect(const pf_outcomes *outcomes, groups *all)
{
	size_t count = outcomes->count;
	all->first = calloc(count + 2, sizeof *all->first);
	all->members = calloc(count + 1, sizeof *all->members);
	all->scores = calloc(count + 1, sizeof *all->scores);
	all->standings = calloc(count + 1, sizeof *all->standings);
	if (!all->first || !all->members || !all->scores || !all->standings) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->burst < count) {
			all->first[photo->burst + 2]++;
		}
	}
	for (size_t i = 2; i < count + 2; i++) {
		all->first[i] += all->first[i - 1];
	}
	for (size_t i = 0; i < count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->burst < count) {
			all->members[all->first[photo->burst + 1]++] = i;
		}
	}
	for (size_t i = 0; i < count; i++) {
		qsort_r(all->members + all->first[i], all->first[i + 1] - all->first[i], sizeof *all->members,
			by_capture, (void *)outcomes);
	}
	return true;
}

/* Where the best one of `count` members is among them; count if none is ranked. */
static size_t best_of(const pf_outcomes *outcomes, const size_t *members, size_t count)
{
	size_t best = 0;
	while (best < count &&
	       !(outcomes->photos[members[best]].ranked && outcomes->photos[members[best]].rank == 1)) {
		best++;
	}
	return best;
}

/* By how much member `best` is ahead of its burst's mean in a value of the standings. */
static double lead_of(const groups *all, size_t count, size_t best, size_t offset)
{
	double sum = 0.0, own = 0.0;
	size_t scored = 0;
	for (size_t i = 0; i < count; i++) {
		double value;
		memcpy(&value, (const char *)&all->standings[i] + offset, sizeof value);
		sum += all->scores[i] ? value : 0.0;
		scored += all->scores[i] != NULL;
		own = i == best ? value : own;
	}
	return own - sum / (double)scored;
}

/* The two things that put the best photo furthest ahead of its burst's mean, by their weight. */
static void describe_lead(const groups *all, size_t count, size_t best, const pf_scorer_config *config,
			  char *out, size_t capacity)
{
	double weights = config->timing_weight, lead[PF_FACTOR_COUNT + 1];
	for (int f = 0; f < PF_FACTOR_COUNT; f++) {
		weights += config->weights[f];
	}
	for (size_t f = 0; f < PF_FACTOR_COUNT; f++) {
		size_t offset = offsetof(pf_standing, factors) + f * sizeof(double);
		lead[f] = config->weights[f] / weights * lead_of(all, count, best, offset);
	}
	lead[PF_FACTOR_COUNT] = config->timing_weight / weights *
				lead_of(all, count, best, offsetof(pf_standing, timing));
	out[0] = '\0';
	for (int shown = 0; shown < 2; shown++) {
		int most = 0;
		for (int f = 1; f <= PF_FACTOR_COUNT; f++) {
			most = lead[f] > lead[most] ? f : most;
		}
		if (lead[most] < 0.0005) {
			break;
		}
		size_t used = strlen(out);
		snprintf(out + used, capacity - used, "%s%s +%.1f", used ? ", " : "",
			 most < PF_FACTOR_COUNT ? pf_factor_name((pf_factor)most) : "timing",
			 100 * lead[most]);
		lead[most] = 0;
	}
	if (!out[0]) {
		snprintf(out, capacity, "%s", count > 1 ? "as good as the others" : "-");
	}
}

static void print_bursts(groups *all, const pf_outcomes *outcomes, const pf_dataset *dataset,
			 const pf_scorer_config *config, FILE *stream)
{
	/* No totals: they compare within a burst only (docs/scoring.md), and here every line is another one.
	 */
	static const bool right[] = {true, true, false, false};
	static const char *const heads[] = {"burst", "photos", "best shot",
					    "ahead of its burst by (points of 100)"};
	pf_table *table = pf_table_create(4, right);
	size_t number = 0;
	pf_table_row(table, heads, 4);
	for (size_t i = 0; i < outcomes->count; i++) {
		char burst[24], photos[24], name[512], lead[128];
		const size_t *members = &all->members[all->first[i]];
		size_t count = all->first[i + 1] - all->first[i], best = best_of(outcomes, members, count);
		if (best == count) {
			continue;
		}
		for (size_t k = 0; k < count; k++) {
			const pf_outcome *photo = &outcomes->photos[members[k]];
			all->scores[k] = photo->status == PF_OK ? &photo->score : NULL;
		}
		pf_burst_stand(config, all->scores, count, all->standings);
		number++; /* of rows; a burst has the same number here, in the progress and in what is
			     exported */
		snprintf(burst, sizeof burst, "%u", outcomes->photos[members[best]].burst);
		snprintf(photos, sizeof photos, "%zu", count);
		pf_escape(dataset->photos[members[best]].path, name, sizeof name);
		describe_lead(all, count, best, config, lead, sizeof lead);
		const char *cells[] = {burst, photos, name, lead};
		pf_table_row(table, cells, 4);
	}
	if (number) {
		pf_table_print(table, stream, "");
		fputc('\n', stream);
	}
	pf_table_free(table);
}

static void print_failures(const pf_outcomes *outcomes, const pf_dataset *dataset, FILE *stream)
{
	if (!outcomes->failed) {
		return;
	}
	fprintf(stream, "Not scored:\n");
	for (size_t i = 0; i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->status != PF_OK) {
			char name[1024], message[600];
			pf_text_say(stream, "  %s: %s: %s\n",
				    pf_escape(dataset->photos[i].path, name, sizeof name),
				    pf_status_name(photo->status),
				    pf_escape(photo->message ? photo->message : "", message, sizeof message));
		}
	}
	fputc('\n', stream);
}

void pf_best_print(const pf_outcomes *outcomes, const pf_dataset *dataset, const pf_scorer_config *config,
		   FILE *stream)
{
	groups all = {0};
	size_t bursts = 0, singles = 0, unknown = outcomes->count - outcomes->scored - outcomes->failed;
	if (!collect(outcomes, &all)) {
		pf_out_of_memory();
	}
	print_bursts(&all, outcomes, dataset, config, stream);
	print_failures(outcomes, dataset, stream);
	pf_outcomes_count_groups(outcomes, &bursts, &singles);
	fprintf(stream, "%zu of %zu photo%s scored, %zu not; %zu burst%s, %zu single shot%s",
		outcomes->scored, outcomes->count, pf_text_plural(outcomes->count), outcomes->failed, bursts,
		pf_text_plural(bursts), singles, pf_text_plural(singles));
	if (unknown) {
		fprintf(stream, "; %zu not looked at", unknown);
	}
	if (dataset->unreadable) {
		fprintf(stream, "; %zu folder%s could not be opened", dataset->unreadable,
			pf_text_plural(dataset->unreadable));
	}
	if (dataset->linked) {
		fprintf(stream, "; %zu linked folder%s not followed", dataset->linked,
			pf_text_plural(dataset->linked));
	}
	if (dataset->ignored) {
		fprintf(stream, "; %zu other file%s ignored", dataset->ignored,
			dataset->ignored == 1 ? "" : "s");
	}
	fputc('\n', stream);
	free_groups(&all);
}
