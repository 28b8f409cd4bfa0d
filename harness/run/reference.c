#include "harness/run/reference.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset_store.h"
#include "harness/base/interrupt.h"
#include "harness/machine/engine_digest.h"
#include "harness/registry/reference_variant.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"

#define CACHE_FORMAT "photofinish-reference 1"

pf_status pf_reference_path(const pf_session *session, char path[PATH_MAX], pf_error *error)
{
	uint8_t parts[3][PF_SHA256_BYTES], key[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], home[PF_STORE_PATH_MAX];
	pf_dataset_hash(session->dataset, parts[0]);
	pf_status status = pf_engine_digest(parts[1], error);
	if (status == PF_OK) {
		status = pf_scorer_config_digest(&session->order.scorer, parts[2], error);
	}
	if (status == PF_OK) {
		status = pf_store_home(home, error);
	}
	if (status != PF_OK) {
		return status;
	}
	pf_sha256 context;
	pf_sha256_begin(&context);
	pf_sha256_add(&context, CACHE_FORMAT, strlen(CACHE_FORMAT));
	pf_sha256_add(&context, parts, sizeof parts);
	pf_sha256_end(&context, key);
	pf_sha256_hex(key, hex);
	snprintf(path, PATH_MAX, "%s/.references", home);
	status = pf_make_folders(path, error);
	snprintf(path + strlen(path), PATH_MAX - strlen(path), "/%s.jsonl", hex);
	return status;
}

static bool all_hashed(const pf_dataset *dataset)
{
	for (size_t i = 0; i < dataset->count; i++) {
		if (!dataset->photos[i].hashed) {
			return false;
		}
	}
	return true;
}

static pf_status run_afresh(const pf_session *session, const pf_trial_listener *listener, pf_reference *out,
			    pf_error *error)
{
	pf_trial trial;
	pf_session plain = *session; /* nobody looks into it */
	memset(plain.asked, 0, sizeof plain.asked);
	pf_status status = pf_trial_run(&plain, &pf_reference_variant, 1, NULL, listener, &trial, error);
	if (status != PF_OK) {
		return status;
	}
	if (trial.ending == PF_ENDED_OK || trial.ending == PF_ENDED_DISTURBED) {
		pf_outcomes_free(out->outcomes);
		out->outcomes = trial.outcomes;
		out->from_cache = false;
		trial.outcomes = NULL;
		status = pf_outcomes_digest(out->outcomes, out->digest, error);
	} else {
		status = pf_fail(error,
				 trial.ending == PF_ENDED_CANCELLED ? PF_ERR_CANCELLED : PF_ERR_CRASHED, NULL,
				 "the reference run did not end well: %s", trial.reason);
	}
	pf_trial_release(&trial);
	return status;
}

/* Where nothing was scored there is nothing to compare with: whoever scores nothing would be "identical". */
static pf_status refuse_empty(const pf_session *session, const pf_outcomes *outcomes, pf_error *error)
{
	char name[256], message[256];
	if (outcomes->scored || !outcomes->count) {
		return PF_OK;
	}
	return pf_fail(error, PF_ERR_INVALID, NULL,
		       "not one of %zu photos can be scored: there is nothing to compare (%s: %s)",
		       outcomes->count, pf_escape(session->dataset->photos[0].path, name, sizeof name),
		       pf_escape(outcomes->photos[0].message ? outcomes->photos[0].message : "", message,
				 sizeof message));
}

/* The cache saves time and nothing else: without it the run goes on. */
static void keep(const pf_session *session, const char *cache, pf_reference *reference)
{
	pf_error why;
	for (size_t i = 0; i < reference->outcomes->count; i++) {
		if (pf_outcome_may_pass(reference->outcomes->photos[i].status)) {
			return;
		}
	}
	if (cache[0] && pf_outcomes_save(reference->outcomes, session->dataset, NULL, cache, &why) != PF_OK) {
		snprintf(reference->note, sizeof reference->note, "the reference is not kept: %s",
			 why.message);
	}
}

pf_status pf_reference_get(const pf_session *session, const pf_trial_listener *listener, pf_reference *out,
			   pf_error *error)
{
	char cache[PATH_MAX] = "";
	pf_error why;
	*out = (pf_reference){0};
	if (all_hashed(session->dataset) && pf_reference_path(session, cache, &why) != PF_OK) {
		snprintf(out->note, sizeof out->note, "the reference is not kept: %s", why.message);
		cache[0] = '\0';
	}
	pf_status status = PF_OK;
	out->from_cache = cache[0] &&
			  pf_outcomes_load(cache, session->dataset->count, &out->outcomes, &why) == PF_OK;
	if (out->from_cache && !out->outcomes->scored) { /* kept by an earlier version */
		pf_reference_release(out);
	}
	if (out->from_cache) {
		status = pf_outcomes_digest(out->outcomes, out->digest, error);
	} else {
		status = run_afresh(session, listener, out, error);
	}
	if (status == PF_OK) {
		status = refuse_empty(session, out->outcomes, error);
	}
	if (status != PF_OK) {
		pf_reference_release(out);
	} else if (!out->from_cache) {
		keep(session, cache, out);
	}
	return status;
}

pf_status pf_reference_renew(const pf_session *session, pf_reference *reference, pf_error *error)
{
	char cache[PATH_MAX] = "";
	pf_error why;
	pf_status status = run_afresh(session, NULL, reference, error);
	if (status == PF_OK) {
		status = refuse_empty(session, reference->outcomes, error);
	}
	if (status == PF_OK && pf_reference_path(session, cache, &why) == PF_OK) {
		keep(session, cache, reference);
	}
	return status;
}

void pf_reference_release(pf_reference *reference)
{
	pf_outcomes_free(reference->outcomes);
	*reference = (pf_reference){0};
}

/* Reads one photo to its end. A photo that cannot be opened is the variants' business: only what was hashed
 * can be known to have changed. */
static pf_status read_photo(const pf_dataset *dataset, size_t index, uint8_t *buffer, size_t capacity,
			    pf_error *error)
{
	const pf_dataset_photo *photo = &dataset->photos[index];
	uint8_t hash[PF_SHA256_BYTES];
	uint64_t size, bytes = 0;
	ssize_t got = -1;
	int fd = -1;
	pf_error ignored;
	pf_sha256 context;
	if (pf_dataset_open(dataset, index, &fd, &size, &ignored) == PF_OK) {
		pf_sha256_begin(&context);
		while ((got = read(fd, buffer, capacity)) > 0) {
			bytes += (uint64_t)got;
			if (photo->hashed) {
				pf_sha256_add(&context, buffer, (size_t)got);
			}
		}
		pf_sha256_end(&context, hash);
		close(fd);
	}
	if (photo->hashed &&
	    (got < 0 || bytes != photo->size_bytes || memcmp(hash, photo->sha256, sizeof hash) != 0)) {
		return pf_fail(error, PF_ERR_CHANGED, photo->path,
			       "the photo differs from the manifest; photofinish dataset verify says more");
	}
	return PF_OK;
}

pf_status pf_dataset_warm(const pf_dataset *dataset,
			  void (*progress)(void *context, size_t done, size_t total), void *context,
			  pf_error *error)
{
	enum { CHUNK = 1 << 20 };
	pf_status status = PF_OK;
	uint8_t *buffer = malloc(CHUNK);
	if (!buffer) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	for (size_t i = 0; i < dataset->count && status == PF_OK; i++) {
		status = pf_interrupts ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
				       : read_photo(dataset, i, buffer, CHUNK, error);
		if (progress) {
			progress(context, i + 1, dataset->count);
		}
	}
	free(buffer);
	return status;
}
