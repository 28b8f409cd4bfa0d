#include "harness/registry/plugin_description.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* X(member): texts of a descriptor. */
#define TEXTS(X) X(name) X(parent) X(summary) X(change) X(principle) X(hypothesis) X(expected)

static json_t *text_json(const char *text)
{
	return text ? json_string(text) : json_null(); /* NULL: no UTF-8 */
}

/* A number to the last bit, also one that is none. */
static json_t *number_json(double value)
{
	char text[40];
	snprintf(text, sizeof text, "%a", value);
	return json_string(text);
}

static json_t *numbers_json(const double *values, size_t count)
{
	json_t *list = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(list, number_json(values[i]));
	}
	return list;
}

static json_t *tolerance_json(const struct pf_variant_tolerance *tolerance)
{
	return tolerance ? json_pack("{s:o,s:o,s:o,s:o,s:o}", "total", number_json(tolerance->total),
				     "factors", numbers_json(tolerance->factors, PF_FACTOR_COUNT), "measures",
				     numbers_json(tolerance->measures, PF_MEASURE_COUNT), "best_shots",
				     number_json(tolerance->best_shots), "rank_correlation",
				     number_json(tolerance->rank_correlation))
			 : json_null();
}

static json_t *options_json(const struct pf_option *options)
{
	json_t *list = json_array();
	/* One too many is told of, so that it is found to be so. */
	for (int i = 0; options && options[i].name && i <= PF_MAX_OPTIONS; i++) {
		json_array_append_new(
			list,
			json_pack("{s:o,s:i,s:I,s:I,s:I,s:o}", "name", text_json(options[i].name), "type",
				  (int)options[i].type, "default", (json_int_t)options[i].default_value,
				  "least", (json_int_t)options[i].least, "most", (json_int_t)options[i].most,
				  "help", text_json(options[i].help)));
	}
	return list;
}

pf_status pf_plugin_describe(const struct pf_variant *variant, char **out, pf_error *error)
{
	json_t *object = json_object();
	bool good = true;
#define PUT(member) good = json_object_set_new(object, #member, text_json(variant->member)) == 0 && good;
	TEXTS(PUT)
#undef PUT
	json_object_set_new(object, "caps", json_integer(variant->caps));
	json_object_set_new(object, "purpose", json_integer((json_int_t)variant->purpose));
	json_object_set_new(object, "strategy", json_integer(variant->strategy));
	json_object_set_new(object, "runs", json_boolean(variant->run != NULL));
	json_object_set_new(object, "takes_photos", json_boolean(variant->open_intake != NULL));
	json_object_set_new(object, "options", options_json(variant->options));
	json_object_set_new(object, "tolerance", tolerance_json(variant->tolerance));
	*out = json_dumps(object, JSON_COMPACT | JSON_ENCODE_ANY);
	json_decref(object);
	if (!good || !*out || strlen(*out) >= PF_DESCRIPTION_BYTES) {
		free(*out);
		*out = NULL;
		return pf_fail(error, PF_ERR_INVALID, NULL, "its description is no UTF-8, or too long");
	}
	return PF_OK;
}

/* What a descriptor consists of; it and its texts are never freed. */
struct described {
	struct pf_variant variant;
	struct pf_option options[PF_MAX_OPTIONS + 2];
	struct pf_variant_tolerance tolerance;
};

static pf_status run_elsewhere(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
			       pf_error *error)
{
	(void)env;
	(void)dataset;
	(void)sink;
	return pf_fail(error, PF_ERR_INTERNAL, NULL, "a plug-in runs in the process of a trial only");
}

static pf_status open_elsewhere(const struct pf_env *env, const struct pf_intake_order *order,
				struct pf_intake **out, pf_error *error)
{
	(void)env;
	(void)order;
	*out = NULL;
	return run_elsewhere(NULL, NULL, NULL, error);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? strdup(text) : NULL;
}

static double number_of(const json_t *value)
{
	const char *text = json_string_value(value);
	return text ? strtod(text, NULL) : 0;
}

static void read_numbers(const json_t *list, double *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		values[i] = number_of(json_array_get(list, i));
	}
}

static void read_tolerance(const json_t *object, struct pf_variant_tolerance *out)
{
	out->total = number_of(json_object_get(object, "total"));
	read_numbers(json_object_get(object, "factors"), out->factors, PF_FACTOR_COUNT);
	read_numbers(json_object_get(object, "measures"), out->measures, PF_MEASURE_COUNT);
	out->best_shots = number_of(json_object_get(object, "best_shots"));
	out->rank_correlation = number_of(json_object_get(object, "rank_correlation"));
}

static void read_options(const json_t *list, struct pf_option *options)
{
	size_t index;
	const json_t *option;
	json_array_foreach(list, index, option)
	{
		if (index > PF_MAX_OPTIONS) {
			break;
		}
		const char *help = text_of(option, "help");
		options[index] = (struct pf_option){
			.name = text_of(option, "name"),
			.type = json_integer_value(json_object_get(option, "type")) == PF_OPTION_FLAG
					? PF_OPTION_FLAG
					: PF_OPTION_INTEGER,
			.default_value = json_integer_value(json_object_get(option, "default")),
			.least = json_integer_value(json_object_get(option, "least")),
			.most = json_integer_value(json_object_get(option, "most")),
			.help = help ? help : "",
		};
	}
}

pf_status pf_plugin_described(const char *text, const struct pf_variant **out, pf_error *error)
{
	json_t *object = json_loads(text, 0, NULL);
	struct described *own = json_is_object(object) ? calloc(1, sizeof *own) : NULL;
	if (!own) {
		json_decref(object);
		return pf_fail(error, PF_ERR_INVALID, NULL, "loading it ends the process");
	}
	struct pf_variant *variant = &own->variant;
	variant->abi_version = PF_ABI_VERSION;
	variant->struct_size = sizeof *variant;
#define GET(member) variant->member = text_of(object, #member);
	TEXTS(GET)
#undef GET
	variant->caps = (unsigned)json_integer_value(json_object_get(object, "caps")) & (unsigned)PF_CAPS;
	variant->purpose = (enum pf_purpose)json_integer_value(json_object_get(object, "purpose"));
	variant->strategy = (uint32_t)json_integer_value(json_object_get(object, "strategy"));
	variant->run = json_is_true(json_object_get(object, "runs")) ? run_elsewhere : NULL;
	if (json_is_true(json_object_get(object, "takes_photos"))) {
		variant->open_intake = open_elsewhere;
	}
	if (json_array_size(json_object_get(object, "options"))) {
		read_options(json_object_get(object, "options"), own->options);
		variant->options = own->options;
	}
	if (json_is_object(json_object_get(object, "tolerance"))) {
		read_tolerance(json_object_get(object, "tolerance"), &own->tolerance);
		variant->tolerance = &own->tolerance;
	}
	json_decref(object);
	*out = variant; // NOLINT(clang-analyzer-unix.Malloc): as long as the program
	return PF_OK;
}
