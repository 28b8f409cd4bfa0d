#include "harness/record/audit_json.h"

#include <inttypes.h>
#include <jansson.h>

#include "harness/base/json_file.h"
#include "harness/record/environment_json.h"
#include "harness/record/interval_json.h"
#include "harness/registry/outside.h"

/* What was not measured is null. */
static json_t *known(uint64_t value, bool is_known)
{
	return is_known ? json_integer((json_int_t)value) : json_null();
}

static json_t *checks_json(const pf_audit *audit)
{
	json_t *checks = json_array();
	for (int i = 0; i < PF_AUDIT_COUNT; i++) {
		const pf_audit_result *result = &audit->results[i];
		json_array_append_new(
			checks,
			json_pack("{s:s,s:s,s:s,s:o,s:s,s:o,s:o}", "check", pf_audit_name((pf_audit_check)i),
				  "asks", pf_audit_text((pf_audit_check)i), "verdict",
				  pf_audit_verdict_name(result->verdict), "figure",
				  result->figure[0] ? json_string(result->figure) : json_null(), "detail",
				  result->detail, "interval",
				  pf_interval_json(&result->interval, result->interval.n > 0), "interval_cpu",
				  pf_interval_json(&result->cpu, result->cpu.n > 0)));
	}
	return checks;
}

static json_t *rounds_json(const pf_audit *audit)
{
	json_t *rounds = json_array();
	for (uint32_t i = 0; i < audit->rounds_done; i++) {
		const pf_audit_round *round = &audit->timed[i];
		json_array_append_new(
			rounds,
			json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "fresh_wall_ns",
				  known(round->fresh_ns, round->fresh_ns), "again_wall_ns",
				  known(round->again_ns, round->again_ns), "same_wall_ns",
				  known(round->same_ns, round->same_ns), "fresh_cpu_ns",
				  known(round->fresh_cpu_ns, true), "again_cpu_ns",
				  known(round->again_cpu_ns, true), "same_cpu_ns",
				  known(round->same_cpu_ns, true), "small_cpu_ns",
				  known(round->small_cpu_ns, true), "fresh_read_bytes",
				  known(round->fresh_read_bytes, round->reads_known), "small_read_bytes",
				  known(round->small_read_bytes, round->reads_known), "fresh_photo_bytes",
				  known(round->fresh_photo_bytes, true), "small_photo_bytes",
				  known(round->small_photo_bytes, true)));
	}
	return rounds;
}

pf_status pf_audit_write(const pf_audit *audit, const char *path, pf_error *error)
{
	char seed[32], hash[2 * PF_SHA256_BYTES + 1] = "", base[2 * PF_SHA256_BYTES + 1];
	uint8_t digest[PF_SHA256_BYTES];
	const pf_outside *outside = pf_outside_of(audit->contestant->variant);
	snprintf(seed, sizeof seed, "%" PRIu64, audit->seed);
	if (outside && outside->plugin) {
		pf_sha256_hex(outside->plugin_sha256, hash);
	}
	pf_dataset_hash(audit->session->dataset, digest);
	pf_sha256_hex(digest, base);
	json_t *record = json_pack(
		"{s:s,s:o,s:s,s:I,s:o,s:s,s:I,s:I,s:I,s:o,s:s,s:b,s:s,s:o,s:o,s:o}", "schema",
		"photofinish.audit/1", "environment", pf_environment_json(), "variant",
		audit->contestant->label, "workers", (json_int_t)audit->contestant->workers, "plugin_sha256",
		hash[0] ? json_string(hash) : json_null(), "base_dataset_sha256", base, "photos",
		(json_int_t)audit->photos, "rounds", (json_int_t)audit->rounds, "rounds_done",
		(json_int_t)audit->rounds_done, "drawn_round", known(audit->drawn_round, audit->drawn_round),
		"seed", seed, "partial", (int)audit->partial, "verdict",
		pf_audit_verdict_name(pf_audit_verdict_of(audit)), "checks", checks_json(audit),
		"rounds_timed", rounds_json(audit), "reference_more_cpu_ns",
		known(audit->reference_more_ns, audit->reference_more_ns));
	return pf_json_write(record, path, error);
}
