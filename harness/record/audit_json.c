#include "harness/record/audit_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "harness/base/json_values.h"
#include "harness/record/caveats.h"
#include "harness/record/interval_json.h"
#include "harness/record/outside_json.h"
#include "harness/record/record_kind.h"
#include "harness/record/session_json.h"
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

/* Trials whose wall times do not count; "" where all do. */
static void disturbed_text(const pf_audit *audit, char *out, size_t capacity)
{
	size_t disturbed = 0, all = 3 * (size_t)audit->rounds_done;
	for (uint32_t i = 0; i < audit->rounds_done; i++) {
		const pf_audit_round *round = &audit->timed[i];
		disturbed += !round->fresh_ns + !round->again_ns + !round->same_ns;
	}
	snprintf(out, capacity,
		 disturbed ? "%zu of %zu timed trials were disturbed and have no wall time that counts" : "",
		 disturbed, all);
}

json_t *pf_audit_record(const pf_audit *audit, const pf_record_head *head)
{
	char seed[32], hash[2 * PF_SHA256_BYTES + 1] = "", base[2 * PF_SHA256_BYTES + 1], disturbed[120];
	uint8_t digest[PF_SHA256_BYTES];
	const pf_outside *outside = pf_outside_of(audit->contestant->variant);
	pf_tolerance tolerance;
	snprintf(seed, sizeof seed, "%" PRIu64, audit->seed);
	if (outside && outside->plugin) {
		pf_sha256_hex(outside->plugin_sha256, hash);
	}
	pf_dataset_hash(audit->session->dataset, digest);
	pf_sha256_hex(digest, base);
	disturbed_text(audit, disturbed, sizeof disturbed);
	pf_tolerance_take(audit->contestant->variant->tolerance, &tolerance);
	json_t *record = json_pack(
		"{s:s,s:s,s:I,s:o,s:s,s:I,s:I,s:I,s:o,s:s,s:b,s:s,s:s,s:o,s:o,s:o}", "schema",
		PF_AUDIT_SCHEMA, "variant", audit->contestant->label, "workers",
		(json_int_t)audit->contestant->workers, "plugin_sha256", pf_json_string_or_null(hash),
		"base_dataset_sha256", base, "photos", (json_int_t)audit->photos, "rounds",
		(json_int_t)audit->rounds, "rounds_done", (json_int_t)audit->rounds_done, "drawn_round",
		known(audit->drawn_round, audit->drawn_round), "seed", seed, "partial", (int)audit->partial,
		"disturbed", disturbed, "verdict", pf_audit_verdict_name(pf_audit_verdict_of(audit)),
		"checks", checks_json(audit), "rounds_timed", rounds_json(audit), "reference_more_cpu_ns",
		known(audit->reference_more_ns, audit->reference_more_ns));
	if (record) {
		pf_record_head_put(record, head);
		json_object_set_new(record, "tolerance", pf_tolerance_json(&tolerance));
		json_object_set_new(record, "configuration", pf_configuration_json(audit->session));
		json_object_set_new(record, "dataset", pf_session_dataset_json(audit->session));
		json_object_set_new(record, "why_partial",
				    pf_json_string_or_null(audit->partial ? "stopped on request" : NULL));
		json_object_set_new(record, "caveats", pf_caveats_of_one_json(record));
	}
	return record;
}
