#include "harness/measure/reference.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset_store.h"
#include "harness/measure/interrupt.h"
#include "photofinish/exec.h"
#include "photofinish/file.h"

#define CACHE_FORMAT "photofinish-reference 1"

/* Scores the photos of one burst, then ranks them: as plain as it can be said. */
static pf_status score_burst(const struct pf_env *env, pf_scorer *scorer, const pf_dataset *dataset,
			     const pf_burst *burst, struct pf_sink *sink)
{
	pf_status status = PF_OK;
	pf_score *scores = calloc(burst->count, sizeof *scores);
	const pf_score **ranked = calloc(burst->count, sizeof *ranked);
	uint32_t *ranks = calloc(burst->count, sizeof *ranks);
	if (!scores || !ranked || !ranks) {
		status = PF_ERR_NO_MEMORY;
	}
	for (uint32_t i = 0; i < burst->count && status == PF_OK; i++) {
		pf_error why = {0};
		uint32_t index = burst->photos[i];
		pf_trace_photo(&env->traces[0], index);
		pf_status outcome = pf_scorer_photo(scorer, dataset, index, &scores[i], &why);
		ranked[i] = outcome == PF_OK ? &scores[i] : NULL;
		pf_photo_result result = {.index = index,
					  .burst = burst->id,
					  .status = outcome,
					  .message = outcome == PF_OK ? "" : why.message,
					  .score = ranked[i]};
		status = pf_cancelled(env) ? PF_ERR_CANCELLED : sink->photo_done(sink, &result);
	}
	if (status == PF_OK) {
		pf_score_rank(ranked, burst->count, ranks);
		status = sink->burst_ranked(sink, burst, ranks);
	}
	free(ranks);
	free(ranked);
	free(scores);
	return status;
}

static pf_status run_reference(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			       pf_error *error)
{
	pf_burst_list bursts = {0};
	pf_scorer *scorer = NULL;
	pf_status status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], pf_burst_tell, sink,
						&bursts, error);
	if (status == PF_OK) {
		status = pf_scorer_create(env->scorer, &env->traces[0], &scorer, error);
	}
	for (size_t i = 0; i < bursts.count && status == PF_OK; i++) {
		status = score_burst(env, scorer, dataset, &bursts.bursts[i], sink);
		if (status != PF_OK) {
			pf_fail(error, status, NULL, "%s", pf_status_text(status));
		}
	}
	pf_scorer_destroy(scorer);
	pf_burst_list_free(&bursts);
	return status;
}

const struct pf_variant pf_reference_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "reference",
	.summary = "the scorer, photo by photo, in one process",
	.change = "none",
	.principle = "check the output before showing a time",
	.hypothesis = "none",
	.expected = "none",
	.run = run_reference,
};

pf_status pf_engine_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	Dl_info info;
	if (!dladdr((void *)(uintptr_t)pf_engine_version, &info) || !info.dli_fname) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot find the engine's library file");
	}
	/* A program that has the engine linked in statically may have been started without a path. */
	const char *file = access(info.dli_fname, R_OK) ? "/proc/self/exe" : info.dli_fname;
	return pf_file_sha256(file, digest, NULL, error);
}

/* Cache file of this dataset, engine and configuration. */
static pf_status cache_path(const pf_session *session, char path[PATH_MAX], pf_error *error)
{
	uint8_t parts[3][PF_SHA256_BYTES], key[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], home[PF_STORE_PATH_MAX];
	pf_dataset_hash(session->dataset, parts[0]);
	pf_status status = pf_engine_digest(parts[1], error);
	if (status == PF_OK) {
		status = pf_scorer_config_digest(&session->scorer, parts[2], error);
	}
	if (status == PF_OK) {
		status = pf_store_home(home, error);
	}
	if (status != PF_OK) {
		return status;
	}
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	EVP_DigestUpdate(context, CACHE_FORMAT, strlen(CACHE_FORMAT));
	EVP_DigestUpdate(context, parts, sizeof parts);
	EVP_DigestFinal_ex(context, key, NULL);
	EVP_MD_CTX_free(context);
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

static pf_status run_and_keep(const pf_session *session, const pf_trial_listener *listener, const char *cache,
			      pf_reference *out, pf_error *error)
{
	pf_trial trial;
	pf_session unhurried = *session;
	unhurried.timeout_s = 0;
	pf_status status = pf_trial_run(&unhurried, &pf_reference_variant, 1, NULL, listener, &trial, error);
	if (status != PF_OK) {
		return status;
	}
	if (trial.ending != PF_ENDED_OK) {
		status = pf_fail(error,
				 trial.ending == PF_ENDED_CANCELLED ? PF_ERR_CANCELLED : PF_ERR_CRASHED, NULL,
				 "the reference run did not end well: %s", trial.reason);
	} else {
		out->outcomes = trial.outcomes;
		trial.outcomes = NULL;
		if (cache[0]) {
			status = pf_outcomes_save(out->outcomes, session->dataset, cache, error);
		}
	}
	pf_trial_release(&trial);
	return status;
}

pf_status pf_reference_get(const pf_session *session, const pf_trial_listener *listener, pf_reference *out,
			   pf_error *error)
{
	char cache[PATH_MAX] = "";
	*out = (pf_reference){0};
	pf_status status = PF_OK;
	if (all_hashed(session->dataset)) {
		status = cache_path(session, cache, error);
		pf_error ignored;
		out->from_cache = status == PF_OK && pf_outcomes_load(cache, session->dataset->count,
								      &out->outcomes, &ignored) == PF_OK;
	}
	if (status == PF_OK && !out->from_cache) {
		status = run_and_keep(session, listener, cache, out, error);
	}
	if (status == PF_OK) {
		status = pf_outcomes_digest(out->outcomes, out->digest, error);
	}
	if (status != PF_OK) {
		pf_reference_release(out);
	}
	return status;
}

void pf_reference_release(pf_reference *reference)
{
	pf_outcomes_free(reference->outcomes);
	*reference = (pf_reference){0};
}

pf_status pf_dataset_check_sizes(const pf_dataset *dataset, pf_error *error)
{
	for (size_t i = 0; i < dataset->count; i++) {
		const pf_dataset_photo *photo = &dataset->photos[i];
		int fd;
		uint64_t size = 0;
		pf_error ignored;
		if (!photo->hashed) {
			continue;
		}
		if (pf_dataset_open(dataset, i, &fd, &size, &ignored) == PF_OK) {
			close(fd);
		}
		if (size != photo->size_bytes) {
			return pf_fail(error, PF_ERR_CHANGED, photo->path,
				       "the file differs from the manifest; see photofinish dataset verify");
		}
	}
	return PF_OK;
}

pf_status pf_dataset_warm(const pf_dataset *dataset, pf_error *error)
{
	enum { CHUNK = 1 << 20 };
	char *buffer = malloc(CHUNK);
	if (!buffer) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	for (size_t i = 0; i < dataset->count && !pf_interrupts; i++) {
		int fd;
		uint64_t size;
		pf_error ignored; /* a photo that cannot be read is the variants' business */
		if (pf_dataset_open(dataset, i, &fd, &size, &ignored) == PF_OK) {
			while (read(fd, buffer, CHUNK) > 0) {
			}
			close(fd);
		}
	}
	free(buffer);
	return PF_OK;
}
