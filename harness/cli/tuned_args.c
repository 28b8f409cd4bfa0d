#include "harness/cli/tuned_args.h"

#include <limits.h>
#include <string.h>

#include "harness/progress/progress.h"
#include "harness/run/contestant.h"
#include "harness/tune/tuned_file.h"
#include "photofinish/file.h"

pf_status pf_tuned_apply(const char *file, const pf_scorer_config *config, const pf_dataset *dataset,
			 uint32_t workers, pf_contestant *contestant, pf_error *error)
{
	char path[PATH_MAX], name[600], text[200];
	pf_tuned tuned = {0}, here = {0};
	const char *variant = contestant->variant->name;
	if (!file) {
		return PF_OK;
	}
	if (strchr(contestant->label, ':')) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--tuned sets the options of %s: state none",
			       variant);
	}
	if (!file[0] && !pf_tuned_path(variant, path, sizeof path)) {
		return pf_fail(error, PF_ERR_NOT_FOUND, NULL,
			       "--tuned: no folder for such files can be told");
	}
	file = file[0] ? file : path;
	pf_status status = pf_tuned_load(file, &tuned, error);
	if (status == PF_ERR_NOT_FOUND) {
		return pf_fail(error, status, file, "nothing was tuned for %s: photofinish tune %s does it",
			       variant, variant);
	}
	status = status == PF_OK ? pf_tuned_here(config, dataset, workers, &here, error) : status;
	if (status == PF_OK && strcmp(tuned.variant, variant) != 0) {
		status = pf_fail(error, PF_ERR_USAGE, file, "it is of variant %s, not of %s", tuned.variant,
				 variant);
	}
	if (status != PF_OK) {
		return status;
	}
	const char *stale = pf_tuned_stale(&tuned, &here);
	if (stale) {
		pf_progress_say(
			"photofinish: %s: stale, not used: it was tuned for %s; photofinish tune %s does it anew",
			pf_escape(file, name, sizeof name), stale, variant);
		return PF_OK;
	}
	snprintf(text, sizeof text, "%s%s%s", variant, tuned.settings[0] ? ":" : "", tuned.settings);
	return pf_contestant_parse(text, workers, contestant, error);
}

struct printing {
	FILE *stream;
	pf_tuned here;
};

static void print_one(void *context, const char *path, const pf_tuned *tuned, const pf_error *why)
{
	const struct printing *printing = context;
	char name[600], message[300];
	const char *stale = why ? NULL : pf_tuned_stale(tuned, &printing->here);
	fprintf(printing->stream, "tuned: %s: ", pf_escape(path, name, sizeof name));
	if (why) {
		fprintf(printing->stream, "not usable: %s\n",
			pf_escape(why->message, message, sizeof message));
	} else {
		fprintf(printing->stream, "%s, %s, %s\n", tuned->variant,
			tuned->settings[0] ? tuned->settings : "the default stays",
			stale ? stale : "holds here");
	}
}

void pf_tuned_print(FILE *stream)
{
	struct printing printing = {.stream = stream};
	pf_error ignored;
	if (pf_tuned_here(NULL, NULL, 0, &printing.here, &ignored) == PF_OK) {
		pf_tuned_each(print_one, &printing);
	}
}
