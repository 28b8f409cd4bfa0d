#include "harness/record/session_json.h"

#include <string.h>

#include "harness/base/json_values.h"
#include "harness/machine/engine_digest.h"
#include "photofinish/file.h"

/* Names of the stages that take part. */
static json_t *stages_configured(const pf_scorer_config *scorer)
{
	char in[PF_STAGES_TEXT], out[PF_STAGES_TEXT], *rest = NULL;
	json_t *stages = json_array();
	pf_scorer_stages_text(scorer, in, out);
	for (char *name = strtok_r(in, ", ", &rest); name; name = strtok_r(NULL, ", ", &rest)) {
		json_array_append_new(stages, json_string(name));
	}
	return stages;
}

static void append_allowed(void *list, const char *text)
{
	char escaped[4096];
	json_array_append_new(list, json_string(pf_escape(text, escaped, sizeof escaped)));
}

/* Beyond what scoring needs: what was asked for. */
static json_t *allowed(const pf_session *session)
{
	json_t *list = json_array();
	pf_allowance_each(&session->order.allowance, append_allowed, list);
	return list;
}

json_t *pf_configuration_json(const pf_session *session)
{
	uint8_t digest[PF_SHA256_BYTES], engine[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], engine_hex[2 * PF_SHA256_BYTES + 1], cascade[1024];
	pf_error error;
	const pf_scorer_config *scorer = &session->order.scorer;
	if (pf_scorer_config_digest(scorer, digest, &error) != PF_OK ||
	    pf_engine_digest(engine, &error) != PF_OK) {
		return NULL;
	}
	pf_sha256_hex(digest, hex);
	pf_sha256_hex(engine, engine_hex);
	json_t *weights = json_object();
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		json_object_set_new(weights, pf_factor_name((pf_factor)i), json_real(scorer->weights[i]));
	}
	const char *no_pose = pf_scorer_no_pose(scorer);
	return json_pack(
		"{s:s,s:s,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:s,s:f,s:f}", "digest", hex, "engine_sha256",
		engine_hex, "allowed", allowed(session), "weights", weights, "stages",
		stages_configured(scorer), "preset", pf_preset_plan_of(scorer->preset)->name, "no_pose",
		pf_json_string_or_null(no_pose), "max_pixels", pf_json_integer(scorer->max_pixels),
		"max_decode_bytes", pf_json_integer(scorer->max_decode_bytes), "max_scans",
		pf_json_integer(scorer->max_scans), "cascade_file",
		pf_escape(scorer->cascade_file, cascade, sizeof cascade), "timeout_s", session->timeout_s,
		"photo_timeout_s", (double)session->order.photo_timeout_ns / 1e9);
}

json_t *pf_session_dataset_json(const pf_session *session)
{
	uint8_t hash[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], name[512];
	pf_dataset_hash(session->dataset, hash);
	pf_sha256_hex(hash, hex);
	return json_pack("{s:s,s:s,s:I}", "name", pf_escape(session->dataset->name, name, sizeof name),
			 "sha256", hex, "photos", (json_int_t)session->dataset->count);
}
