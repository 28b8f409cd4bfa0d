#include "harness/record/accuracy_json.h"

#include <jansson.h>

#include "harness/base/output.h"
#include "photofinish/pose.h"

static json_t *integer(size_t value)
{
	return json_integer((json_int_t)value);
}

pf_status pf_accuracy_write(const pf_accuracy *a, const pf_dataset *dataset, const char *path,
			    pf_error *error)
{
	uint8_t hash[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], name[512];
	json_t *keypoints = json_object();
	pf_new_file file;
	pf_dataset_hash(dataset, hash);
	pf_sha256_hex(hash, hex);
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		json_object_set_new(keypoints, pf_keypoint_name((pf_keypoint)k),
				    json_pack("{s:o,s:o}", "visible", integer(a->by_keypoint[k]), "near",
					      integer(a->near_by_keypoint[k])));
	}
	json_t *record = json_pack(
		"{s:s,s:{s:s,s:s},s:o,s:o,s:{s:o,s:o,s:f,s:f,s:f,s:f,s:o,s:o},s:{s:o,s:o,s:f,s:f,s:f}}",
		"schema", "photofinish.accuracy/1", "dataset", "name",
		pf_escape(dataset->name, name, sizeof name), "hash", hex, "photos", integer(a->photos),
		"photos_failed", integer(a->failed), "pck", "visible", integer(a->keypoints), "near",
		integer(a->near), "mean_of_scenes", a->pck.mean, "low", a->pck.low, "high", a->pck.high,
		"chance", a->chance_pck, "scenes", integer(a->pck.n), "keypoints", keypoints, "best_shot",
		"bursts", integer(a->bursts), "agreed", integer(a->agreed), "low", a->agreed_low, "high",
		a->agreed_high, "chance", a->chance_agreed);
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, path, "cannot put the figures together");
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		if (json_dumpf(record, file.stream, JSON_INDENT(2) | JSON_SORT_KEYS) ||
		    fputc('\n', file.stream) == EOF) {
			status = pf_fail_errno(error, path, "cannot write the figures");
		}
		status = pf_output_close(&file, status, error);
	}
	json_decref(record);
	return status;
}
