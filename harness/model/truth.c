#include "harness/model/truth.h"
#include "harness/base/json_file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static bool read_numbers(const json_t *array, size_t count, float *out)
{
	for (size_t i = 0; i < count; i++) {
		const json_t *value = json_array_get(array, i);
		if (!json_is_number(value)) {
			return false;
		}
		out[i] = (float)json_number_value(value);
	}
	return json_array_size(array) == count;
}

/* A face may be null. */
static bool read_face(const json_t *box, pf_truth_photo *out)
{
	if (!json_is_array(box) || out->face_count == PF_TRUTH_FACES_MAX) {
		return !box || json_is_null(box) || json_is_array(box);
	}
	return read_numbers(box, 4, out->faces[out->face_count++]);
}

static bool read_faces(const json_t *record, pf_truth_photo *out)
{
	size_t i;
	const json_t *other, *others = json_object_get(record, "others");
	bool good = read_face(json_object_get(record, "face"), out);
	out->athlete_has_face = out->face_count > 0;
	json_array_foreach(others, i, other)
	{
		good = good && read_face(json_object_get(other, "face"), out);
	}
	return good;
}

static bool read_photo(const json_t *record, const char *path, pf_truth_photo *out)
{
	const char *name = json_string_value(json_object_get(record, "path"));
	const json_t *keypoints = json_object_get(record, "keypoints"),
		     *group = json_object_get(record, "group"), *frame = json_object_get(record, "frame");
	const json_t *width = json_object_get(record, "width"), *height = json_object_get(record, "height");
	if (!name || strcmp(name, path) != 0 || !json_is_integer(group) || !json_is_integer(frame) ||
	    !json_is_number(width) || !json_is_number(height) ||
	    json_array_size(keypoints) != PF_TRUTH_KEYPOINTS ||
	    !read_numbers(json_object_get(record, "box"), 4, out->box) || !read_faces(record, out)) {
		return false;
	}
	out->group = (uint32_t)json_integer_value(group);
	out->frame = (uint32_t)json_integer_value(frame);
	out->in_burst = json_is_integer(json_object_get(record, "burst"));
	out->width_px = (float)json_number_value(width);
	out->height_px = (float)json_number_value(height);
	for (size_t k = 0; k < PF_TRUTH_KEYPOINTS; k++) {
		float point[3];
		if (!read_numbers(json_array_get(keypoints, k), 3, point)) {
			return false;
		}
		out->keypoints[k].x_px = point[0];
		out->keypoints[k].y_px = point[1];
		out->keypoints[k].visibility = (int)point[2];
	}
	return true;
}

/* Photos are in byte order of their paths. */
static bool mark_best(const json_t *bursts, const pf_dataset *dataset, pf_truth_photo *photos)
{
	size_t i;
	const json_t *burst;
	json_array_foreach(bursts, i, burst)
	{
		const char *best = json_string_value(json_object_get(burst, "best"));
		size_t low = 0, high = dataset->count;
		while (best && low < high) {
			size_t middle = low + (high - low) / 2;
			if (strcmp(dataset->photos[middle].path, best) < 0) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}
		if (!best || low == dataset->count || strcmp(dataset->photos[low].path, best) != 0) {
			return false;
		}
		photos[low].best = true;
	}
	return true;
}

pf_status pf_truth_load(const char *file, const pf_dataset *dataset, pf_truth_photo **out, pf_error *error)
{
	json_error_t why;
	pf_status status = PF_OK;
	json_t *truth = pf_json_load(file, 0, &why);
	const json_t *records = json_object_get(truth, "photos");
	pf_truth_photo *photos = calloc(dataset->count + 1, sizeof *photos);
	if (!photos) {
		json_decref(truth);
		return pf_fail(error, PF_ERR_NO_MEMORY, file, "not enough memory");
	}
	if (!truth) {
		status = pf_fail(error, PF_ERR_INVALID, file, "cannot read the truth: %s", why.text);
	} else if (json_array_size(records) != dataset->count) {
		status = pf_fail(error, PF_ERR_INVALID, file,
				 "the truth is about %zu photos, the dataset has %zu",
				 json_array_size(records), dataset->count);
	}
	for (size_t i = 0; i < dataset->count && status == PF_OK; i++) {
		if (!read_photo(json_array_get(records, i), dataset->photos[i].path, &photos[i])) {
			status = pf_fail(error, PF_ERR_INVALID, file,
					 "entry %zu is malformed or not about %s", i,
					 dataset->photos[i].path);
		}
	}
	if (status == PF_OK && !mark_best(json_object_get(truth, "bursts"), dataset, photos)) {
		status = pf_fail(error, PF_ERR_INVALID, file, "a burst's best photo is not in the dataset");
	}
	json_decref(truth);
	if (status != PF_OK) {
		free(photos);
		return status;
	}
	*out = photos;
	return PF_OK;
}
