#include "harness/record/calibration_json.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "datasets/dataset_store.h"
#include "harness/base/json_file.h"
#include "harness/calibrate/figures.h"
#include "harness/calibrate/sitting.h"
#include "harness/machine/environment.h"
#include "harness/record/environment_json.h"
#include "photofinish/file.h"

#ifndef PF_CALIBRATION_DIR
#define PF_CALIBRATION_DIR "results/calibration"
#endif

static json_t *verdicts_json(const pf_row *row)
{
	json_t *verdicts = json_object();
	for (int i = 0; i < PF_GATE_VERDICTS; i++) {
		if (i == PF_GATE_INCONCLUSIVE || i == PF_GATE_PASS || i == PF_GATE_FAIL ||
		    i == PF_GATE_INVALID) {
			size_t k = row->verdicts[i];
			json_object_set_new(verdicts, pf_gate_verdict_name((pf_gate_verdict)i),
					    json_pack("{s:I,s:f,s:f}", "count", (json_int_t)k, "at_least",
						      pf_rate_least(k, row->n), "at_most",
						      pf_rate_most(k, row->n)));
		}
	}
	return verdicts;
}

static json_t *row_json(const pf_row *row)
{
	json_t *rivals = json_object();
	for (int i = 0; i < PF_RIVALS; i++) {
		json_object_set_new(rivals, pf_rival_name((pf_rival)i),
				    json_integer((json_int_t)row->rivals[i]));
	}
	return json_pack("{s:s?,s:I,s:o,s:o,s:o,s:f,s:f,s:f,s:f,s:o,s:I}", "workload", row->workload, "gates",
			 (json_int_t)row->n, "verdicts", verdicts_json(row), "bias",
			 row->workload ? json_real(row->bias) : json_null(), "bias_sd",
			 row->workload && row->n > 1 ? json_real(row->bias_sd) : json_null(), "fail_s",
			 row->fail_s, "fail_most_s", row->fail_most_s, "pass_s", row->pass_s, "pass_most_s",
			 row->pass_most_s, "rivals", rivals, "rivals_gates", (json_int_t)row->rivals_n);
}

static json_t *cell_json(const pf_streams *streams, const pf_cell *cell)
{
	char name[PF_CELL_NAME];
	const char *unable = pf_cell_unable(cell);
	json_t *rows = json_array();
	pf_row row;
	bool ran = pf_row_of(streams, cell, NULL, &row);
	if (ran) {
		json_array_append_new(rows, row_json(&row));
	}
	const char *names[PF_ROW_NAMES];
	size_t count = pf_streams_names(streams, names);
	for (size_t k = 0; ran && k < count; k++) {
		if (pf_row_of(streams, cell, names[k], &row)) {
			json_array_append_new(rows, row_json(&row));
		}
	}
	return json_pack("{s:s,s:s,s:f,s:b,s:s?,s:o}", "cell", pf_cell_name(cell, name), "what",
			 pf_slowdown_text(cell->slowdown), "slower", cell->percent / 100.0, "ran", (int)ran,
			 "not_run_because",
			 ran      ? NULL
			 : unable ? unable
				  : "there was no time",
			 "rows", rows);
}

static json_t *way_json(const pf_streams *streams, pf_gate_way way)
{
	pf_way_error e = pf_way_error_of(streams, way);
	return e.n ? json_pack("{s:I,s:f,s:f,s:f}", "workloads_of_gates", (json_int_t)e.n, "error", e.error,
			       "scatter", e.scatter, "seconds", e.spent_s)
		   : json_null();
}

static json_t *floors_json(const pf_streams *streams)
{
	json_t *floors = json_object();
	const char *names[PF_ROW_NAMES];
	size_t count = pf_streams_names(streams, names);
	for (size_t i = 0; i < count; i++) {
		double floor = pf_layout_floor(streams, names[i], PF_GATE_ONE_PROCESS);
		json_object_set_new(floors, names[i], floor < 0.0 ? json_null() : json_real(floor));
	}
	return floors;
}

static json_t *doses_json(const pf_calibration *calibration)
{
	json_t *doses = json_array();
	for (size_t i = 0; i < calibration->count; i++) {
		const pf_dose *d = &calibration->doses[i];
		json_array_append_new(doses,
				      json_pack("{s:s,s:f,s:i,s:I,s:I}", "workload", d->workload, "unit_ns",
						d->unit_ns, "percent", PF_DOSE_PERCENT, "rounds",
						(json_int_t)d->rounds, "lines", (json_int_t)d->lines));
	}
	return doses;
}

json_t *pf_calibration_json(const pf_calibration *calibration)
{
	const pf_streams *streams = &calibration->streams;
	pf_loads loads = pf_loads_of(streams);
	json_t *cells = json_array(), *rules = json_object();
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell cell = pf_cell_at(i);
		json_array_append_new(cells, cell_json(streams, &cell));
	}
	for (int i = 0; i < PF_RIVALS; i++) {
		json_object_set_new(rules, pf_rival_name((pf_rival)i),
				    json_string(pf_rival_rule((pf_rival)i)));
	}
	return json_pack(
		"{s:s,s:o,s:s,s:I,s:f,s:f,s:f,s:o,s:{s:f,s:f,s:f,s:f,s:I,s:I},s:{s:o,s:o},s:o,s:o,s:o}",
		"schema", PF_CALIBRATION_SCHEMA, "environment", pf_environment_json(), "tree",
		calibration->arm.id, "gates", (json_int_t)streams->count, "margin",
		streams->count ? streams->gates[0].margin : 0.0, "alpha",
		streams->count ? streams->gates[0].alpha : 0.0, "level", PF_FIGURES_LEVEL, "doses",
		doses_json(calibration), "load", "least", loads.least, "middle", loads.middle, "most",
		loads.most, "steal_most", loads.steal_most, "quiet_gates", (json_int_t)loads.quiet_gates,
		"busy_gates", (json_int_t)loads.busy, "ways", "one-process",
		way_json(streams, PF_GATE_ONE_PROCESS), "two-processes",
		way_json(streams, PF_GATE_TWO_PROCESSES), "layout_floors", floors_json(streams), "rivals",
		rules, "cells", cells);
}

void pf_calibration_kind(char *out, size_t capacity)
{
	pf_environment e;
	pf_environment_read(&e);
	snprintf(out, capacity, "%s-%d-%d-%up", e.vendor, e.family, e.model, e.processors);
	for (char *at = out; *at; at++) {
		*at = isalnum((unsigned char)*at) ? (char)tolower((unsigned char)*at) : '-';
	}
}

/* How many of a cell's whole gates, or of the rows of its workloads together, FAILed. */
static void failed(const json_t *receipt, const char *cell, bool whole, size_t *k, size_t *n)
{
	size_t i, j;
	const json_t *one, *row;
	*k = *n = 0;
	json_array_foreach(json_object_get(receipt, "cells"), i, one)
	{
		const char *name = json_string_value(json_object_get(one, "cell"));
		if (!name || strcmp(name, cell) != 0) {
			continue;
		}
		json_array_foreach(json_object_get(one, "rows"), j, row)
		{
			const json_t *fail = json_object_get(json_object_get(row, "verdicts"), "fail");
			if (json_is_string(json_object_get(row, "workload")) != whole) {
				*k += (size_t)json_integer_value(json_object_get(fail, "count"));
				*n += (size_t)json_integer_value(json_object_get(row, "gates"));
			}
		}
	}
}

bool pf_calibration_quote_file(const char *path, pf_gate_way way, char *out, size_t capacity)
{
	char cell[PF_CELL_NAME];
	const pf_cell none = {.slowdown = PF_SLOWDOWN_LAYOUTS, .way = way},
		      slower = {.slowdown = PF_SLOWDOWN_COMPUTE, .percent = 3, .way = way};
	json_t *receipt = pf_json_load(path, JSON_REJECT_DUPLICATES, NULL);
	const char *schema = json_string_value(json_object_get(receipt, "schema"));
	size_t k, n, found, of;
	bool fine = schema && strcmp(schema, PF_CALIBRATION_SCHEMA) == 0;
	const json_t *load = json_object_get(receipt, "load");
	bool busy = 2 * json_integer_value(json_object_get(load, "busy_gates")) >
		    json_integer_value(json_object_get(load, "quiet_gates"));
	failed(receipt, pf_cell_name(&none, cell), true, &k, &n);
	failed(receipt, pf_cell_name(&slower, cell), false, &found, &of);
	if (fine && n) {
		size_t used = (size_t)snprintf(
			out, capacity,
			"On this kind of machine%s %zu of %zu gates of equal builds FAILed (at most %.2g %%)",
			busy ? ", busy with other work," : "", k, n, 100 * pf_rate_most(k, n));
		if (of && used < capacity) {
			snprintf(out + used, capacity - used, ", and 3 %% were found in %zu of %zu workloads",
				 found, of);
		}
	}
	json_decref(receipt);
	return fine && n;
}

bool pf_calibration_quote(pf_gate_way way, char *out, size_t capacity)
{
	char home[PF_STORE_PATH_MAX], path[4096], name[256] = "calibration/", built[4096];
	pf_error ignored;
	size_t used = strlen(name);
	if (pf_store_home(home, &ignored) == PF_OK) {
		snprintf(path, sizeof path, "%s/.calibration/receipt.json", home);
		if (pf_calibration_quote_file(path, way, out, capacity)) {
			return true;
		}
	}
	pf_calibration_kind(name + used, sizeof name - used - sizeof ".json");
	strcat(name, ".json");
	snprintf(built, sizeof built, PF_CALIBRATION_DIR "%s", strchr(name, '/'));
	return pf_calibration_quote_file(pf_data_file(name, built, path, sizeof path), way, out, capacity);
}
