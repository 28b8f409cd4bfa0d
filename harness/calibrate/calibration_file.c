/* The settings of a calibration, in its folder: what is measured does not change from one sitting to the
 * next. */
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/calibrate/calibration_file.h"
#include "harness/machine/environment.h"
#include "photofinish/file.h"

#define SCHEMA "photofinish.calibration-settings/3"

static void settings_path(const pf_calibration *calibration, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.4000s/settings.json", calibration->folder);
}

static json_t *dose_json(const pf_dose *dose)
{
	return json_pack("{s:s,s:I,s:I,s:f}", "workload", dose->workload, "rounds", (json_int_t)dose->rounds,
			 "lines", (json_int_t)dose->lines, "unit_ns", dose->unit_ns);
}

static void machine_text(char *out, size_t capacity)
{
	pf_environment e;
	pf_environment_read(&e);
	snprintf(out, capacity, "%s, %u processors", e.cpu, e.processors);
}

pf_status pf_calibration_write(const pf_calibration *calibration, pf_error *error)
{
	char path[PATH_MAX], machine[256];
	const pf_gate_request *request = &calibration->request;
	json_t *doses = json_array();
	for (size_t i = 0; i < calibration->count; i++) {
		json_array_append_new(doses, dose_json(&calibration->doses[i]));
	}
	settings_path(calibration, path);
	machine_text(machine, sizeof machine);
	return pf_json_write(json_pack("{s:s,s:s,s:s,s:s,s:s,s:f,s:f,s:f,s:f,s:f,s:f,s:o}", "schema", SCHEMA,
				       "machine", machine, "given", calibration->arm.given, "tree",
				       calibration->arm.id, "root", calibration->arm.root, "margin",
				       request->margin, "long_margin", request->long_margin, "alpha",
				       request->alpha, "max_s", request->max_s, "slot_seconds",
				       request->seconds, "limit_s", request->limit_s, "workloads", doses),
			     path, error);
}

static bool copy(const json_t *from, const char *name, char *to, size_t capacity)
{
	const char *text = json_string_value(json_object_get(from, name));
	return text && (size_t)snprintf(to, capacity, "%s", text) < capacity;
}

static bool read_dose(const json_t *from, pf_dose *dose)
{
	dose->rounds = (unsigned long)json_integer_value(json_object_get(from, "rounds"));
	dose->lines = (unsigned long)json_integer_value(json_object_get(from, "lines"));
	dose->unit_ns = json_number_value(json_object_get(from, "unit_ns"));
	return copy(from, "workload", dose->workload, sizeof dose->workload) && dose->rounds && dose->lines;
}

static bool read_settings(const json_t *from, pf_calibration *calibration)
{
	pf_gate_request *request = &calibration->request;
	const json_t *doses = json_object_get(from, "workloads");
	const char *schema = json_string_value(json_object_get(from, "schema"));
	bool fine = schema && strcmp(schema, SCHEMA) == 0 &&
		    copy(from, "given", calibration->arm.given, sizeof calibration->arm.given) &&
		    copy(from, "tree", calibration->arm.id, sizeof calibration->arm.id) &&
		    copy(from, "root", calibration->arm.root, sizeof calibration->arm.root) &&
		    json_array_size(doses) >= 1 && json_array_size(doses) <= PF_STREAM_WORKLOADS;
	calibration->count = 0;
	for (size_t i = 0; fine && i < json_array_size(doses); i++) {
		pf_dose *dose = &calibration->doses[calibration->count];
		fine = read_dose(json_array_get(doses, i), dose);
		memcpy(calibration->workloads[calibration->count++], dose->workload, sizeof dose->workload);
	}
	*request = (pf_gate_request){.margin = json_number_value(json_object_get(from, "margin")),
				     .long_margin = json_number_value(json_object_get(from, "long_margin")),
				     .alpha = json_number_value(json_object_get(from, "alpha")),
				     .max_s = json_number_value(json_object_get(from, "max_s")),
				     .seconds = json_number_value(json_object_get(from, "slot_seconds")),
				     .limit_s = json_number_value(json_object_get(from, "limit_s"))};
	calibration->arm.relinks = true;
	snprintf(calibration->arm.library, sizeof calibration->arm.library, "%.4000s/exact.so",
		 calibration->arm.root);
	return fine && request->margin > 0.0 && request->long_margin > 0.0 && request->alpha > 0.0 &&
	       request->alpha < 1.0 && request->max_s > 0.0;
}

pf_status pf_calibration_load(pf_calibration *calibration, pf_error *error)
{
	char path[PATH_MAX], machine[256], kept[256] = "";
	settings_path(calibration, path);
	if (pf_file_is_absent(path)) {
		return pf_fail(error, PF_ERR_NOT_FOUND, path, "there is no calibration");
	}
	json_t *json = pf_json_load(path, JSON_REJECT_DUPLICATES, NULL);
	bool fine = json && read_settings(json, calibration) && copy(json, "machine", kept, sizeof kept);
	json_decref(json);
	if (!fine) {
		return pf_fail(error, PF_ERR_INVALID, path, "it holds no settings of a calibration");
	}
	machine_text(machine, sizeof machine);
	if (strcmp(kept, machine) != 0) {
		return pf_fail(error, PF_ERR_INVALID, path, "it is of another machine (%.100s)", kept);
	}
	char streams[PATH_MAX];
	pf_calibration_streams(calibration, streams);
	return pf_streams_read(streams, true, &calibration->streams, error);
}

pf_status pf_calibration_lock(const pf_calibration *calibration, pf_error *error)
{
	int fd = open(calibration->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return pf_fail_errno(error, calibration->folder, "cannot be opened");
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		close(fd);
		return pf_fail(error, PF_ERR_EXISTS, calibration->folder, "another sitting is running there");
	}
	return PF_OK; /* the descriptor stays open */
}

void pf_calibration_streams(const pf_calibration *calibration, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%.4000s/streams.jsonl.gz", calibration->folder);
}

void pf_calibration_free(pf_calibration *calibration)
{
	pf_streams_free(&calibration->streams);
}
