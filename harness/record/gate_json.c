#include "harness/record/gate_json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_file.h"
#include "harness/record/environment_json.h"
#include "harness/record/interval_json.h"
#include "photofinish/dataset.h"
#include "photofinish/instruction_sets.h"

static json_t *count(uint64_t value, bool known)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

static json_t *exact_json(const pf_gate_exact *exact)
{
	char digest[2 * PF_WORKLOAD_DIGEST_BYTES + 1];
	pf_sha256_hex(exact->digest, digest);
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "digest",
			 exact->known ? json_string(digest) : json_null(), "allocations",
			 count(exact->allocations, exact->heap_known), "allocated_bytes",
			 count(exact->allocated_bytes, exact->heap_known), "peak_bytes",
			 count(exact->peak_bytes, exact->heap_known), "leaked_bytes",
			 count(exact->leaked_bytes, exact->heap_known), "instructions",
			 count(exact->instructions, exact->instructions > 0), "library", exact->library);
}

static json_t *observation_json(const pf_gate_observation *o)
{
	return json_pack("{s:f,s:f,s:[f,f],s:[i,i],s:i,s:b,s:i,s:i,s:f}", "median", o->median, "total",
			 o->total, "ns", o->ns[0], o->ns[1], "layout", (int)o->layout[0], (int)o->layout[1],
			 "cpu", (int)o->cpu, "swapped", (int)o->swapped, "blocks", (int)o->blocks,
			 "set_aside", (int)o->set_aside, "spent_s", o->spent_s);
}

static json_t *workload_json(const pf_gate_workload *w)
{
	json_t *observations = json_array();
	for (size_t i = 0; i < w->count; i++) {
		json_array_append_new(observations, observation_json(&w->observations[i]));
	}
	return json_pack("{s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:f,s:I,s:b,s:o}", "name", w->name, "unit",
			 w->unit, "within", w->within, "verdict", pf_gate_verdict_name(w->verdict), "why",
			 w->why, "contains_cause", (int)w->contains_cause, "baseline",
			 exact_json(&w->exact[0]), "candidate", exact_json(&w->exact[1]), "effect",
			 pf_interval_json(&w->effect, w->timed), "margin", w->margin, "units_of_a_slot",
			 (json_int_t)w->units, "by_total", (int)w->decision.by_total, "observations",
			 observations);
}

static json_t *arm_json(const pf_gate *gate, int side)
{
	const pf_gate_arm *arm = &gate->arms[side];
	return json_pack("{s:s,s:s,s:i,s:s}", "given", arm->given, "tree", arm->id, "layouts",
			 (int)pf_gate_layout_count(arm, gate->processes), "why_one_layout",
			 arm->why_one_layout);
}

json_t *pf_gate_json(const pf_gate *gate)
{
	char seed[32];
	json_t *workloads = json_array();
	const pf_gate_request *request = &gate->request;
	snprintf(seed, sizeof seed, "%" PRIu64, request->seed);
	for (size_t i = 0; i < gate->count; i++) {
		json_array_append_new(workloads, workload_json(&gate->workloads[i]));
	}
	return json_pack("{s:s,s:o,s:s,s:s,s:b,s:o,s:o,s:f,s:f,s:f,s:f,s:f,s:s,s:s,s:f,s:I,s:o}", "schema",
			 PF_GATE_SCHEMA, "environment", pf_environment_json(), "verdict",
			 pf_gate_verdict_name(gate->verdict), "why", gate->why, "identical",
			 (int)gate->identical, "baseline", arm_json(gate, 0), "candidate", arm_json(gate, 1),
			 "margin", request->margin, "long_margin", request->long_margin, "alpha",
			 request->alpha, "max_time_s", request->max_s, "slot_seconds", request->seconds,
			 "way", request->way == PF_GATE_ONE_PROCESS ? "one-process" : "two-processes", "seed",
			 seed, "measured_s", gate->measured_s, "processes", (json_int_t)gate->processes,
			 "workloads", workloads);
}

/* What a file has by now, of other instruction sets; a new reference. */
static json_t *kept_sets(const char *file)
{
	json_t *root = file ? pf_json_load(file, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *schema = json_string_value(json_object_get(root, "schema"));
	json_t *sets = json_object_get(root, "instruction_sets");
	bool fine = schema && strcmp(schema, PF_BASELINE_SCHEMA) == 0 && json_is_object(sets);
	sets = fine ? json_incref(sets) : json_object();
	json_decref(root);
	return sets;
}

json_t *pf_gate_baseline_json(const pf_gate *gate, int arm, const char *file)
{
	char name[128];
	json_t *workloads = json_object(), *sets = kept_sets(file);
	for (size_t i = 0; i < gate->count; i++) {
		if (gate->workloads[i].exact[arm].known) {
			json_object_set_new(workloads, gate->workloads[i].name,
					    exact_json(&gate->workloads[i].exact[arm]));
		}
	}
	json_object_set_new(sets, pf_instruction_sets(name, sizeof name), workloads);
	return json_pack("{s:s,s:o}", "schema", PF_BASELINE_SCHEMA, "instruction_sets", sets);
}

static uint64_t number(const json_t *object, const char *name, bool *known)
{
	const json_t *value = json_object_get(object, name);
	*known &= json_is_integer(value);
	return json_is_integer(value) && json_integer_value(value) > 0 ? (uint64_t)json_integer_value(value)
								       : 0;
}

static bool read_digest(const char *hex, uint8_t digest[PF_WORKLOAD_DIGEST_BYTES])
{
	for (int i = 0; i < PF_WORKLOAD_DIGEST_BYTES; i++) {
		unsigned byte;
		if (!hex || strspn(hex + 2 * i, "0123456789abcdef") < 2 ||
		    sscanf(hex + 2 * i, "%2x", &byte) != 1) {
			return false;
		}
		digest[i] = (uint8_t)byte;
	}
	return hex[2 * PF_WORKLOAD_DIGEST_BYTES] == '\0';
}

static bool read_exact(const json_t *from, pf_gate_exact *exact)
{
	const char *library = json_string_value(json_object_get(from, "library"));
	exact->known = read_digest(json_string_value(json_object_get(from, "digest")), exact->digest);
	exact->heap_known = true;
	exact->allocations = number(from, "allocations", &exact->heap_known);
	exact->allocated_bytes = number(from, "allocated_bytes", &exact->heap_known);
	exact->peak_bytes = number(from, "peak_bytes", &exact->heap_known);
	exact->leaked_bytes = number(from, "leaked_bytes", &exact->heap_known);
	snprintf(exact->library, sizeof exact->library, "%s", library ? library : "");
	return exact->known && library;
}

static void decide(pf_gate_workload *w, pf_gate_verdict verdict, const char *why)
{
	w->decision.done = true;
	w->verdict = verdict;
	snprintf(w->why, sizeof w->why, "%s", why);
}

/* Outputs of floating-point code differ by instruction set: what was recorded on others says nothing. */
static void not_recorded(pf_gate *gate, json_t *sets, const char *here)
{
	char why[PF_GATE_TEXT];
	const char *name;
	json_t *ignored;
	size_t used = (size_t)snprintf(why, sizeof why, "not recorded for %.60s, only for", here), count = 0;
	json_object_foreach(sets, name, ignored)
	{
		if (used < sizeof why) {
			used += (size_t)snprintf(why + used, sizeof why - used, "%s %.60s",
						 count++ ? "," : "", name);
		}
	}
	for (size_t i = 0; i < gate->count; i++) {
		decide(&gate->workloads[i], PF_GATE_INCONCLUSIVE, why);
	}
}

pf_status pf_gate_baseline_read(const char *file, pf_gate *gate, pf_error *error)
{
	char here[128];
	json_t *root = pf_json_load(file, JSON_REJECT_DUPLICATES, NULL);
	const char *schema = json_string_value(json_object_get(root, "schema"));
	json_t *sets = json_object_get(root, "instruction_sets");
	pf_status status = PF_OK;
	if (!schema || strcmp(schema, PF_BASELINE_SCHEMA) != 0 || !json_is_object(sets)) {
		json_decref(root);
		return pf_fail(
			error, PF_ERR_INVALID, file,
			"it is no baseline as gate --write-baseline makes it (times have none: they are never kept)");
	}
	const json_t *workloads = json_object_get(sets, pf_instruction_sets(here, sizeof here));
	for (size_t i = 0; i < gate->count; i++) {
		gate->workloads[i].exact[0] = (pf_gate_exact){0};
	}
	if (!workloads) {
		not_recorded(gate, sets, here);
	}
	for (size_t i = 0; workloads && i < gate->count && status == PF_OK; i++) {
		pf_gate_workload *w = &gate->workloads[i];
		const json_t *kept = json_object_get(workloads, w->name);
		if (!kept) {
			decide(w, PF_GATE_NEW, "the baseline's file does not have it: new, not gated");
		} else if (!read_exact(kept, &w->exact[0])) {
			status = pf_fail(error, PF_ERR_INVALID, file, "workload %s is not complete", w->name);
		}
	}
	json_decref(root);
	return status;
}
