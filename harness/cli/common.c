#include "harness/cli/common.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "datasets/dataset_make.h"
#include "datasets/dataset_spec.h"
#include "datasets/dataset_store.h"
#include "harness/measure/environment.h"
#include "harness/measure/interrupt.h"
#include "harness/report/progress.h"
#include "harness/report/text.h"
#include "photofinish/file.h"

void pf_progress_choose(const pf_progress_choice *choice)
{
	pf_progress_start(choice->quiet ? "never" : choice->mode);
}

void pf_common_limits(const pf_common *common, pf_session *session)
{
	double own = 60 + 5.0 * (double)session->dataset->count;
	session->timeout_s = common->timeout_s > 0 ? common->timeout_s : own;
	session->photo_timeout_s = common->photo_timeout_s;
}

pf_status pf_common_apply(pf_common *common, pf_scorer_config *config, pf_error *error)
{
	pf_progress_choose(&common->progress);
	if (!common->workers) {
		common->workers = pf_core_count();
	}
	pf_scorer_config_default(config);
	return common->config_file ? pf_scorer_config_load(config, common->config_file, error) : PF_OK;
}

static void hear_make(void *context, const pf_make_progress *progress)
{
	const char *spec = context;
	char label[100];
	snprintf(label, sizeof label, "rendering %s", spec);
	pf_progress_update(label, progress->done, progress->total, "photos", NULL);
}

pf_status pf_common_make(pf_make_options *options, pf_make_report *report, pf_error *error)
{
	char bytes[PF_TEXT], seconds[PF_TEXT];
	options->progress = hear_make;
	options->context = (void *)options->spec;
	options->cancel = &pf_interrupts;
	pf_status status = pf_dataset_make(options, report, error);
	pf_progress_clear();
	if (status == PF_OK && !report->already_there) {
		double megapixels = (double)report->pixels * 1e-6;
		pf_progress_milestone("rendered %u photos (%s) in %s by %u workers: %.1f MP/s a core",
				      report->rendered, pf_text_bytes((double)report->bytes, bytes),
				      pf_text_seconds(report->seconds, seconds), report->workers,
				      report->core_seconds > 0 ? megapixels / report->core_seconds : 0.0);
	}
	return status;
}

/* True if the data folder has no dataset of that name, but there is a specification to make it from. */
static bool can_be_made(const char *name)
{
	char manifest[PF_STORE_PATH_MAX];
	pf_spec *spec = calloc(1, sizeof *spec);
	pf_error ignored;
	bool missing = spec && pf_store_name_ok(name) &&
		       pf_store_path(NULL, name, "manifest", manifest, &ignored) == PF_OK &&
		       access(manifest, F_OK);
	missing = missing && pf_spec_load(name, spec, &ignored) == PF_OK;
	free(spec);
	return missing;
}

pf_status pf_common_dataset(const char *name, pf_dataset **out, pf_error *error)
{
	if (can_be_made(name)) {
		pf_make_options options = {.spec = name};
		pf_make_report report;
		pf_progress_milestone("dataset %s is not there yet: rendering it", name);
		pf_status status = pf_common_make(&options, &report, error);
		if (status != PF_OK) {
			return status;
		}
	}
	return pf_store_open(name, out, error);
}

/* Value of option `name` in `value`. */
static pf_status set_option(pf_contestant *contestant, const char *name, const char *value, pf_error *error)
{
	static const struct pf_option workers = {.name = "workers", .least = 1, .most = 1024};
	const struct pf_option *known = contestant->variant->options, *option = NULL;
	int index = 0;
	for (int i = 0; known && known[i].name; i++) {
		if (strcmp(known[i].name, name) == 0) {
			option = &known[i];
			index = i;
		}
	}
	bool is_workers = !option && strcmp(name, "workers") == 0 &&
			  contestant->variant->caps & PF_CAP_WORKERS;
	if (is_workers) {
		option = &workers;
	}
	if (!option) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "variant %s has no option \"%s\"",
			       contestant->variant->name, name);
	}
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (strspn(value, "-0123456789") != strlen(value) || errno || end == value || *end ||
	    number < option->least || number > option->most) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "option %s takes a whole number from %lld to %lld, not \"%s\"", name,
			       (long long)option->least, (long long)option->most, value);
	}
	if (is_workers) {
		contestant->workers = (uint32_t)number;
	} else {
		contestant->options[index] = number;
	}
	return PF_OK;
}

pf_status pf_contestant_parse(const char *text, uint32_t workers, pf_contestant *out, pf_error *error)
{
	char copy[sizeof out->label];
	*out = (pf_contestant){0};
	if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "the variant's options are too long");
	}
	memcpy(out->label, copy, sizeof copy);
	char *options = strchr(copy, ':');
	if (options) {
		*options++ = '\0';
	}
	out->variant = pf_variant_find(copy);
	if (!out->variant || !strcmp(copy, pf_reference_variant.name)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "there is no variant \"%s\"; photofinish variants lists them", copy);
	}
	const struct pf_option *known = out->variant->options;
	for (int i = 0; known && known[i].name; i++) {
		out->options[i] = known[i].default_value;
	}
	out->workers = out->variant->caps & PF_CAP_WORKERS ? workers : 1;
	pf_status status = PF_OK;
	if (options && !*options) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "write options as NAME:option=value,...");
	}
	while (options && *options && status == PF_OK) {
		char *pair = strsep(&options, ",");
		char *value = strchr(pair, '=');
		if (value) {
			*value++ = '\0';
		}
		status = value ? set_option(out, pair, value, error)
			       : pf_fail(error, PF_ERR_USAGE, NULL, "write options as NAME:option=value,...");
	}
	return status;
}

static size_t add_children(const struct pf_variant **order, size_t count, const char *parent)
{
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		const struct pf_variant *variant = *entry;
		bool is_child = parent ? variant->parent && strcmp(variant->parent, parent) == 0
				       : !variant->parent && !(variant->caps & PF_CAP_FLOOR);
		if (is_child) {
			order[count++] = variant;
			count = add_children(order, count, variant->name);
		}
	}
	return count;
}

const struct pf_variant **pf_variants_in_order(void)
{
	size_t total = 0;
	while (pf_variant_registry[total]) {
		total++;
	}
	const struct pf_variant **order = calloc(total + 1, sizeof *order);
	if (!order) {
		abort();
	}
	size_t count = add_children(order, 0, NULL);
	for (size_t i = 0; i < total; i++) {
		if (pf_variant_registry[i]->caps & PF_CAP_FLOOR) {
			order[count++] = pf_variant_registry[i];
		}
	}
	return order;
}

/* What the status line says of the trial at hand. */
static struct {
	char label[200];
} at_hand;

static void warming(void *context, size_t done, size_t total)
{
	(void)context;
	pf_progress_update("reading the photos", done, total, "photos", NULL);
}

static void reference_begins(void *context, const pf_run *run)
{
	(void)context;
	(void)run;
	snprintf(at_hand.label, sizeof at_hand.label, "reference");
}

static void reference_ends(void *context, const pf_run *run)
{
	(void)context;
	const pf_outcomes *outcomes = run->reference.outcomes;
	pf_progress_milestone(
		"reference: %zu of %zu photos scored%s; every variant's scores are compared with it",
		outcomes->scored, outcomes->count, run->reference.from_cache ? " (kept from before)" : "");
	if (run->reference.note[0]) {
		pf_progress_milestone("%s", run->reference.note);
	}
}

static void trial_begins(void *context, const pf_run *run, const pf_contestant *contestant, uint32_t round)
{
	(void)context;
	snprintf(at_hand.label, sizeof at_hand.label, "round %u of %u, %s", round, run->rounds,
		 contestant->label);
}

static void trial_hears(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	(void)context;
	(void)frame;
	pf_progress_update(at_hand.label, so_far->scored + so_far->failed, so_far->count, "photos", NULL);
}

static void trial_ends(void *context, const pf_run *run, const pf_contestant *contestant)
{
	(void)context;
	(void)run;
	const pf_trial *trial = &contestant->trials[contestant->trial_count - 1];
	char time[PF_TEXT];
	if (trial->checked) {
		pf_progress_milestone(
			"%s: %s, %s", at_hand.label, pf_text_seconds((double)trial->wall_ns * 1e-9, time),
			contestant->status == PF_RUN_FLOOR ? "nothing to score" : "scores identical");
	} else {
		bool disturbed = trial->ending == PF_ENDED_DISTURBED;
		pf_progress_milestone("%s: %s: %s", at_hand.label,
				      disturbed ? "not timed" : pf_run_status_name(contestant->status),
				      disturbed ? trial->reason : contestant->reason);
	}
}

const pf_run_listener pf_run_progress = {
	.warming = warming,
	.reference_begins = reference_begins,
	.reference_ends = reference_ends,
	.trial_begins = trial_begins,
	.trial_hears = trial_hears,
	.trial_ends = trial_ends,
};
