#include "datasets/dataset_plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FOR_PLAN = 4, PAIR_STEP_MS = 9000 };

static unsigned draw_frames(pf_rng *rng, const pf_spec_group *wanted, const pf_spec_group *next,
			    unsigned left)
{
	unsigned span = wanted->frames_max - wanted->frames_min + 1;
	unsigned frames = wanted->frames_min + pf_rng_below(rng, span);
	/* no remainder too small to be the burst that is next */
	if (frames > left ||
	    (next->kind == PF_GROUP_BURST && wanted->kind == PF_GROUP_BURST && left - frames < 3)) {
		frames = left;
	}
	return frames;
}

/* Groups come in pairs: where both bodies have one, they shoot at the same time, so that names interleave. */
static void draw_group(const pf_plan *plan, size_t index, uint32_t first, const uint32_t *counters,
		       pf_plan_group *group)
{
	const pf_spec *spec = plan->spec;
	const pf_spec_group *wanted = &spec->sequence[index % spec->sequence_count];
	const pf_spec_group *next = &spec->sequence[(index + 1) % spec->sequence_count];
	pf_rng rng = pf_rng_make(spec->seed, index, 0, FOR_PLAN);
	unsigned left = spec->photos - first;
	group->first = first;
	group->kind = (uint8_t)(wanted->kind == PF_GROUP_BRACKET && left < 3 ? PF_GROUP_SINGLE
									     : wanted->kind);
	group->frames = (uint16_t)(group->kind == PF_GROUP_SINGLE ? 1
								  : draw_frames(&rng, wanted, next, left));
	group->kind = (uint8_t)(group->frames == 1 ? PF_GROUP_SINGLE : group->kind);
	const pf_plan_group *before = index & 1 ? group - 1 : NULL;
	unsigned camera = pf_rng_below(&rng, spec->camera_count);
	if (before && pf_rng_chance(&rng, 0.75f)) {
		camera = (before->camera + 1u) % spec->camera_count;
	}
	group->camera = (uint8_t)(wanted->camera >= 0 ? (unsigned)wanted->camera : camera);
	group->subseconds = wanted->subseconds && spec->cameras[group->camera].subseconds;
	group->counter = counters[group->camera] + 1;
	int64_t offset = 0;
	if (before) {
		offset = before->camera == group->camera ? 4300 : 190 + pf_rng_below(&rng, 260);
	}
	group->start_ms = spec->start_s * 1000 + (int64_t)(index / 2) * PAIR_STEP_MS + offset + 137;
}

pf_status pf_plan_make(const pf_spec *spec, pf_plan *plan, pf_error *error)
{
	uint32_t first = 0, counters[PF_SPEC_CAMERAS_MAX] = {0};
	size_t capacity = 0;
	memset(plan, 0, sizeof *plan);
	plan->spec = spec;
	while (first < spec->photos) {
		if (plan->group_count == capacity) {
			capacity = capacity ? capacity * 2 : 64;
			pf_plan_group *groups = realloc(plan->groups, capacity * sizeof *groups);
			if (!groups) {
				pf_plan_free(plan);
				return pf_fail(error, PF_ERR_NO_MEMORY, NULL,
					       "no memory for the plan of the dataset");
			}
			plan->groups = groups;
		}
		pf_plan_group *group = &plan->groups[plan->group_count];
		memset(group, 0, sizeof *group);
		draw_group(plan, plan->group_count, first, counters, group);
		plan->group_count++;
		first += group->frames;
		counters[group->camera] += group->frames;
	}
	return PF_OK;
}

void pf_plan_free(pf_plan *plan)
{
	free(plan->groups);
	plan->groups = NULL;
	plan->group_count = 0;
}

size_t pf_plan_group_of(const pf_plan *plan, uint32_t index)
{
	size_t low = 0, high = plan->group_count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (plan->groups[middle].first <= index) {
			low = middle;
		} else {
			high = middle;
		}
	}
	return low;
}

int64_t pf_plan_time_ms(const pf_plan *plan, const pf_plan_group *group, unsigned frame)
{
	return group->start_ms + (int64_t)frame * 1000 / plan->spec->frames_per_second;
}

static void broken_down(int64_t ms, struct tm *tm)
{
	time_t seconds = (time_t)(ms / 1000);
	gmtime_r(&seconds, tm);
}

void pf_plan_path(const pf_plan *plan, const pf_plan_group *group, unsigned frame,
		  char path[PF_PLAN_PATH_MAX])
{
	char letter = plan->spec->cameras[group->camera].letter;
	unsigned number = group->counter + frame;
	struct tm tm;
	int64_t ms = pf_plan_time_ms(plan, group, frame);
	if (plan->spec->naming == PF_NAMING_FOLDERS) {
		snprintf(path, PF_PLAN_PATH_MAX, "photos/100BODY_%c/%c_%05u.jpg", letter, letter, number);
		return;
	}
	broken_down(ms, &tm);
	snprintf(path, PF_PLAN_PATH_MAX, "photos/%04d%02d%02d_%02d%02d%02d_%03d_%c_%05u.jpg",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
		 group->subseconds ? (int)(ms % 1000) : 0, letter, number);
}

void pf_plan_scene(const pf_plan *plan, size_t index, pf_scene *scene)
{
	const pf_plan_group *group = &plan->groups[index];
	const pf_spec_camera *camera = &plan->spec->cameras[group->camera];
	pf_scene_request request = {
		.choice = &plan->spec->choice,
		.seed = plan->spec->seed,
		.group = (uint32_t)index,
		.kind = (pf_group_kind)group->kind,
		.frames = group->frames,
		.frames_per_second = (float)plan->spec->frames_per_second,
		.sensor_width = camera->width,
		.sensor_height = camera->height,
	};
	pf_scene_draw(&request, scene);
}

void pf_plan_exif(const pf_plan *plan, const pf_plan_group *group, const pf_scene *scene, const pf_shot *shot,
		  pf_exif_facts *facts)
{
	const pf_spec_camera *camera = &plan->spec->cameras[group->camera];
	int64_t ms = pf_plan_time_ms(plan, group, shot->frame);
	float denominator = 1.0f / (scene->exposure_s * pf_exp2(shot->ev_bias));
	struct tm tm;
	broken_down(ms, &tm);
	memset(facts, 0, sizeof *facts);
	facts->make = camera->make;
	facts->model = camera->model;
	facts->serial = camera->serial;
	facts->lens = camera->lens;
	facts->year = tm.tm_year + 1900;
	facts->month = tm.tm_mon + 1;
	facts->day = tm.tm_mday;
	facts->hour = tm.tm_hour;
	facts->minute = tm.tm_min;
	facts->second = tm.tm_sec;
	facts->millisecond = group->subseconds ? (int)(ms % 1000) : -1;
	facts->orientation = scene->orientation;
	facts->exposure_denominator = (unsigned)pf_round_int(denominator);
	facts->f_number_tenths = (unsigned)pf_round_int(scene->f_number * 10.0f);
	facts->iso = scene->iso;
	facts->focal_mm = scene->close_up ? 200 : scene->frontal ? 400 : 300;
	facts->bias_thirds = pf_round_int(shot->ev_bias * 3.0f);
	facts->bracket = group->kind == PF_GROUP_BRACKET;
}
