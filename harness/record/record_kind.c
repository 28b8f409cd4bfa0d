#include "harness/record/record_kind.h"

#include <stdbool.h>
#include <string.h>

static bool all_objects(const json_t *array, const char *text_member)
{
	size_t index;
	const json_t *entry;
	json_array_foreach(array, index, entry)
	{
		const char *text = json_string_value(json_object_get(entry, text_member));
		if (!json_is_object(entry) || (text_member && (!text || !text[0]))) {
			return false;
		}
	}
	return json_is_array(array);
}

static bool has_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && text[0];
}

/* "2026-11-27T23:12:01Z" */
static bool is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	bool good = text && strlen(text) == sizeof form - 1;
	for (size_t i = 0; good && form[i]; i++) {
		good = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
	}
	return good;
}

static bool has_dataset(const json_t *record)
{
	const json_t *dataset = json_object_get(record, "dataset");
	return json_is_string(json_object_get(dataset, "name")) &&
	       json_integer_value(json_object_get(dataset, "photos")) >= 1;
}

static const char *fault_of_run(const json_t *record)
{
	const json_t *variants = json_object_get(record, "variants");
	size_t index;
	const json_t *variant;
	if (!has_dataset(record)) {
		return "it lacks the dataset";
	}
	if (!all_objects(variants, "name") || !json_array_size(variants)) {
		return "it lacks the variants";
	}
	json_array_foreach(variants, index, variant)
	{
		if (!has_text(variant, "status") ||
		    !all_objects(json_object_get(variant, "trials"), "ending")) {
			return "a variant lacks its status or its trials";
		}
	}
	return NULL;
}

static const char *fault_of_times(const json_t *record)
{
	const json_t *results = json_object_get(record, "results");
	size_t index;
	const json_t *result;
	if (!all_objects(results, "command") || !json_array_size(results)) {
		return "it lacks the commands";
	}
	json_array_foreach(results, index, result)
	{
		if (!json_array_size(json_object_get(result, "times"))) {
			return "a command lacks its times";
		}
	}
	return json_array_size(json_object_get(record, "comparisons")) + 1 == json_array_size(results)
		       ? NULL
		       : "it lacks the comparisons";
}

pf_record_kind pf_record_kind_of(const json_t *record)
{
	static const char *const schemas[PF_RECORD_KINDS] = {PF_RECORD_SCHEMA, PF_TIME_SCHEMA, PF_LOAD_SCHEMA,
							     PF_SOAK_SCHEMA, PF_AUDIT_SCHEMA};
	const char *schema = json_string_value(json_object_get(record, "schema"));
	int kind = 0;
	while (kind < PF_RECORD_KINDS && (!schema || strcmp(schema, schemas[kind]) != 0)) {
		kind++;
	}
	return (pf_record_kind)kind;
}

const char *pf_record_fault(const json_t *record, pf_record_kind kind)
{
	if (!is_time(json_string_value(json_object_get(record, "started")))) {
		return "it does not say when the run was started";
	}
	if (!has_text(record, "command") || !json_is_object(json_object_get(record, "environment"))) {
		return "it lacks the command or the environment";
	}
	switch (kind) {
	case PF_RECORD_RUN:
		return fault_of_run(record);
	case PF_RECORD_TIME:
		return fault_of_times(record);
	default:
		return !has_dataset(record)           ? "it lacks the dataset"
		       : !has_text(record, "variant") ? "it lacks the variant"
						      : NULL;
	}
}
