#include "harness/export/export.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"
#include "harness/export/export_parts.h"
#include "harness/record/caveats.h"
#include "harness/record/machine_id.h"
#include "harness/run/decision.h"
#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"

/* Times of one step, in ms: what its entries are made of. */
struct samples {
	double *real, *cpu;
	size_t count;
	bool has_cpu; /* every trial has it */
};

/* False without a time. */
static bool collect(const json_t *variant, struct samples *samples)
{
	const json_t *trials = json_object_get(variant, "trials"), *trial;
	size_t index, capacity = json_array_size(trials) + 1;
	*samples = (struct samples){.real = pf_enough(calloc(2 * capacity, sizeof(double))), .has_cpu = true};
	samples->cpu = samples->real + capacity;
	json_array_foreach(trials, index, trial)
	{
		double wall, cpu;
		if (pf_note_counts(variant, trial) != PF_COUNTS) {
			continue;
		}
		pf_note_figure(trial, "wall_ns", &wall);
		samples->has_cpu = pf_note_figure(trial, "cpu_ns", &cpu) && samples->has_cpu;
		samples->real[samples->count] = wall * 1e-6;
		samples->cpu[samples->count++] = cpu * 1e-6;
	}
	return samples->count > 0;
}

static void append_caveat(void *context, pf_caveat caveat, const char *text)
{
	char shown[PF_CAVEAT_TEXT];
	(void)caveat;
	json_array_append_new(context, json_string(pf_plain_text(text, shown, sizeof shown)));
}

/* What a journey decided on each variant, and why. Empty where nothing was decided. */
static json_t *verdicts_json(const json_t *record)
{
	json_t *verdicts = json_object();
	size_t index;
	const json_t *variant;
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		char name[180], reason[PF_DECISION_TEXT], text[PF_DECISION_TEXT + 32];
		const char *verdict = pf_export_verdict(variant);
		pf_plain_text(pf_note_text(json_object_get(variant, "decision"), "reason"), reason,
			      sizeof reason);
		snprintf(text, sizeof text, "%s: %s", verdict, reason);
		if (verdict[0]) {
			json_object_set_new(verdicts,
					    pf_plain_text(pf_note_text(variant, "name"), name, sizeof name),
					    json_string(text));
		}
	}
	return verdicts;
}

/* The machine's fingerprint stands where a host's name would. */
static json_t *context_json(const json_t *record)
{
	const json_t *environment = json_object_get(record, "environment");
	char machine[PF_MACHINE_ID + 1], host[32], command[40], executable[64], date[64];
	bool release = strcmp(pf_note_text(environment, "build_type"), "Release") == 0;
	json_t *load = json_array(), *context = json_object(), *caveats = json_array();
	pf_caveats(record, NULL, append_caveat, caveats);
	double average;
	pf_machine_id(environment, machine);
	snprintf(host, sizeof host, "machine-%s", machine);
	snprintf(executable, sizeof executable, "photofinish %s",
		 pf_plain_text(pf_note_text(record, "command"), command, sizeof command));
	snprintf(date, sizeof date, "%.19s+00:00", pf_note_text(record, "started"));
	if (pf_note_figure(environment, "load_average_1min", &average)) {
		json_array_append_new(load, json_real(average));
	}
	json_object_set_new(context, "date", json_string(date));
	json_object_set_new(context, "host_name", json_string(host));
	json_object_set_new(context, "executable", json_string(executable));
	json_object_set_new(context, "num_cpus",
			    json_integer((json_int_t)pf_json_count(environment, "processors", 0)));
	json_object_set_new(context, "caches", json_array());
	json_object_set_new(context, "load_avg", load);
	json_object_set_new(context, "library_build_type", json_string(release ? "release" : "debug"));
	json_object_set_new(context, "cpu_model", json_string(pf_note_text(environment, "cpu")));
	json_object_set_new(context, "dataset_hash",
			    json_string(pf_note_text(json_object_get(record, "dataset"), "hash")));
	json_object_set_new(context, "partial",
			    json_boolean(json_is_true(json_object_get(record, "partial"))));
	json_object_set_new(context, "caveats", caveats);
	json_object_set_new(context, "verdicts", verdicts_json(record));
	return context;
}

/* What the entries of one step have in common. */
struct step {
	const json_t *variant;
	size_t family;
	char name[380]; /* DATASET/STEP */
	char caveats[PF_CAVEAT_COUNT * PF_CAVEAT_TEXT];
};

static json_t *entry_json(const struct step *step, size_t repetitions)
{
	json_t *entry = json_object();
	json_object_set_new(entry, "name", json_string(step->name));
	json_object_set_new(entry, "family_index", json_integer((json_int_t)step->family));
	json_object_set_new(entry, "per_family_instance_index", json_integer(0));
	json_object_set_new(entry, "run_name", json_string(step->name));
	json_object_set_new(entry, "repetitions", json_integer((json_int_t)repetitions));
	json_object_set_new(entry, "threads",
			    json_integer((json_int_t)pf_json_count(step->variant, "workers", 0)));
	json_object_set_new(entry, "time_unit", json_string("ms"));
	if (step->caveats[0]) { /* what its own readers show behind the figures */
		json_object_set_new(entry, "label", json_string(step->caveats));
	}
	return entry;
}

static void append_iterations(json_t *out, const struct step *step, const struct samples *samples)
{
	for (size_t i = 0; i < samples->count; i++) {
		json_t *entry = entry_json(step, samples->count);
		json_object_set_new(entry, "run_type", json_string("iteration"));
		json_object_set_new(entry, "repetition_index", json_integer((json_int_t)i));
		json_object_set_new(entry, "iterations", json_integer(1));
		json_object_set_new(entry, "real_time", json_real(samples->real[i]));
		json_object_set_new(entry, "cpu_time", json_real(samples->cpu[i]));
		json_array_append_new(out, entry);
	}
}

enum aggregate { MEAN, MEDIAN, STDDEV, CV, AGGREGATES };

/* As Google Benchmark computes them: the deviation is that of a sample. */
static void aggregate(const double *values, size_t count, double out[AGGREGATES])
{
	double sum = 0, squares = 0;
	for (size_t i = 0; i < count; i++) {
		sum += values[i];
	}
	out[MEAN] = sum / (double)count;
	for (size_t i = 0; i < count; i++) {
		squares += (values[i] - out[MEAN]) * (values[i] - out[MEAN]);
	}
	out[MEDIAN] = pf_median(values, count);
	out[STDDEV] = sqrt(squares / (double)(count - 1));
	out[CV] = out[MEAN] > 0 ? out[STDDEV] / out[MEAN] : 0;
}

/* One repetition has none. */
static void append_aggregates(json_t *out, const struct step *step, const struct samples *samples)
{
	static const char *const names[AGGREGATES] = {"mean", "median", "stddev", "cv"};
	double real[AGGREGATES], cpu[AGGREGATES];
	if (samples->count < 2) {
		return;
	}
	aggregate(samples->real, samples->count, real);
	aggregate(samples->cpu, samples->count, cpu);
	for (int i = 0; i < AGGREGATES; i++) {
		char full[400];
		json_t *entry = entry_json(step, samples->count);
		snprintf(full, sizeof full, "%.379s_%s", step->name, names[i]);
		json_object_set_new(entry, "name", json_string(full));
		json_object_set_new(entry, "run_type", json_string("aggregate"));
		json_object_set_new(entry, "aggregate_name", json_string(names[i]));
		json_object_set_new(entry, "aggregate_unit", json_string(i == CV ? "percentage" : "time"));
		json_object_set_new(entry, "iterations", json_integer((json_int_t)samples->count));
		json_object_set_new(entry, "real_time", json_real(real[i]));
		json_object_set_new(entry, "cpu_time", json_real(cpu[i]));
		json_array_append_new(out, entry);
	}
}

/* A step without times: its name, and why. It is no benchmark, as readers take those to have times. */
static void append_error(json_t *out, const struct step *step)
{
	const json_t *variant = step->variant;
	char message[700], status[48], reason[600];
	pf_plain_text(pf_note_text(variant, "status"), status, sizeof status);
	pf_plain_text(pf_note_text(variant, "reason"), reason, sizeof reason);
	snprintf(message, sizeof message, "%s%s%s", status, reason[0] ? ": " : "", reason);
	json_array_append_new(out, json_pack("{s:s,s:s,s:s}", "name", step->name, "error_message", message,
					     "label", step->caveats));
}

void pf_export_benchmark(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *variant;
	const char *dataset = pf_note_text(json_object_get(record, "dataset"), "name");
	json_t *benchmarks = json_array(), *failed = json_array();
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		char shown[180], of[180], caveats[PF_CAVEAT_COUNT * PF_CAVEAT_TEXT];
		struct step step = {.variant = variant, .family = index};
		struct samples samples;
		pf_plain_text(pf_note_text(variant, "name"), shown, sizeof shown);
		snprintf(step.name, sizeof step.name, "%s/%s", pf_plain_text(dataset, of, sizeof of), shown);
		pf_caveats_text(record, variant, caveats, sizeof caveats);
		pf_plain_text(caveats, step.caveats, sizeof step.caveats);
		if (collect(variant, &samples) && samples.has_cpu) {
			append_iterations(benchmarks, &step, &samples);
			append_aggregates(benchmarks, &step, &samples);
		} else {
			append_error(failed, &step);
		}
		free(samples.real);
	}
	json_t *context = context_json(record);
	json_object_set_new(context, "without_times", failed);
	json_t *all = json_pack("{s:o,s:o}", "context", context, "benchmarks", benchmarks);
	json_dumpf(all, stream, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
	fputc('\n', stream);
	json_decref(all);
}
