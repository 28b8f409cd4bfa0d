#include "harness/record/bench_json.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench/bench_caveats.h"
#include "harness/record/bench_counters_json.h"
#include "harness/record/comparison_json.h"
#include "harness/record/interval_json.h"
#include "harness/record/machine_json.h"
#include "harness/record/record_kind.h"
#include "photofinish/file.h"

/* A string of any length, escaped. */
static json_t *escaped_json(const char *text)
{
	size_t capacity = 4 * strlen(text) + 1;
	char *shown = malloc(capacity);
	json_t *string = shown ? json_string(pf_escape(text, shown, capacity)) : NULL;
	free(shown);
	return string;
}

static void append_caveat(void *context, const char *text)
{
	json_array_append_new(context, json_string(text));
}

static json_t *caveats_json(const pf_bench *bench, size_t command)
{
	json_t *caveats = json_array();
	pf_bench_caveats(bench, command, append_caveat, caveats);
	return caveats;
}

/* Times in seconds; of a single run there is no deviation. */
static json_t *result_json(const pf_bench *bench, const pf_bench_command *command)
{
	json_t *times = json_array(), *codes = json_array(), *memory = json_array(), *user = json_array(),
	       *kernel = json_array();
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		const pf_timed_run *run = &command->runs[i];
		json_array_append_new(times, json_real((double)run->wall_ns * 1e-9));
		json_array_append_new(user, json_real((double)run->user_ns * 1e-9));
		json_array_append_new(kernel, json_real((double)run->system_ns * 1e-9));
		json_array_append_new(codes, json_integer(run->status));
		json_array_append_new(memory, json_integer((json_int_t)run->peak_rss_bytes));
	}
	json_t *parameters = json_object();
	for (size_t i = 0; i < command->parameter_count; i++) {
		char name[128];
		json_object_set_new(parameters, pf_escape(command->parameters[i].name, name, sizeof name),
				    escaped_json(command->parameters[i].value));
	}
	json_t *result = json_pack(
		"{s:s,s:o,s:f,s:o,s:f,s:f,s:f,s:f,s:f,s:o,s:o,s:o,s:o,s:o,s:o}", "command", command->name,
		"parameters", parameters, "mean", command->seconds.mean, "stddev",
		bench->rounds_done > 1 ? json_real(command->deviation_s) : json_null(), "median",
		command->median_s, "user", command->user_s.mean, "system", command->system_s.mean, "min",
		command->least_s, "max", command->most_s, "interval",
		pf_interval_json(&command->seconds, true), "times", times, "exit_codes", codes,
		"memory_usage_byte", memory, "user_times", user, "system_times", kernel);
	json_object_set_new(result, "counters", pf_bench_counters_json(bench, command));
	json_object_set_new(result, "caveats", caveats_json(bench, (size_t)(command - bench->commands)));
	return result;
}

/* The longest time that the harness did not get to run. */
static double held_up_s(const pf_bench *bench)
{
	uint64_t most_ns = 0;
	for (size_t i = 0; i < bench->count; i++) {
		for (uint32_t k = 0; k < bench->rounds_done; k++) {
			uint64_t one_ns = bench->commands[i].runs[k].held_up_ns;
			most_ns = one_ns > most_ns ? one_ns : most_ns;
		}
	}
	return (double)most_ns * 1e-9;
}

json_t *pf_bench_record(const pf_bench *bench, const pf_record_head *head)
{
	char seed[32];
	const pf_comparison_rules rules = pf_bench_rules(bench);
	json_t *results = json_array(), *comparisons = json_array();
	snprintf(seed, sizeof seed, "%" PRIu64, bench->seed);
	for (size_t i = 0; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		json_array_append_new(results, result_json(bench, command));
		if (i > 0) {
			json_array_append_new(comparisons,
					      pf_comparison_json(bench->commands[0].name, command->name,
								 &command->comparison,
								 command->cpu_known ? &command->cpu : NULL,
								 bench->rounds_done, &rules,
								 bench->max_time_s));
		}
	}
	json_t *record = json_pack("{s:s,s:b,s:I,s:I,s:I,s:s,s:s,s:o,s:o,s:o,s:f}", "schema", PF_TIME_SCHEMA,
				   "outputs_checked", 0, "warmup", (json_int_t)bench->warmup, "rounds",
				   (json_int_t)bench->rounds, "rounds_done", (json_int_t)bench->rounds_done,
				   "seed", seed, "stopped", bench->stopped, "results", results, "comparisons",
				   comparisons, "disturbed_by", pf_disturbed_by_json(&bench->machine),
				   "held_up_s", held_up_s(bench));
	if (record) {
		bool part = strcmp(bench->stopped, "request") == 0 || strcmp(bench->stopped, "failure") == 0;
		pf_record_head_put(record, head);
		json_object_set_new(record, "partial", json_boolean(part));
		json_object_set_new(record, "profiled", json_boolean(bench->counters));
		json_object_set_new(record, "caveats", caveats_json(bench, PF_BENCH_ALL));
	}
	return record;
}
