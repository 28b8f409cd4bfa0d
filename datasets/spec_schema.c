#include "datasets/spec_schema.h"

#include <cyaml/cyaml.h>

#include "photofinish/yaml_file.h"

#define ENUM_VALUE(constant, name, ...) {#name, constant},
static const cyaml_strval_t motion_values[] = {PF_MOTION_LIST(ENUM_VALUE)};
static const cyaml_strval_t palette_values[] = {PF_PALETTE_LIST(ENUM_VALUE)};
static const cyaml_strval_t pattern_values[] = {PF_PATTERN_LIST(ENUM_VALUE)};
static const cyaml_strval_t backdrop_values[] = {PF_BACKDROP_LIST(ENUM_VALUE)};
#undef ENUM_VALUE
static const cyaml_strval_t kind_values[] = {
	{"burst", PF_GROUP_BURST}, {"single", PF_GROUP_SINGLE}, {"bracket", PF_GROUP_BRACKET}};
static const cyaml_strval_t naming_values[] = {{"time", PF_NAMING_TIME}, {"folders", PF_NAMING_FOLDERS}};

#define ENUM_SCHEMA(type, values)                                                          \
	{                                                                                  \
		CYAML_VALUE_ENUM(CYAML_FLAG_STRICT, type, values, CYAML_ARRAY_LEN(values)) \
	}
static const cyaml_schema_value_t motion_schema = ENUM_SCHEMA(pf_motion, motion_values);
static const cyaml_schema_value_t palette_schema = ENUM_SCHEMA(pf_palette, palette_values);
static const cyaml_schema_value_t pattern_schema = ENUM_SCHEMA(pf_pattern, pattern_values);
static const cyaml_schema_value_t backdrop_schema = ENUM_SCHEMA(pf_backdrop, backdrop_values);

static const cyaml_schema_field_t camera_fields[] = {
	CYAML_FIELD_STRING_PTR("make", CYAML_FLAG_POINTER, pf_raw_camera, make, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("model", CYAML_FLAG_POINTER, pf_raw_camera, model, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("serial", CYAML_FLAG_POINTER, pf_raw_camera, serial, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("lens", CYAML_FLAG_POINTER, pf_raw_camera, lens, 1, CYAML_UNLIMITED),
	CYAML_FIELD_UINT("width", CYAML_FLAG_DEFAULT, pf_raw_camera, width),
	CYAML_FIELD_UINT("height", CYAML_FLAG_DEFAULT, pf_raw_camera, height),
	CYAML_FIELD_BOOL("subseconds", CYAML_FLAG_DEFAULT, pf_raw_camera, subseconds),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t camera_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, pf_raw_camera, camera_fields)};

static const cyaml_schema_field_t group_fields[] = {
	CYAML_FIELD_ENUM("kind", CYAML_FLAG_STRICT, pf_raw_group, kind, kind_values,
			 CYAML_ARRAY_LEN(kind_values)),
	CYAML_FIELD_UINT("frames", CYAML_FLAG_OPTIONAL, pf_raw_group, frames),
	CYAML_FIELD_UINT("frames_max", CYAML_FLAG_OPTIONAL, pf_raw_group, frames_max),
	CYAML_FIELD_STRING_PTR("camera", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, pf_raw_group, camera, 1,
			       1),
	CYAML_FIELD_BOOL("no_subseconds", CYAML_FLAG_OPTIONAL, pf_raw_group, no_subseconds),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t group_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, pf_raw_group, group_fields)};

static const cyaml_schema_field_t mix_fields[] = {
	CYAML_FIELD_UINT("portrait", CYAML_FLAG_DEFAULT, pf_raw_mix, portrait),
	CYAML_FIELD_UINT("second_athlete", CYAML_FLAG_DEFAULT, pf_raw_mix, second_athlete),
	CYAML_FIELD_UINT("crowd", CYAML_FLAG_DEFAULT, pf_raw_mix, crowd),
	CYAML_FIELD_UINT("frontal", CYAML_FLAG_DEFAULT, pf_raw_mix, frontal),
	CYAML_FIELD_UINT("close_up", CYAML_FLAG_DEFAULT, pf_raw_mix, close_up),
	CYAML_FIELD_UINT("blur", CYAML_FLAG_DEFAULT, pf_raw_mix, blur),
	CYAML_FIELD_UINT("defocus", CYAML_FLAG_DEFAULT, pf_raw_mix, defocus),
	CYAML_FIELD_UINT("exposure", CYAML_FLAG_DEFAULT, pf_raw_mix, exposure),
	CYAML_FIELD_UINT("noise", CYAML_FLAG_DEFAULT, pf_raw_mix, noise),
	CYAML_FIELD_UINT("variety", CYAML_FLAG_OPTIONAL, pf_raw_mix, variety),
	CYAML_FIELD_END,
};

static const cyaml_schema_field_t spec_fields[] = {
	CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, pf_raw_spec, name, 1, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("summary", CYAML_FLAG_POINTER, pf_raw_spec, summary, 0, CYAML_UNLIMITED),
	CYAML_FIELD_STRING_PTR("start", CYAML_FLAG_POINTER, pf_raw_spec, start, 1, CYAML_UNLIMITED),
	CYAML_FIELD_UINT("seed", CYAML_FLAG_DEFAULT, pf_raw_spec, seed),
	CYAML_FIELD_UINT("photos", CYAML_FLAG_DEFAULT, pf_raw_spec, photos),
	CYAML_FIELD_UINT("quality", CYAML_FLAG_DEFAULT, pf_raw_spec, quality),
	CYAML_FIELD_UINT("frames_per_second", CYAML_FLAG_DEFAULT, pf_raw_spec, frames_per_second),
	CYAML_FIELD_ENUM("naming", CYAML_FLAG_STRICT, pf_raw_spec, naming, naming_values,
			 CYAML_ARRAY_LEN(naming_values)),
	CYAML_FIELD_SEQUENCE_COUNT("cameras", CYAML_FLAG_POINTER, pf_raw_spec, cameras, camera_count,
				   &camera_schema, 1, PF_SPEC_CAMERAS_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("sequence", CYAML_FLAG_POINTER, pf_raw_spec, sequence, sequence_count,
				   &group_schema, 1, PF_SPEC_SEQUENCE_MAX),
	CYAML_FIELD_SEQUENCE_COUNT("motions", CYAML_FLAG_POINTER, pf_raw_spec, motions, motion_count,
				   &motion_schema, 1, PF_MOTION_COUNT),
	CYAML_FIELD_SEQUENCE_COUNT("palettes", CYAML_FLAG_POINTER, pf_raw_spec, palettes, palette_count,
				   &palette_schema, 1, PF_PALETTE_COUNT),
	CYAML_FIELD_SEQUENCE_COUNT("patterns", CYAML_FLAG_POINTER, pf_raw_spec, patterns, pattern_count,
				   &pattern_schema, 1, PF_PATTERN_COUNT),
	CYAML_FIELD_SEQUENCE_COUNT("backgrounds", CYAML_FLAG_POINTER, pf_raw_spec, backdrops, backdrop_count,
				   &backdrop_schema, 1, PF_BACKDROP_COUNT),
	CYAML_FIELD_MAPPING("mix", CYAML_FLAG_DEFAULT, pf_raw_spec, mix, mix_fields),
	CYAML_FIELD_END,
};
static const cyaml_schema_value_t spec_schema = {
	CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, pf_raw_spec, spec_fields)};

pf_status pf_spec_parse(const char *path, pf_raw_spec **raw, pf_error *error)
{
	void *data = NULL;
	pf_status status = pf_yaml_load(path, &spec_schema, &data, error);
	if (status == PF_OK && !data) {
		status = pf_fail(error, PF_ERR_INVALID, path, "the spec is empty");
	}
	if (status != PF_OK) {
		pf_spec_parse_free(data);
		return status;
	}
	*raw = data;
	return PF_OK;
}

void pf_spec_parse_free(pf_raw_spec *raw)
{
	pf_yaml_free(&spec_schema, raw);
}
