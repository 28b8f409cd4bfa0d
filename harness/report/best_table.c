#include "harness/report/best_table.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report/text.h"
#include "photofinish/file.h"

/* Of one burst: its members' factors summed, its best photo. */
typedef struct group {
	uint32_t photos, scored;
	size_t best; /* index, or SIZE_MAX */
	double sums[PF_FACTOR_COUNT];
} group;

/* Groups by burst id, which is an index below count. NULL without memory. */
static group *collect(const pf_outcomes *outcomes)
{
	group *groups = calloc(outcomes->count + 1, sizeof *groups);
	for (size_t i = 0; groups && i < outcomes->count; i++) {
		groups[i].best = SIZE_MAX;
	}
	for (size_t i = 0; groups && i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (!photo->done || photo->burst >= outcomes->count) {
			continue;
		}
		group *own = &groups[photo->burst];
		own->photos++;
		own->scored += photo->status == PF_OK;
		if (photo->ranked && photo->rank == 1) {
			own->best = i;
		}
		for (int f = 0; f < PF_FACTOR_COUNT && photo->status == PF_OK; f++) {
			own->sums[f] += photo->score.factors[f];
		}
	}
	return groups;
}

/* The two factors that put the best photo furthest ahead of its burst's mean, by their weight in the score.
 */
static void describe_lead(const group *own, const pf_score *best, const pf_scorer_config *config, char *out,
			  size_t capacity)
{
	double weights = 0, lead[PF_FACTOR_COUNT];
	for (int f = 0; f < PF_FACTOR_COUNT; f++) {
		weights += config->weights[f];
	}
	for (int f = 0; f < PF_FACTOR_COUNT; f++) {
		lead[f] = config->weights[f] / weights * (best->factors[f] - own->sums[f] / own->scored);
	}
	out[0] = '\0';
	for (int shown = 0; shown < 2; shown++) {
		int most = 0;
		for (int f = 1; f < PF_FACTOR_COUNT; f++) {
			most = lead[f] > lead[most] ? f : most;
		}
		if (lead[most] < 0.0005) {
			break;
		}
		size_t used = strlen(out);
		snprintf(out + used, capacity - used, "%s%s +%.1f", used ? ", " : "",
			 pf_factor_name((pf_factor)most), 100 * lead[most]);
		lead[most] = 0;
	}
	if (!out[0]) {
		snprintf(out, capacity, "%s", own->scored > 1 ? "as good as the others" : "-");
	}
}

static void print_bursts(const group *groups, const pf_outcomes *outcomes, const pf_dataset *dataset,
			 const pf_scorer_config *config, FILE *stream)
{
	static const bool right[5] = {true, true, false, true, false};
	static const char *const heads[] = {"burst", "photos", "best shot", "score",
					    "ahead by (points of 100)"};
	pf_table *table = pf_table_create(5, right);
	size_t number = 0;
	pf_table_row(table, heads, 5);
	for (size_t i = 0; i < outcomes->count; i++) {
		char burst[24], photos[24], name[512], score[24], lead[128];
		if (groups[i].best == SIZE_MAX) {
			continue;
		}
		const pf_outcome *best = &outcomes->photos[groups[i].best];
		snprintf(burst, sizeof burst, "%zu", ++number);
		snprintf(photos, sizeof photos, "%u", groups[i].photos);
		snprintf(score, sizeof score, "%.1f", 100 * best->score.total);
		pf_escape(dataset->photos[groups[i].best].path, name, sizeof name);
		describe_lead(&groups[i], &best->score, config, lead, sizeof lead);
		const char *cells[] = {burst, photos, name, score, lead};
		pf_table_row(table, cells, 5);
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
			fprintf(stream, "  %s: %s: %s\n",
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
	group *groups = collect(outcomes);
	size_t bursts = 0, singles = 0, unknown = outcomes->count - outcomes->scored - outcomes->failed;
	if (!groups) {
		abort();
	}
	print_bursts(groups, outcomes, dataset, config, stream);
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
	if (dataset->ignored) {
		fprintf(stream, "; %zu other file%s ignored", dataset->ignored,
			dataset->ignored == 1 ? "" : "s");
	}
	fputc('\n', stream);
	free(groups);
}
