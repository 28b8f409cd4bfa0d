#include "harness/record/accuracy_json.h"

#include <jansson.h>

#include "harness/base/output.h"
#include "photofinish/pose.h"

static json_t *integer(size_t value)
{
	return json_integer((json_int_t)value);
}

/* Of one way of scoring. */
static json_t *figures(const pf_accuracy *a)
{
	json_t *keypoints = json_object();
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		json_object_set_new(keypoints, pf_keypoint_name((pf_keypoint)k),
				    json_pack("{s:o,s:o}", "visible", integer(a->by_keypoint[k]), "near",
					      integer(a->near_by_keypoint[k])));
	}
	return json_pack(
		"{s:o,s:o,s:{s:o,s:o,s:f,s:f,s:f,s:f,s:o,s:o},s:{s:o,s:o,s:o,s:o,s:o,s:o},s:{s:o,s:o,s:f,s:f,s:f}}",
		"photos", integer(a->photos), "photos_failed", integer(a->failed), "pck", "visible",
		integer(a->keypoints), "near", integer(a->near), "mean_of_scenes", a->pck.mean, "low",
		a->pck.low, "high", a->pck.high, "chance", a->chance_pck, "scenes", integer(a->pck.n),
		"keypoints", keypoints, "faces", "athletes", integer(a->athletes_faces), "athletes_found",
		integer(a->athletes_found), "others", integer(a->others_faces), "others_found",
		integer(a->others_found), "finds", integer(a->finds), "false_finds", integer(a->false_finds),
		"best_shot", "bursts", integer(a->bursts), "agreed", integer(a->agreed), "low", a->agreed_low,
		"high", a->agreed_high, "chance", a->chance_agreed);
}

static json_t *compared(const pf_accuracy_pair *pair, const char *variant)
{
	pf_accuracy_gates gates = pf_accuracy_judge(pair);
	json_t *object = figures(&pair->other);
	json_object_update_new(
		object,
		json_pack(
			"{s:s,s:{s:b,s:b,s:b,s:b,s:b,s:b},s:{s:o,s:o},s:{s:o,s:o,s:f,s:f},s:{s:o,s:o,s:o,s:o}}",
			"variant", variant, "gates", "pck", gates.pck, "faces", gates.faces, "best_shot",
			gates.best, "laplacian", gates.laplacian, "all", gates.all, "enough_photos",
			gates.enough, "best_shot_alone", "gained", integer(pair->gained), "lost",
			integer(pair->lost), "laplacian", "photos", integer(pair->compared), "same_tiles",
			integer(pair->same_tiles), "mean", pair->laplacian_mean, "most", pair->laplacian_most,
			"agreement", "keypoints", integer(pair->keypoints), "same_keypoints",
			integer(pair->same_keypoints), "same_faces", integer(pair->same_faces), "same_best",
			integer(pair->same_best)));
	return object;
}

pf_status pf_accuracy_write(const pf_accuracy_pair *pair, const char *variant, const pf_dataset *dataset,
			    const char *path, pf_error *error)
{
	uint8_t hash[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], name[512];
	pf_new_file file;
	pf_dataset_hash(dataset, hash);
	pf_sha256_hex(hash, hex);
	json_t *record = figures(&pair->plain);
	json_t *about = json_pack("{s:s,s:{s:s,s:s}}", "schema", "photofinish.accuracy/1", "dataset", "name",
				  pf_escape(dataset->name, name, sizeof name), "hash", hex);
	if (variant) {
		json_object_set_new(about, "compared", compared(pair, variant));
	}
	if (!record || json_object_update_new(record, about) != 0) {
		json_decref(record);
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
