#include "harness/registry/command_scores.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_file.h"
#include "photofinish/file.h"

#define FORMAT "scores/1"

pf_status pf_command_scores_open(pf_command_scores *scores, const pf_dataset *dataset, pf_error *error)
{
	*scores = (pf_command_scores){.dataset = dataset};
	pf_tolerance_reset(&scores->tolerance);
	return pf_outcomes_create(dataset->count, &scores->outcomes, error);
}

void pf_command_scores_close(pf_command_scores *scores)
{
	pf_outcomes_free(scores->outcomes);
	scores->outcomes = NULL;
}

/* What is wrong with a line; NULL: nothing. The texts are static, or in `detail`. */
struct fault {
	const char *what;
	char detail[96];
};

static bool refuse(struct fault *fault, const char *what, const char *name)
{
	snprintf(fault->detail, sizeof fault->detail, "%s%s%.48s", what, name[0] ? " " : "", name);
	fault->what = fault->detail;
	return false;
}

/* A number, or a C99 hexadecimal float in a string: that form survives to the last bit. */
static bool read_number(const json_t *value, double *number)
{
	const char *text = json_string_value(value);
	char *end;
	*number = json_number_value(value);
	if (text && text[0]) {
		*number = strtod(text, &end);
		return *end == '\0';
	}
	return json_is_number(value);
}

static int find_name(const char *name, const char *(*name_of)(int i), int count)
{
	for (int i = 0; i < count; i++) {
		if (strcmp(name_of(i), name) == 0) {
			return i;
		}
	}
	return -1;
}

static const char *factor_name(int i)
{
	return pf_factor_name((pf_factor)i);
}

static const char *measure_name(int i)
{
	return pf_measure_name((pf_measure)i);
}

static bool read_limits(const json_t *object, const char *(*name_of)(int i), int count, double *limits,
			struct fault *fault)
{
	const char *name;
	json_t *value;
	json_object_foreach((json_t *)object, name, value)
	{
		int i = find_name(name, name_of, count);
		if (i < 0) {
			return refuse(fault, "there is no figure", name);
		}
		if (!read_number(value, &limits[i]) || !isfinite(limits[i]) || limits[i] < 0) {
			return refuse(fault, "no tolerance from 0 on for", name);
		}
	}
	return !object || json_is_object(object) || refuse(fault, "measures and factors are objects", "");
}

/* The least agreement of ranks, a number above 0 and at most 1. It takes bursts and ranks to be compared. */
static bool read_bound(const json_t *object, const char *name, double *bound, struct fault *fault)
{
	const json_t *value = json_object_get(object, name);
	if (!value) {
		return true;
	}
	if (!read_number(value, bound) || !(*bound > 0) || *bound > 1) {
		return refuse(fault, "no number above 0 and at most 1 for", name);
	}
	return json_object_get(object, "burst") || refuse(fault, "without burst there is no", name);
}

/* {"photofinish":"scores/1","tolerance":{"measures":{"brightness":0.5},"factors":{},"score":0.1,"burst":0,
 * "best_shots":0.99,"rank_correlation":0.9}} */
static bool read_declaration(const json_t *line, pf_tolerance *tolerance, struct fault *fault)
{
	const json_t *object = json_object_get(line, "tolerance");
	const char *format = json_string_value(json_object_get(line, "photofinish")), *name;
	json_t *value;
	double zero;
	if (!format || strcmp(format, FORMAT) != 0) {
		return refuse(fault, "the format is not " FORMAT, "");
	}
	if (!json_is_object(object)) {
		return refuse(fault, "it declares no tolerance", "");
	}
	json_object_foreach((json_t *)object, name, value)
	{
		bool exact = strcmp(name, "burst") == 0 || strcmp(name, "rank") == 0;
		if (strcmp(name, "score") == 0) {
			if (!read_number(value, &tolerance->total) || !(tolerance->total >= 0) ||
			    !isfinite(tolerance->total)) {
				return refuse(fault, "no tolerance from 0 on for", name);
			}
		} else if (exact && (!read_number(value, &zero) || zero != 0)) {
			return refuse(fault, "the tolerance has to be 0 for", name);
		} else if (!exact && strcmp(name, "measures") != 0 && strcmp(name, "factors") != 0 &&
			   strcmp(name, "best_shots") != 0 && strcmp(name, "rank_correlation") != 0) {
			return refuse(fault, "there is no figure", name);
		}
	}
	tolerance->bursts = json_object_get(object, "burst") != NULL;
	tolerance->ranks = json_object_get(object, "rank") != NULL;
	tolerance->declared = true;
	return read_limits(json_object_get(object, "measures"), measure_name, PF_MEASURE_COUNT,
			   tolerance->measures, fault) &&
	       read_limits(json_object_get(object, "factors"), factor_name, PF_FACTOR_COUNT,
			   tolerance->factors, fault) &&
	       read_bound(object, "best_shots", &tolerance->best_shots, fault) &&
	       read_bound(object, "rank_correlation", &tolerance->rank_correlation, fault) &&
	       (pf_tolerance_count(tolerance) > 0 || refuse(fault, "it declares no figure", ""));
}

static int by_path(const void *key, const void *photo)
{
	return strcmp(key, ((const pf_dataset_photo *)photo)->path);
}

/* By "index", or else by "path", written as in the manifest. */
static bool find_photo(const pf_dataset *dataset, const json_t *record, size_t *index, struct fault *fault)
{
	const json_t *number = json_object_get(record, "index");
	const char *escaped = json_string_value(json_object_get(record, "path"));
	if (json_is_integer(number)) {
		json_int_t value = json_integer_value(number);
		*index = (size_t)value;
		return (value >= 0 && *index < dataset->count) ||
		       refuse(fault, "no photo has this index", "");
	}
	char *path = escaped ? strdup(escaped) : NULL;
	const pf_dataset_photo *photo = path && pf_unescape(path)
						? bsearch(path, dataset->photos, dataset->count,
							  sizeof *photo, by_path)
						: NULL;
	free(path);
	*index = photo ? (size_t)(photo - dataset->photos) : 0;
	return photo || refuse(fault, escaped ? "no photo has this path" : "neither index nor path", "");
}

static bool read_count(const json_t *value, uint32_t *number)
{
	json_int_t whole = json_integer_value(value);
	*number = (uint32_t)whole;
	return json_is_integer(value) && whole >= 0 && whole <= UINT32_MAX;
}

static bool read_score(const json_t *record, const pf_tolerance *tolerance, pf_score *score,
		       struct fault *fault)
{
	const json_t *factors = json_object_get(record, "factors");
	const json_t *measures = json_object_get(record, "measures");
	bool all = !tolerance->declared;
	if ((all || tolerance->total >= 0) && !read_number(json_object_get(record, "score"), &score->total)) {
		return refuse(fault, "no number for", "score");
	}
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		if ((all || tolerance->factors[i] >= 0) &&
		    !read_number(json_object_get(factors, factor_name(i)), &score->factors[i])) {
			return refuse(fault, "no number for", factor_name(i));
		}
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		if ((all || tolerance->measures[i] >= 0) &&
		    !read_number(json_object_get(measures, measure_name(i)), &score->measures[i])) {
			return refuse(fault, "no number for", measure_name(i));
		}
	}
	return true;
}

static bool read_record(pf_command_scores *scores, const json_t *record, size_t *index, struct fault *fault)
{
	const pf_tolerance *tolerance = &scores->tolerance;
	bool all = !tolerance->declared;
	if (!find_photo(scores->dataset, record, index, fault)) {
		return false;
	}
	pf_outcome *outcome = &scores->outcomes->photos[*index];
	const char *status = json_string_value(json_object_get(record, "status"));
	const char *message = json_string_value(json_object_get(record, "error"));
	pf_status code = status ? pf_status_from_name(status) : PF_STATUS_COUNT;
	if (outcome->done) {
		return refuse(fault, "this photo stands twice", "");
	}
	if (code == PF_STATUS_COUNT) {
		return refuse(fault, "no status of docs/formats.md", "");
	}
	if ((all || tolerance->bursts) && (!read_count(json_object_get(record, "burst"), &outcome->burst) ||
					   outcome->burst >= scores->dataset->count)) {
		return refuse(fault, "no index of a photo for", "burst");
	}
	bool ranked = all || tolerance->ranks || tolerance->best_shots >= 0 ||
		      tolerance->rank_correlation >= 0;
	if (ranked && !read_count(json_object_get(record, "rank"), &outcome->rank)) {
		return refuse(fault, "no number from 0 on for", "rank");
	}
	outcome->status = code;
	if (code == PF_OK && !read_score(record, tolerance, &outcome->score, fault)) {
		return false;
	}
	outcome->done = true;
	outcome->message = code != PF_OK && message ? strdup(message) : NULL;
	return true;
}

pf_status pf_command_scores_line(pf_command_scores *scores, const char *line, size_t *index, pf_error *error)
{
	struct fault fault = {0};
	json_error_t why;
	*index = SIZE_MAX;
	scores->lines++;
	if (line[strspn(line, " \t\r")] == '\0') {
		return PF_OK;
	}
	json_t *object = pf_json_parse(line, strlen(line), JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(object)) {
		refuse(&fault, "it is no JSON object", "");
	} else if (!scores->begun && json_object_get(object, "photofinish")) {
		read_declaration(object, &scores->tolerance, &fault);
	} else {
		read_record(scores, object, index, &fault);
	}
	scores->begun = true;
	json_decref(object);
	return fault.what ? pf_fail(error, PF_ERR_INVALID, NULL, "its scores are malformed: line %zu: %s",
				    scores->lines, fault.what)
			  : PF_OK;
}
