#include "datasets/truth_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "photofinish/file.h"

static const char *const kind_names[] = {"burst", "single", "bracket"};
static const char *const blur_names[] = {"none", "subject", "shake"};

/* Hundredths are enough, and keep the file small and equal everywhere. */
static json_t *number(float v, int decimals)
{
	float scale = decimals == 1 ? 10.0f : decimals == 2 ? 100.0f : 1000.0f;
	char text[32];
	snprintf(text, sizeof text, "%.*f", decimals, (double)(float)pf_round_int(v * scale) / (double)scale);
	return json_real(strtod(text, NULL));
}

static json_t *box_of(const float box[4])
{
	return json_pack("[o,o,o,o]", number(box[0], 1), number(box[1], 1), number(box[2], 1),
			 number(box[3], 1));
}

static json_t *points_of(const pf_figure *figure)
{
	json_t *list = json_array();
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		const pf_figure_point *p = &figure->keypoints[k];
		json_array_append_new(list,
				      json_pack("[o,o,i]", number(p->x, 1), number(p->y, 1), p->visibility));
	}
	return list;
}

static json_t *face_of(const pf_figure *figure)
{
	return figure->face ? box_of(figure->face_box) : json_null();
}

static json_t *photo_of(const pf_plan *plan, size_t group_index, const pf_scene *scene, const pf_shot *shot)
{
	const pf_plan_group *group = &plan->groups[group_index];
	const pf_actor *actor = &scene->actors[0];
	char path[PF_PLAN_PATH_MAX], camera[2] = {plan->spec->cameras[group->camera].letter, 0};
	pf_plan_path(plan, group, shot->frame, path);
	json_t *others = json_array();
	for (int i = 1; i < scene->actor_count; i++) {
		json_array_append_new(others, json_pack("{s:o,s:o,s:o}", "box", box_of(shot->figures[i].box),
							"face", face_of(&shot->figures[i]), "keypoints",
							points_of(&shot->figures[i])));
	}
	return json_pack(
		"{s:s,s:s,s:i,s:i,s:o,s:s,s:i,s:i,s:i,s:s,s:o,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:b,s:b,s:o,s:o}",
		"path", path, "kind", kind_names[group->kind], "group", (int)group_index, "frame",
		(int)shot->frame, "burst",
		group->kind == PF_GROUP_BURST ? json_integer((json_int_t)group_index) : json_null(), "camera",
		camera, "width", (int)scene->width, "height", (int)scene->height, "orientation",
		scene->orientation, "motion", pf_motion_get(actor->motion)->name, "phase",
		number(shot->phase, 3), "peak_distance", number(shot->peak_distance, 3), "keypoints",
		points_of(&shot->figures[0]), "box", box_of(shot->figures[0].box), "blur",
		blur_names[shot->blur], "blur_x", number(shot->blur_x, 2), "blur_y", number(shot->blur_y, 2),
		"defocus", number(shot->defocus, 2), "exposure_error", number(shot->ev_error, 3),
		"exposure_bias", number(shot->ev_bias, 2), "cost", number(shot->cost, 3), "frontal",
		scene->frontal, "close_up", scene->close_up, "face", face_of(&shot->figures[0]), "others",
		others);
}

typedef struct writer {
	const pf_plan *plan;
	FILE *file;
	pf_scene scene;
	pf_shot shot;
} writer;

static bool dump(writer *w, json_t *object, bool first)
{
	bool good = object && fputs(first ? "\n" : ",\n", w->file) >= 0 &&
		    json_dumpf(object, w->file, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(8)) == 0;
	json_decref(object);
	return good;
}

static bool dump_burst(writer *w, size_t index, bool first)
{
	const pf_plan_group *group = &w->plan->groups[index];
	unsigned best = 0;
	float least = 0;
	char path[PF_PLAN_PATH_MAX];
	json_t *photos = json_array();
	pf_plan_scene(w->plan, index, &w->scene);
	for (unsigned frame = 0; frame < group->frames; frame++) {
		pf_scene_shot(&w->scene, frame, &w->shot);
		if (frame == 0 || w->shot.cost < least) {
			least = w->shot.cost;
			best = frame;
		}
		pf_plan_path(w->plan, group, frame, path);
		json_array_append_new(photos, json_string(path));
	}
	pf_plan_path(w->plan, group, best, path);
	char camera[2] = {w->plan->spec->cameras[group->camera].letter, 0};
	return dump(w,
		    json_pack("{s:I,s:s,s:s,s:b,s:o}", "id", (json_int_t)index, "best", path, "camera",
			      camera, "subseconds", group->subseconds, "photos", photos),
		    first);
}

typedef struct named {
	char path[PF_PLAN_PATH_MAX];
	uint32_t index;
} named;

static int by_path(const void *a, const void *b)
{
	return strcmp(((const named *)a)->path, ((const named *)b)->path);
}

static bool dump_photos(writer *w, named *order)
{
	const pf_plan *plan = w->plan;
	size_t drawn = (size_t)-1;
	for (size_t g = 0; g < plan->group_count; g++) {
		for (unsigned f = 0; f < plan->groups[g].frames; f++) {
			uint32_t index = plan->groups[g].first + f;
			order[index].index = index;
			pf_plan_path(plan, &plan->groups[g], f, order[index].path);
		}
	}
	qsort(order, plan->spec->photos, sizeof *order, by_path);
	for (uint32_t i = 0; i < plan->spec->photos; i++) {
		size_t group = pf_plan_group_of(plan, order[i].index);
		if (group != drawn) {
			pf_plan_scene(plan, group, &w->scene);
			drawn = group;
		}
		pf_scene_shot(&w->scene, order[i].index - plan->groups[group].first, &w->shot);
		if (!dump(w, photo_of(plan, group, &w->scene, &w->shot), i == 0)) {
			return false;
		}
	}
	return true;
}

static bool dump_all(writer *w, named *order)
{
	bool first = true;
	fputs("{\"bursts\":[", w->file);
	for (size_t g = 0; g < w->plan->group_count; g++) {
		if (w->plan->groups[g].kind == PF_GROUP_BURST) {
			if (!dump_burst(w, g, first)) {
				return false;
			}
			first = false;
		}
	}
	fputs("\n],\"keypoint_names\":", w->file);
	json_t *names = json_array();
	for (int k = 0; k < PF_KEYPOINT_COUNT; k++) {
		json_array_append_new(names, json_string(pf_keypoint_name(k)));
	}
	json_dumpf(names, w->file, JSON_COMPACT);
	json_decref(names);
	fputs(",\"photos\":[", w->file);
	if (!dump_photos(w, order)) {
		return false;
	}
	fprintf(w->file, "\n],\"schema\":\"photofinish.truth/1\",\"spec\":\"%s\",\"spec_id\":\"%s\"}\n",
		w->plan->spec->name, w->plan->spec->id);
	return true;
}

pf_status pf_truth_write(const pf_plan *plan, const char *path, pf_error *error)
{
	pf_new_file file = {0};
	writer *w = calloc(1, sizeof *w);
	named *order = calloc(plan->spec->photos, sizeof *order);
	pf_status status = w && order ? pf_new_file_open(&file, path, error)
				      : pf_fail(error, PF_ERR_NO_MEMORY, path,
						"not enough memory to write the truth");
	if (w && status == PF_OK) {
		w->plan = plan;
		w->file = file.stream;
		if (dump_all(w, order)) {
			status = pf_new_file_commit(&file, true, error);
		} else {
			status = pf_fail_errno(error, path, "cannot write the truth");
			pf_new_file_abandon(&file);
		}
	}
	free(order);
	free(w);
	return status;
}
