#include "harness/record/goal_json.h"

#include "harness/claims/goal.h"
#include "harness/record/interval_json.h"

static json_t *real_or_null(double value, bool known)
{
	return known ? json_real(value) : json_null();
}

static json_t *projection_json(const pf_goal *goal, const pf_projection *projection)
{
	json_t *object = json_pack("{s:s,s:f,s:f,s:f,s:f,s:f,s:s}", "name", projection->contestant->label,
				   "startup_s", projection->startup_s, "photo_s", projection->photo_s,
				   "hours", projection->seconds.mean / 3600, "events_a_week",
				   projection->events_a_week, "cpu_s_a_photo", projection->cpu_s, "word",
				   pf_goal_word_name(projection->word));
	json_object_set_new(object, "seconds", pf_interval_json(&projection->seconds, true));
	json_object_set_new(object, "cost", real_or_null(projection->cost, goal->has_price));
	return object;
}

json_t *pf_goal_json(const pf_run *run)
{
	const pf_goal *goal = run->goal;
	double bytes, megapixels;
	if (!goal) {
		return json_null();
	}
	const pf_contestant *first = pf_goal_first(run);
	json_t *steps = json_array(), *left_out = json_array();
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_projection projection;
		const pf_contestant *contestant = &run->contestants[i];
		if (pf_goal_project(run, contestant, &projection)) {
			json_array_append_new(steps, projection_json(goal, &projection));
		}
		if (contestant->status == PF_RUN_NOT_RUN) {
			json_array_append_new(left_out, json_string(contestant->label));
		}
	}
	pf_goal_photo_size(run, &bytes, &megapixels);
	json_t *object = json_pack("{s:f,s:I,s:b,s:f,s:f}", "seconds", goal->seconds, "photos",
				   (json_int_t)goal->photos, "until_met", (int)goal->until_met,
				   "bytes_a_photo", bytes, "published_bytes_a_photo",
				   PF_GOAL_PUBLISHED_BYTES);
	json_object_set_new(object, "rounds_each",
			    goal->until_met ? json_integer(goal->rounds_each) : json_null());
	json_object_set_new(object, "megapixels_a_photo", real_or_null(megapixels, megapixels > 0));
	json_object_set_new(object, "price_per_hour", real_or_null(goal->price_per_hour, goal->has_price));
	json_object_set_new(object, "first_met", first ? json_string(first->label) : json_null());
	json_object_set_new(object, "steps", steps);
	json_object_set_new(object, "not_run", left_out);
	return object;
}
