#include "core/scoring/pose_card.h"

#include <cyaml/cyaml.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "photofinish/yaml_file.h"

#define SIDE_MAX_PX 4096.0

#define NAME_OF(constant, name) name,
static const char *const kind_names[] = {PF_POSE_KIND_LIST(NAME_OF)};

const char *pf_pose_kind_name(pf_pose_kind kind)
{
	return (unsigned)kind < PF_POSE_KINDS ? kind_names[kind] : "unknown";
}

/* What a file may say; pointers are NULL where it says nothing. */
typedef struct yaml_card {
	char *name, *licence, *notes, *input;
	double *width, *height;
	bool *turn, *top_down;
	int *layout, *colour, *kind;
	double *mean, *std;
	unsigned mean_count, std_count;
	double *padding, *stride, *split_ratio, *box_padding, *keypoint_threshold, *pose_threshold,
		*max_constants_mib;
} yaml_card;

#define STRVAL(constant, name) {name, constant},
static const cyaml_strval_t kinds[] = {PF_POSE_KIND_LIST(STRVAL)};
static const cyaml_strval_t layouts[] = {PF_POSE_LAYOUT_LIST(STRVAL)};
static const cyaml_strval_t colours[] = {PF_POSE_COLOUR_LIST(STRVAL)};

#define OPTIONAL (CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL)
#define REQUIRED CYAML_FLAG_POINTER
#define ENUM_FIELD(key_, member, list, flags_)                                            \
	CYAML_FIELD_ENUM_PTR(key_, (flags_) | CYAML_FLAG_STRICT, yaml_card, member, list, \
			     sizeof(list) / sizeof *(list))
#define TEXT_FIELD(member)                                              \
	CYAML_FIELD_STRING_PTR(#member, OPTIONAL, yaml_card, member, 0, \
			       sizeof(((pf_pose_card *)NULL)->member) - 1)
#define NUMBER_FIELD(member, flags_) CYAML_FIELD_FLOAT_PTR(#member, flags_, yaml_card, member)

static const cyaml_schema_value_t number = {CYAML_VALUE_FLOAT(CYAML_FLAG_DEFAULT, double)};

static const cyaml_schema_field_t fields[] = {
	TEXT_FIELD(name),
	TEXT_FIELD(licence),
	TEXT_FIELD(notes),
	TEXT_FIELD(input),
	NUMBER_FIELD(width, REQUIRED),
	NUMBER_FIELD(height, REQUIRED),
	CYAML_FIELD_BOOL_PTR("turn", OPTIONAL, yaml_card, turn),
	CYAML_FIELD_BOOL_PTR("top_down", OPTIONAL, yaml_card, top_down),
	ENUM_FIELD("layout", layout, layouts, OPTIONAL),
	ENUM_FIELD("colour", colour, colours, OPTIONAL),
	ENUM_FIELD("output", kind, kinds, REQUIRED),
	CYAML_FIELD_SEQUENCE("mean", OPTIONAL, yaml_card, mean, &number, 3, 3),
	CYAML_FIELD_SEQUENCE("std", OPTIONAL, yaml_card, std, &number, 3, 3),
	NUMBER_FIELD(padding, OPTIONAL),
	NUMBER_FIELD(stride, OPTIONAL),
	NUMBER_FIELD(split_ratio, OPTIONAL),
	NUMBER_FIELD(box_padding, OPTIONAL),
	NUMBER_FIELD(keypoint_threshold, OPTIONAL),
	NUMBER_FIELD(pose_threshold, OPTIONAL),
	NUMBER_FIELD(max_constants_mib, OPTIONAL),
	CYAML_FIELD_END};

static const cyaml_schema_value_t schema = {CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, yaml_card, fields)};

void pf_pose_card_default(pf_pose_card *card)
{
	*card = (pf_pose_card){.std = {1.0, 1.0, 1.0},
			       .colour = PF_POSE_RGB,
			       .padding = 128.0,
			       .box_padding = 1.25,
			       .max_constants_mib = 64.0,
			       .keypoint_threshold = 0.3,
			       .pose_threshold = 0.3};
}

pf_status pf_pose_card_path(const char *model_file, char *path, size_t bytes, pf_error *error)
{
	const char *slash = strrchr(model_file, '/'), *name = slash ? slash + 1 : model_file;
	const char *dot = strrchr(name, '.');
	size_t stem = dot && dot > name ? (size_t)(dot - model_file) : strlen(model_file);
	if (stem + sizeof ".yaml" > bytes) {
		return pf_fail(error, PF_ERR_INVALID, model_file, "the model's path is too long");
	}
	snprintf(path, bytes, "%.*s.yaml", (int)stem, model_file);
	return PF_OK;
}

static void take_text(const char *text, char *to, size_t bytes)
{
	if (text) {
		snprintf(to, bytes, "%s", text);
	}
}

static pf_status take_colours(const yaml_card *yaml, const char *file, pf_pose_card *card, pf_error *error)
{
	pf_status status = PF_OK;
	for (unsigned i = 0; i < 3 && status == PF_OK; i++) {
		status = pf_yaml_take(yaml->mean ? &yaml->mean[i] : NULL, -1e6, 1e6, "mean", file,
				      &card->mean[i], error);
		if (status == PF_OK) {
			status = pf_yaml_take(yaml->std ? &yaml->std[i] : NULL, 1e-6, 1e6, "std", file,
					      &card->std[i], error);
		}
	}
	return status;
}

static pf_status take_numbers(const yaml_card *yaml, const char *file, pf_pose_card *card, pf_error *error)
{
	double width = 0.0, height = 0.0;
	const struct {
		const double *value;
		double low, high;
		const char *key;
		double *to;
	} numbers[] = {
		{yaml->width, 16.0, SIDE_MAX_PX, "width", &width},
		{yaml->height, 16.0, SIDE_MAX_PX, "height", &height},
		{yaml->padding, 0.0, 255.0, "padding", &card->padding},
		{yaml->stride, 0.25, 64.0, "stride", &card->stride},
		{yaml->split_ratio, 0.25, 16.0, "split_ratio", &card->split_ratio},
		{yaml->box_padding, 1.0, 4.0, "box_padding", &card->box_padding},
		{yaml->keypoint_threshold, 0.0, 1.0, "keypoint_threshold", &card->keypoint_threshold},
		{yaml->pose_threshold, 0.0, 1.0, "pose_threshold", &card->pose_threshold},
		{yaml->max_constants_mib, 1.0, 256.0, "max_constants_mib", &card->max_constants_mib},
	};
	pf_status status = PF_OK;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers && status == PF_OK; i++) {
		status = pf_yaml_take(numbers[i].value, numbers[i].low, numbers[i].high, numbers[i].key, file,
				      numbers[i].to, error);
	}
	if (status != PF_OK) {
		return status;
	}
	card->width_px = (uint32_t)width;
	card->height_px = (uint32_t)height;
	if (card->width_px != width || card->height_px != height) {
		return pf_fail(error, PF_ERR_INVALID, file, "width, height: whole pixels only");
	}
	if (card->turn && card->width_px < card->height_px) {
		return pf_fail(error, PF_ERR_INVALID, file, "turn: give the landscape size, width >= height");
	}
	return PF_OK;
}

static pf_status take_all(const yaml_card *yaml, const char *file, pf_pose_card *card, pf_error *error)
{
	take_text(yaml->name, card->name, sizeof card->name);
	take_text(yaml->licence, card->licence, sizeof card->licence);
	take_text(yaml->notes, card->notes, sizeof card->notes);
	take_text(yaml->input, card->input, sizeof card->input);
	card->turn = yaml->turn && *yaml->turn;
	card->top_down = yaml->top_down && *yaml->top_down;
	card->layout = yaml->layout ? (pf_pose_layout)*yaml->layout : card->layout;
	card->colour = yaml->colour ? (pf_pose_colour)*yaml->colour : card->colour;
	card->kind = (pf_pose_kind)*yaml->kind;
	if (card->turn && card->top_down) {
		return pf_fail(error, PF_ERR_INVALID, file,
			       "turn: not for top_down models, whose crop has one shape");
	}
	pf_status status = take_colours(yaml, file, card, error);
	return status == PF_OK ? take_numbers(yaml, file, card, error) : status;
}

pf_status pf_pose_card_load(const char *file, pf_pose_card *card, pf_error *error)
{
	void *data = NULL;
	pf_pose_card loaded;
	pf_pose_card_default(&loaded);
	pf_status status = pf_yaml_load(file, &schema, &data, error);
	if (status == PF_OK) {
		status = data ? take_all(data, file, &loaded, error)
			      : pf_fail(error, PF_ERR_INVALID, file, "an empty model card");
	}
	pf_yaml_free(&schema, data);
	if (status == PF_OK) {
		*card = loaded;
	}
	return status;
}
