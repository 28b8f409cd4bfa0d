#include "harness/cli/known_scores.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/base/text.h"
#include "harness/cache/photo_hashes.h"
#include "harness/cache/score_cache.h"
#include "harness/machine/engine_digest.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/registry/outside.h"
#include "harness/scores/score_journal.h"
#include "harness/stats/enough.h"
#include "harness/stats/random.h"
#include "photofinish/file.h"
#include "photofinish/instruction_sets.h"
#include "photofinish/sha256.h"

enum { HEX = 2 * PF_SHA256_BYTES + 1, VERIFIED_LEAST = 8, VERIFIED_PART = 10 };

struct pf_known_scores {
	pf_known_request request;
	const pf_session *session;
	pf_outcomes *outcomes;
	pf_score_journal *journal;
	pf_score_cache *cache;
	pf_photo_hash *hashes;     /* of the cache; NULL without */
	pf_cached_score *expected; /* of photos that the cache had */
	bool *verified;            /* those that are scored all the same */
	size_t resumed, had, asked, to_verify, compared, differed, dropped, told;
	uint64_t saved_ns, looked_ns;
};

static void complain(const pf_error *error)
{
	char file[600], message[600];
	pf_progress_say("photofinish: %s: %s", pf_escape(error->file, file, sizeof file),
			pf_escape(error->message, message, sizeof message));
}

/* All that decides a score beside the photo's bytes, in texts. */
static pf_status identify(const pf_session *session, const pf_contestant *contestant, json_t **out,
			  pf_error *error)
{
	uint8_t digest[PF_SHA256_BYTES];
	char build[HEX], configuration[HEX], plugin[HEX] = "", processor[800], variant[600];
	const pf_outside *outside = pf_outside_of(contestant->variant);
	pf_status status = pf_build_digest(digest, error);
	pf_sha256_hex(digest, build);
	if (status == PF_OK) {
		status = pf_scorer_config_digest(&session->order.scorer, digest, error);
		pf_sha256_hex(digest, configuration);
	}
	if (outside && outside->plugin) {
		pf_sha256_hex(outside->plugin_sha256, plugin);
	}
	if (status != PF_OK) {
		return status;
	}
	snprintf(variant, sizeof variant, "%s", contestant->variant->name);
	const struct pf_option *options = contestant->variant->options;
	for (int i = 0; options && options[i].name; i++) {
		size_t used = strlen(variant);
		snprintf(variant + used, sizeof variant - used, ":%s=%" PRId64, options[i].name,
			 contestant->options[i]);
	}
	*out = json_pack("{s:i,s:s,s:s,s:s,s:s,s:s}", "scoring", PF_SCORING_VERSION, "build", build,
			 "configuration", configuration, "variant", variant, "plug-in", plugin, "processor",
			 pf_processor_class(processor, sizeof processor));
	return *out ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* Names, sizes, inodes and both times of change (a program may put the first one back): photos are not read
 * for it. */
static void digest_photos(const pf_dataset *dataset, char hex[HEX])
{
	uint8_t digest[PF_SHA256_BYTES];
	pf_sha256 hash;
	int root = open(dataset->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	pf_sha256_begin(&hash);
	for (size_t i = 0; i < dataset->count; i++) {
		struct stat info = {0};
		const char *path = dataset->photos[i].path;
		bool there = root >= 0 && fstatat(root, path, &info, 0) == 0;
		const int64_t facts[] = {there,
					 (int64_t)info.st_size,
					 (int64_t)info.st_ino,
					 (int64_t)info.st_mtim.tv_sec,
					 (int64_t)info.st_mtim.tv_nsec,
					 (int64_t)info.st_ctim.tv_sec,
					 (int64_t)info.st_ctim.tv_nsec};
		pf_sha256_add(&hash, path, strlen(path) + 1);
		pf_sha256_add(&hash, facts, sizeof facts);
	}
	pf_sha256_end(&hash, digest);
	pf_sha256_hex(digest, hex);
	close(root);
}

static pf_status open_journal(pf_known_scores *known, json_t *identity, pf_error *error)
{
	char photos[HEX];
	digest_photos(known->session->dataset, photos);
	json_t *of_run = pf_enough(json_deep_copy(identity));
	json_object_set_new(of_run, "photos", json_string(photos));
	pf_status status = pf_score_journal_open(known->request.journal, of_run, known->session->dataset,
						 known->outcomes, complain, &known->journal, error);
	json_decref(of_run);
	known->resumed = known->outcomes->scored + known->outcomes->failed;
	if (status == PF_OK && known->resumed && !known->request.quiet) {
		pf_progress_say("resume: %zu of %zu photos are done already", known->resumed,
				known->outcomes->count);
	}
	return status;
}

/* PF_ERR_UNAVAILABLE where it was complained of already. */
static pf_status open_cache(pf_known_scores *known, const json_t *identity, pf_error *error)
{
	char folder[4096];
	char *text = pf_enough(json_dumps(identity, JSON_COMPACT | JSON_SORT_KEYS));
	pf_score_cache_order order = {.folder = folder,
				      .limit_bytes = (uint64_t)(known->request.cache_mb * 1e6),
				      .complain = complain};
	pf_sha256_of(text, strlen(text), order.context);
	free(text);
	if (!pf_cache_folder(".scores", folder, sizeof folder)) {
		return pf_fail(error, PF_ERR_NOT_FOUND, NULL,
			       "--cache: none of PHOTOFINISH_DATA, XDG_CACHE_HOME and HOME is set");
	}
	return pf_score_cache_open(&order, &known->cache, error);
}

static bool tick(void *context, size_t done, size_t wanted)
{
	(void)context;
	pf_progress_update("looking up", done, wanted, "photos", NULL);
	return pf_interrupts == 0;
}

/* Which of the photos that the cache has are scored all the same. */
static void choose_verified(pf_known_scores *known)
{
	size_t count = known->outcomes->count, left = known->had, want = known->had / VERIFIED_PART;
	pf_random random = {.state = pf_now_ns() ^ (uint64_t)getpid() << 32};
	want = want > VERIFIED_LEAST ? want : VERIFIED_LEAST;
	want = want < known->had ? want : known->had;
	for (size_t i = 0; i < count && want; i++) {
		if (known->expected[i].service_ns != UINT64_MAX && pf_random_below(&random, left--) < want) {
			known->verified[i] = true;
			known->to_verify++;
			want--;
		}
	}
}

/* Photos are read by as many threads as there are processors, whatever the number of workers. */
static pf_status look_up(pf_known_scores *known, pf_error *error)
{
	const pf_dataset *dataset = known->session->dataset;
	uint64_t begin_ns = pf_now_ns();
	pf_score_cache_begin_reading(known->cache);
	for (size_t i = 0; i < dataset->count; i++) {
		known->hashes[i].wanted = !known->outcomes->photos[i].done &&
					  pf_score_cache_may_have(known->cache,
								  dataset->photos[i].size_bytes);
		known->expected[i].service_ns = UINT64_MAX; /* it has none */
		known->asked += !known->outcomes->photos[i].done;
	}
	pf_score_cache_end_reading(known->cache); /* reading photos takes its time */
	pf_status status = pf_photo_hashes_read(dataset, known->hashes, pf_core_count(), tick, NULL, error);
	pf_score_cache_begin_reading(known->cache);
	for (size_t i = 0; status == PF_OK && i < dataset->count; i++) {
		const pf_photo_hash *hash = &known->hashes[i];
		known->had += hash->known && pf_score_cache_find(known->cache, hash->sha256, hash->bytes,
								 &known->expected[i]);
	}
	pf_score_cache_end_reading(known->cache);
	if (status == PF_OK && strcmp(known->request.cache, "verify") == 0) {
		choose_verified(known);
	}
	for (size_t i = 0; status == PF_OK && i < dataset->count; i++) {
		if (known->expected[i].service_ns == UINT64_MAX || known->verified[i]) {
			continue;
		}
		known->outcomes->photos[i] = (pf_outcome){
			.done = true, .status = PF_OK, .score = known->expected[i].score};
		known->outcomes->scored++;
		known->saved_ns += known->expected[i].service_ns;
		if (known->journal) {
			pf_score_journal_add(known->journal, i, &known->outcomes->photos[i]);
		}
	}
	known->looked_ns = pf_now_ns() - begin_ns;
	pf_progress_clear();
	return status;
}

static pf_status start_cache(pf_known_scores *known, const json_t *identity, pf_error *error)
{
	pf_error why = {0};
	size_t count = known->outcomes->count + 1;
	pf_status status = open_cache(known, identity, &why);
	if (status != PF_OK && strcmp(known->request.cache, "verify") == 0) {
		*error = why;
		return status;
	}
	if (status != PF_OK) {
		complain(&why);
		return PF_OK;
	}
	known->hashes = pf_enough(calloc(count, sizeof *known->hashes));
	known->expected = pf_enough(calloc(count, sizeof *known->expected));
	known->verified = pf_enough(calloc(count, sizeof *known->verified));
	return look_up(known, error);
}

/* Scores that a variant is known to get wrong are not kept, nor those of a program that nobody can identify.
 */
static pf_status check(const pf_known_request *request, const pf_contestant *contestant, pf_error *error)
{
	const struct pf_variant *variant = contestant->variant;
	if (request->cache && request->cache[0] && strcmp(request->cache, "verify") != 0) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--cache is alone or --cache=verify, not \"%s\"",
			       request->cache);
	}
	if ((request->cache || request->journal) && variant->caps & (PF_CAP_MAY_CRASH | PF_CAP_COMMAND)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "scores of variant %s are not to be relied on later: %s", variant->name,
			       request->cache ? "leave out --cache" : "leave out --resume");
	}
	if (request->cache &&
	    variant->caps & PF_CAP_GPU) { /* device, driver and its libraries are in no key */
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"scores of variant %s depend on the device, which no key has: leave out --cache",
			variant->name);
	}
	return PF_OK;
}

pf_status pf_known_scores_open(const pf_known_request *request, pf_session *session,
			       const pf_contestant *contestant, pf_known_scores **out, pf_error *error)
{
	json_t *identity = NULL;
	pf_known_scores *known = NULL;
	*out = NULL;
	pf_status status = check(request, contestant, error);
	if (status != PF_OK || !(request->cache || request->journal)) {
		return status;
	}
	known = pf_enough(calloc(1, sizeof *known));
	known->request = *request;
	known->session = session;
	status = pf_outcomes_create(session->dataset->count, &known->outcomes, error);
	if (status == PF_OK) {
		status = identify(session, contestant, &identity, error);
	}
	if (status == PF_OK && request->journal) {
		status = open_journal(known, identity, error);
	}
	if (status == PF_OK && request->cache) {
		status = start_cache(known, identity, error);
	}
	json_decref(identity);
	if (status != PF_OK) {
		pf_known_scores_close(known, false);
		return status;
	}
	session->order.scorer.hash_files = known->cache != NULL;
	session->known = known->outcomes->scored + known->outcomes->failed ? known->outcomes : NULL;
	*out = known;
	return PF_OK;
}

static void compare(pf_known_scores *known, const pf_frame_photo *photo)
{
	char name[300], what[300] = "it cannot be scored any more";
	const pf_outcome before = {.status = PF_OK, .score = known->expected[photo->index].score};
	const pf_outcome now = {.status = (pf_status)photo->status, .score = photo->score};
	known->verified[photo->index] = false; /* once */
	if (!photo->hashed ||
	    memcmp(photo->sha256, known->hashes[photo->index].sha256, PF_SHA256_BYTES) != 0) {
		return; /* other bytes by now */
	}
	if (photo->status != PF_OK && !pf_score_journal_wants((pf_status)photo->status)) {
		return; /* another time it may be scored */
	}
	known->compared++;
	if (photo->status == PF_OK && pf_scores_identical(&before.score, &now.score)) {
		return;
	}
	if (photo->status != PF_OK) {
		pf_score_cache_drop(known->cache, photo->sha256);
		known->dropped++;
	} else {
		pf_outcome_describe_difference(&now, &before, what, sizeof what);
	}
	if (!known->differed++) {
		pf_escape(known->session->dataset->photos[photo->index].path, name, sizeof name);
		pf_progress_say("photofinish: %s: the cache is wrong of it: %s", name, what);
	}
}

void pf_known_scores_hear(pf_known_scores *known, const pf_outcomes *so_far, const pf_frame *frame)
{
	if (!known) {
		return;
	}
	if (known->cache) {
		pf_score_cache_tick(known->cache);
	}
	if (!frame || frame->header.kind != PF_FRAME_PHOTO || frame->photo.index >= so_far->count ||
	    !so_far->photos[frame->photo.index].done || known->outcomes->photos[frame->photo.index].done) {
		return;
	}
	const pf_frame_photo *photo = &frame->photo;
	if (known->journal) {
		pf_score_journal_add(known->journal, photo->index, &so_far->photos[photo->index]);
	}
	if (known->cache && known->verified[photo->index]) {
		compare(known, photo);
	}
	known->told += photo->status == PF_OK && photo->hashed;
	if (known->cache && photo->status == PF_OK && photo->hashed) {
		const pf_cached_score score = {.score = photo->score, .service_ns = photo->service_ns};
		pf_score_cache_put(known->cache, photo->sha256,
				   known->session->dataset->photos[photo->index].size_bytes, &score);
	}
}

static void report_cache(pf_known_scores *known)
{
	char saved[PF_TEXT], looked[PF_TEXT], size[PF_TEXT];
	pf_score_cache_facts facts;
	size_t taken = known->had - known->to_verify;
	pf_score_cache_facts_get(known->cache, &facts);
	pf_progress_say(
		"cache: %zu of %zu photos were there (%.0f %%), %zu to be scored; about %s of a worker's time saved "
		"(estimate: what they took when they were scored), %s spent on looking",
		known->had, known->asked,
		known->asked ? 100.0 * (double)known->had / (double)known->asked : 0.0, known->asked - taken,
		pf_text_seconds((double)known->saved_ns * 1e-9, saved),
		pf_text_seconds((double)known->looked_ns * 1e-9, looked));
	pf_progress_say("cache: %zu new; %zu scores in %s", known->told, facts.rows,
			pf_text_bytes((double)facts.bytes, size));
	if (facts.damaged) {
		pf_progress_say("cache: %zu damaged row%s removed, and not used", facts.damaged,
				facts.damaged == 1 ? " was" : "s were");
	}
}

bool pf_known_scores_report(pf_known_scores *known)
{
	if (!known || !known->cache) {
		return true;
	}
	if (!known->request.quiet) {
		report_cache(known);
	}
	if (strcmp(known->request.cache, "verify") == 0) {
		pf_progress_say("cache: %zu of %zu scores verified%s", known->compared, known->had,
				known->differed   ? ""
				: known->compared ? ": all the same"
						  : "");
	}
	if (known->differed) {
		pf_progress_say("photofinish: the cache is wrong of %zu of %zu photos that were scored again",
				known->differed, known->compared);
	}
	if (known->dropped) {
		pf_progress_say("photofinish: %zu of them cannot be scored any more: removed from the cache",
				known->dropped);
	}
	bool in_vain = strcmp(known->request.cache, "verify") == 0 && known->had && !known->compared;
	if (in_vain) {
		pf_progress_say(
			"photofinish: none of the scores could be verified: their photos were not hashed, or changed");
	}
	return known->differed == 0 && !in_vain;
}

void pf_known_scores_close(pf_known_scores *known, bool whole)
{
	if (!known) {
		return;
	}
	pf_score_journal_close(known->journal, whole);
	pf_score_cache_close(known->cache);
	pf_outcomes_free(known->outcomes);
	free(known->hashes);
	free(known->expected);
	free(known->verified);
	free(known);
}
