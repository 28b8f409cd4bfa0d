/* score: someone's photos through one variant. No time is shown: nothing is compared here. */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/known_scores.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/tuned_args.h"
#include "harness/export/best_folder.h"
#include "harness/export/scores_csv.h"
#include "harness/export/xmp_sidecars.h"
#include "harness/progress/progress.h"
#include "harness/progress/trial_progress.h"
#include "harness/run/contestant.h"
#include "harness/run/reference.h"
#include "harness/scores/score_caveat.h"
#include "harness/show/best_table.h"
#include "photofinish/file.h"

struct request {
	pf_common common;
	const char *variant, *json, *csv, *best, *xmp;
	const char *tuned;
	const char *errors, *cache; /* "continue" or "stop"; NULL, "" or "verify" */
	double cache_mb;
	bool resume;
};

/* Who hears of the trial. */
struct listening {
	pf_trial_progress progress;
	pf_known_scores *known;
};

static void hear(void *context, const pf_outcomes *so_far, const pf_frame *frame)
{
	struct listening *to = context;
	pf_known_scores_hear(to->known, so_far, frame);
	pf_trial_progress_hear(&to->progress, so_far, frame);
	pf_trial_progress_show(&to->progress, NULL);
}

static void look(void *context, uint32_t busy, uint32_t of)
{
	struct listening *to = context;
	pf_trial_progress_look(&to->progress, busy, of);
}

static bool stops_at_errors(const struct request *request)
{
	return strcmp(request->errors, "stop") == 0;
}

/* The photo that a run with --errors stop ends at; NULL: it need not end. The first by name, where several
 * workers had one each. */
static const char *stopped_at(const struct request *request, const pf_outcomes *outcomes,
			      const pf_dataset *dataset, const pf_outcome **photo)
{
	for (size_t i = 0; stops_at_errors(request) && i < outcomes->count; i++) {
		*photo = &outcomes->photos[i];
		if ((*photo)->done && (*photo)->status != PF_OK) {
			return dataset->photos[i].path;
		}
	}
	return NULL;
}

/* The first photo that failed through no fault of its own: a library failed on it; NULL: none. */
static const pf_outcome *first_lost(const pf_outcomes *outcomes, size_t *count)
{
	const pf_outcome *first = NULL;
	*count = 0;
	for (size_t i = 0; i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (photo->done && photo->status == PF_ERR_INTERNAL) {
			first = first ? first : photo;
			++*count;
		}
	}
	return first;
}

/* NULL where all is there, else why it is not. */
static const char *why_part(const struct request *request, const pf_trial *trial)
{
	size_t lost;
	bool ended = trial->ending == PF_ENDED_OK || trial->ending == PF_ENDED_DISTURBED;
	return stops_at_errors(request) && trial->outcomes->failed
		       ? "stopped at the first photo that cannot be scored"
	       : !ended                             ? trial->reason
	       : !trial->photos_scored              ? "not one photo could be scored"
	       : first_lost(trial->outcomes, &lost) ? "photos were lost through no fault of theirs"
						    : NULL;
}

static void not_delivered(const pf_error *error)
{
	char file[600], message[600];
	pf_progress_say("photofinish: %s: %s", pf_escape(error->file, file, sizeof file),
			pf_escape(error->message, message, sizeof message));
}

static pf_status fill_best(const struct request *request, const pf_trial *trial, const pf_dataset *dataset,
			   const char *caveat, pf_error *error)
{
	(void)caveat; /* links have no room for it */
	pf_best_report report;
	char name[600];
	pf_escape(request->best, name, sizeof name);
	pf_status status = pf_best_folder_fill(request->best, trial->outcomes, dataset, not_delivered,
					       &report, error);
	if (report.failed) {
		pf_fail(error, status, request->best, "%zu best shot%s could not be put there", report.failed,
			report.failed == 1 ? "" : "s");
	}
	if (status == PF_OK && !request->common.progress.quiet) {
		pf_progress_say("%s: %zu linked, %zu copied, %zu already there", name, report.linked,
				report.copied, report.present);
	}
	return status;
}

static pf_status fill_xmp(const struct request *request, const pf_trial *trial, const pf_dataset *dataset,
			  const char *caveat, pf_error *error)
{
	pf_xmp_report report;
	char name[600];
	pf_escape(request->xmp, name, sizeof name);
	pf_status status = pf_xmp_sidecars_write(request->xmp, trial->outcomes, dataset, caveat,
						 not_delivered, &report, error);
	if (report.failed && status != PF_ERR_CANCELLED) {
		pf_fail(error, status, request->xmp, "%zu sidecar%s could not be written", report.failed,
			pf_text_plural(report.failed));
	}
	if (status == PF_OK && !request->common.progress.quiet) {
		pf_progress_say("%s: sidecars: %zu new, %zu updated, %zu already right; ratings or flags of "
				"others kept in %zu",
				name, report.written, report.updated, report.same, report.yours);
	}
	return status;
}

/* What names the best of a burst, which is not known before all of it is. */
static pf_status fill_folders(const struct request *request, const pf_trial *trial, const pf_dataset *dataset,
			      const char *caveat, pf_error *error)
{
	const struct {
		const char *folder;
		pf_status (*fill)(const struct request *request, const pf_trial *trial,
				  const pf_dataset *dataset, const char *caveat, pf_error *error);
	} kinds[] = {{request->best, fill_best}, {request->xmp, fill_xmp}};
	pf_status status = PF_OK;
	for (size_t i = 0; status == PF_OK && i < sizeof kinds / sizeof *kinds; i++) {
		char name[600];
		if (kinds[i].folder && why_part(request, trial)) {
			pf_progress_say(
				"photofinish: %s: left as it is: the results of this run are only a part",
				pf_escape(kinds[i].folder, name, sizeof name));
		} else if (kinds[i].folder) {
			status = kinds[i].fill(request, trial, dataset, caveat, error);
		}
	}
	return status;
}

static pf_status deliver(const struct request *request, const pf_trial *trial, const pf_session *session,
			 pf_error *error)
{
	const pf_dataset *dataset = session->dataset;
	const char *part = why_part(request, trial);
	char text[PF_SCORE_CAVEAT];
	pf_score_caveat(&session->order.scorer, text);
	const char *caveat = text[0] ? text : NULL;
	pf_status status = PF_OK;
	if (!pf_output_is_stdout(request->json) && !pf_output_is_stdout(request->csv)) {
		if (caveat) {
			printf("%s\n", caveat);
		}
		pf_best_print(trial->outcomes, dataset, &session->order.scorer, stdout);
		fflush(stdout);
	} else if (session->order.scorer.left_out || session->order.scorer.preset) {
		/* that pose is missing was said at once */
		fprintf(stderr, "photofinish: not the usual scores: %s\n", caveat);
	}
	if (request->json) {
		status = part ? pf_outcomes_save_part(trial->outcomes, dataset, part, caveat, request->json,
						      error)
			      : pf_outcomes_save(trial->outcomes, dataset, caveat, request->json, error);
		status = pf_delivery_say_kept(status, error);
	}
	if (request->csv && status == PF_OK) {
		status = pf_scores_csv_write(trial->outcomes, dataset, part, caveat, request->csv, error);
		status = pf_delivery_say_kept(status, error);
	}
	return status == PF_OK ? fill_folders(request, trial, dataset, caveat, error) : status;
}

/* The best shots must not end up among the photos: the next run would score them again. The nearest part of
 * `best` that exists decides. */
static pf_status check_best(const char *best, const pf_dataset *dataset, pf_error *error)
{
	char part[PATH_MAX], real[PATH_MAX];
	if (snprintf(part, sizeof part, "%s%s", best[0] == '/' ? "" : "./", best) >= (int)sizeof part) {
		return pf_fail(error, PF_ERR_INVALID, best, "the path is too long");
	}
	while (!realpath(part, real)) {
		char *slash = strrchr(part, '/');
		if (errno != ENOENT || !slash || slash == part) {
			return pf_fail_errno(error, best, "cannot put the best shots there");
		}
		*slash = '\0';
	}
	struct stat info;
	if (stat(real, &info) || !S_ISDIR(info.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, best, "cannot put the best shots there: not a folder");
	}
	size_t length = strlen(dataset->root);
	if (strncmp(real, dataset->root, length) == 0 && (real[length] == '/' || real[length] == '\0')) {
		return pf_fail(error, PF_ERR_INVALID, best,
			       "the best shots cannot go into the folder that is scored");
	}
	return PF_OK;
}

/* Found before all photos are scored and not after. */
static pf_status check_xmp(const char *folder, pf_error *error)
{
	pf_status status = pf_make_folders(folder, error);
	if (status == PF_OK && access(folder, W_OK)) {
		status = pf_fail_errno(error, folder, "cannot put sidecars there");
	}
	return status;
}

/* What the run ends with, and says where that is not well. */
static int code_of(const struct request *request, const pf_dataset *dataset, const pf_trial *trial,
		   const char *label)
{
	size_t lost;
	const pf_outcome *first = first_lost(trial->outcomes, &lost), *failed = NULL;
	const char *at = stopped_at(request, trial->outcomes, dataset, &failed);
	if (at) {
		char name[600], why[600];
		pf_progress_say("photofinish: %s: %s; stopped there, %zu of %zu photos done (--errors stop)",
				pf_escape(at, name, sizeof name),
				pf_escape(failed->message ? failed->message : pf_status_text(failed->status),
					  why, sizeof why),
				trial->photos_scored + trial->photos_failed, trial->outcomes->count);
		return PF_EXIT_ERROR;
	}
	if (trial->ending == PF_ENDED_CANCELLED) {
		pf_progress_say("photofinish: stopped on request after %zu of %zu photos",
				trial->photos_scored + trial->photos_failed, trial->outcomes->count);
		return PF_EXIT_INTERRUPTED;
	}
	if (trial->ending != PF_ENDED_OK && trial->ending != PF_ENDED_DISTURBED) {
		pf_progress_say("photofinish: variant %s did not finish: %s", label, trial->reason);
	} else if (!trial->photos_scored) {
		pf_progress_say("photofinish: not one photo could be scored");
	} else if (first) {
		char message[256];
		pf_progress_say("photofinish: variant %s lost %zu of %zu photos, which are in order: %s",
				label, lost, trial->outcomes->count,
				pf_escape(first->message ? first->message : "", message, sizeof message));
	} else {
		return PF_EXIT_OK;
	}
	return PF_EXIT_ERROR;
}

/* The output that the journal lies beside. */
static pf_status find_journal(const struct request *request, char path[PATH_MAX], pf_error *error)
{
	const char *const outputs[] = {request->json, request->csv};
	path[0] = '\0';
	for (size_t i = 0; request->resume && !path[0] && i < 2; i++) {
		if (outputs[i] && !pf_output_is_stdout(outputs[i]) &&
		    snprintf(path, PATH_MAX, "%s.journal", outputs[i]) >= PATH_MAX) {
			return pf_fail(error, PF_ERR_INVALID, outputs[i],
				       "the path is too long for a journal");
		}
	}
	return !request->resume || path[0]
		       ? PF_OK
		       : pf_fail(error, PF_ERR_USAGE, NULL,
				 "--resume needs --json FILE or --csv FILE: its journal lies beside that file");
}

/* What can be wrong is found before all photos are scored and not after. */
static pf_status check(const struct request *request, const pf_contestant *contestant, pf_error *error)
{
	if (contestant->variant->caps & PF_CAP_FLOOR) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "variant %s scores nothing", request->variant);
	}
	pf_status status = pf_output_check(request->json, error);
	return status == PF_OK ? pf_output_check(request->csv, error) : status;
}

static pf_status check_photos(const struct request *request, const char *operand, const pf_dataset *dataset,
			      pf_error *error)
{
	if (dataset->count == 0) {
		return pf_fail(error, PF_ERR_INVALID, operand,
			       "no photos there (files named .jpg, .jpeg, .jpe or .jfif)%s",
			       dataset->linked ? "; linked folders are not followed" : "");
	}
	pf_status status = request->best ? check_best(request->best, dataset, error) : PF_OK;
	return status == PF_OK && request->xmp ? check_xmp(request->xmp, error) : status;
}

static pf_status open_known(const struct request *request, pf_session *session,
			    const pf_contestant *contestant, pf_known_scores **known, pf_error *error)
{
	char journal[PATH_MAX], message[256];
	const pf_outcome *failed;
	pf_status status = find_journal(request, journal, error);
	const pf_known_request what = {.journal = journal[0] ? journal : NULL,
				       .cache = request->cache,
				       .cache_mb = request->cache_mb,
				       .quiet = request->common.progress.quiet};
	status = status == PF_OK ? pf_known_scores_open(&what, session, contestant, known, error) : status;
	session->stop_at_first_failure = stops_at_errors(request);
	const char *at = status == PF_OK && session->known
				 ? stopped_at(request, session->known, session->dataset, &failed)
				 : NULL;
	if (at) {
		snprintf(message, sizeof message, "%s",
			 failed->message ? failed->message : pf_status_text(failed->status));
		return pf_fail(error, failed->status, at,
			       "%.180s (the journal knows; --errors continue goes on)", message);
	}
	return status;
}

/* Runs the trial and hands out what came of it. Returns the exit status, unless there is an error. */
static pf_status run(const struct request *request, pf_session *session, const pf_contestant *contestant,
		     pf_known_scores *known, int *code, pf_error *error)
{
	pf_trial trial = {0};
	struct listening listening = {.known = known};
	const pf_trial_listener listener = {.hear = hear, .look = look, .context = &listening};
	const pf_dataset *dataset = session->dataset;
	pf_common_limits(&request->common, session);
	pf_common_tell_start("score", dataset, 1, contestant, 1);
	pf_trial_progress_begin(&listening.progress, dataset, "scoring", true);
	if (session->known) {
		listening.progress.known = session->known->scored + session->known->failed;
		listening.progress.done = listening.progress.known;
	}
	pf_status status = pf_trial_run(session, contestant->variant, contestant->workers,
					contestant->options, &listener, &trial, error);
	pf_progress_clear();
	if (status != PF_OK) {
		pf_known_scores_close(known, false);
		return status;
	}
	status = deliver(request, &trial, session, error);
	if (trial.worker_deaths) {
		pf_progress_say("photofinish: %" PRIu64 " worker%s died and %s replaced", trial.worker_deaths,
				pf_text_plural(trial.worker_deaths),
				trial.worker_deaths == 1 ? "was" : "were");
	}
	if (trial.memory_seen_bytes && !request->common.progress.quiet) {
		char seen[PF_TEXT];
		pf_progress_say("memory: at most %s at ten looks a second, of %g MB",
				pf_text_bytes((double)trial.memory_seen_bytes, seen),
				request->common.memory_limit_mb);
	}
	bool same = pf_known_scores_report(known);
	if (status == PF_OK) {
		*code = code_of(request, dataset, &trial, contestant->label);
		*code = *code == PF_EXIT_OK && !same ? PF_EXIT_FAIL : *code;
	}
	pf_known_scores_close(known, status == PF_OK && !why_part(request, &trial));
	pf_trial_release(&trial);
	return status;
}

static int score(const struct request *request, const char *operand, const pf_scorer_config *config)
{
	pf_error error = {0};
	pf_dataset *dataset = NULL;
	pf_session session = {.manifest_fd = -1};
	pf_known_scores *known = NULL;
	pf_contestant contestant;
	int code = PF_EXIT_ERROR;
	pf_status status = pf_contestant_parse(request->variant, request->common.workers, &contestant,
					       &error);
	status = status == PF_OK ? check(request, &contestant, &error) : status;
	status = status == PF_OK ? pf_common_dataset(operand, &dataset, &error) : status;
	status = status == PF_OK ? check_photos(request, operand, dataset, &error) : status;
	status = status == PF_OK ? pf_tuned_apply(request->tuned, config, dataset, request->common.workers,
						  &contestant, &error)
				 : status;
	status = status == PF_OK ? pf_session_open(&session, dataset, config, &error) : status;
	status = status == PF_OK ? open_known(request, &session, &contestant, &known, &error) : status;
	if (status == PF_OK) {
		status = run(request, &session, &contestant, known, &code, &error);
	} else {
		pf_known_scores_close(known, false);
	}
	code = status != PF_OK ? pf_report_error(&error) : code;
	pf_session_close(&session);
	pf_dataset_free(dataset);
	return code;
}

int pf_cmd_score(const pf_command *command, int argc, char **argv)
{
	struct request request = {
		.common = PF_COMMON_DEFAULTS, .variant = "parallel", .errors = "continue", .cache_mb = 256};
	const pf_arg table[] = {
		{"variant", 'v', PF_ARG_TEXT, &request.variant, "NAME", "variant to use (default: parallel)",
		 0, 0},
		{"json", 'j', PF_ARG_OUTPUT, &request.json, "FILE",
		 "write score records as JSON lines (- for standard output)", 0, 0},
		{"csv", 0, PF_ARG_OUTPUT, &request.csv, "FILE", "write scores as CSV (- for standard output)",
		 0, 0},
		{"best", 0, PF_ARG_OUTPUT, &request.best, "DIR",
		 "link (or copy) single shots and the best of each burst into DIR", 0, 0},
		{"xmp", 0, PF_ARG_OUTPUT, &request.xmp, "DIR",
		 "write a rating and a pick flag for each photo into XMP sidecars in DIR (the photos' own folder: "
		 "beside them)",
		 0, 0},
		{"resume", 0, PF_ARG_FLAG, &request.resume, NULL,
		 "keep a journal beside the --json or --csv file, and go on with that of an interrupted run",
		 0, 0},
		{"errors", 0, PF_ARG_CHOICE, &request.errors, "continue|stop",
		 "what to do at a photo that cannot be scored: list it, or end with status 2 (default: continue)",
		 0, 0},
		{"cache", 0, PF_ARG_MAYBE, &request.cache, "verify]",
		 "take scores of photos with the same bytes from the cache, and keep new ones there; \"verify\" "
		 "scores a tenth of them all the same, and ends with status 1 where one differs",
		 0, 0},
		{"cache-size", 0, PF_ARG_SIZE, &request.cache_mb, "SIZE",
		 "what the cache may take: the least recently used scores go first (default: 256MB)", 1, 1e6},
		PF_TUNED_ARG(request.tuned),
		PF_PLUGIN_ARG(request.common.plugins),
		PF_SCORING_ARGS(request.common),
		PF_PLACEMENT_ARG(request.common),
		PF_COMMON_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	return status == PF_OK ? score(&request, operands[0], &config) : pf_report_error(&error);
}
