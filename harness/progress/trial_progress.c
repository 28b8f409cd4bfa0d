#include "harness/progress/trial_progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/progress/progress.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

#define SHARE_OF_A_LOOK 0.1 /* ten looks a second: the mean of about the last second */
#define NAME_BYTES 300

void pf_trial_progress_begin(pf_trial_progress *progress, const pf_dataset *dataset, const char *label,
			     bool shows_bursts)
{
	*progress = (pf_trial_progress){
		.dataset = dataset, .shows_bursts = shows_bursts, .begin_ns = pf_now_ns(), .busy_share = -1};
	snprintf(progress->label, sizeof progress->label, "%s", label);
}

static void tell_found(pf_trial_progress *progress, const pf_frame_burst *burst)
{
	size_t photos = progress->dataset->count, stride = photos < 1000 ? 10 : 100;
	progress->found += burst->count;
	progress->bursts += burst->count > 1;
	progress->singles += burst->count == 1;
	if (pf_progress_is_json()) {
		pf_progress_event("burst_found", json_pack("{s:I,s:I}", "burst", (json_int_t)burst->id,
							   "photos", (json_int_t)burst->count));
		return;
	}
	bool last = progress->found == photos;
	if (progress->shows_bursts && (last || (progress->bursts + progress->singles) % stride == 0)) {
		pf_progress_milestone("detected %zu burst%s and %zu single shot%s from %zu photos",
				      progress->bursts, pf_text_plural(progress->bursts), progress->singles,
				      pf_text_plural(progress->singles), progress->found);
	}
}

static json_t *name_json(const pf_dataset *dataset, size_t index)
{
	char name[4 * 4096];
	return index < dataset->count ? json_string(pf_escape(dataset->photos[index].path, name, sizeof name))
				      : json_null();
}

/* A photo that is told of twice (its worker died right after telling) is one event; the outcomes know. */
static void tell_photo(pf_trial_progress *progress, const pf_outcomes *so_far, const pf_frame_photo *photo)
{
	size_t done = so_far->scored + so_far->failed;
	if (done > progress->done && pf_progress_is_json()) {
		char message[600];
		bool scored = photo->status == PF_OK;
		json_t *event = json_pack("{s:I,s:I,s:s,s:o}", "index", (json_int_t)photo->index, "burst",
					  (json_int_t)photo->burst, "status",
					  pf_status_name((pf_status)photo->status), "path",
					  name_json(progress->dataset, photo->index));
		json_object_set_new(event, "score", scored ? json_real(photo->score.total) : json_null());
		json_object_set_new(event, "error",
				    scored ? json_null()
					   : json_string(pf_escape(photo->message, message, sizeof message)));
		pf_progress_event("photo_done", event);
	}
	progress->done = done;
}

/* The best photo of a burst whose final ranks came: in those or, where bursts came in parts, among all
 * outcomes. The number of photos if none was scored. */
static size_t best_of(const pf_frame_ranks *ranks, const pf_outcomes *so_far, bool in_parts)
{
	for (uint32_t i = 0; i < ranks->count; i++) {
		if (ranks->photos[i].rank == 1 && ranks->photos[i].index < so_far->count) {
			return ranks->photos[i].index;
		}
	}
	for (size_t i = 0; in_parts && i < so_far->count; i++) {
		const pf_outcome *photo = &so_far->photos[i];
		if (photo->ranked && photo->rank == 1 && photo->burst == ranks->burst) {
			return i;
		}
	}
	return so_far->count;
}

static void tell_ranked(pf_trial_progress *progress, const pf_outcomes *so_far, const pf_frame_ranks *ranks)
{
	progress->in_parts = progress->in_parts || !ranks->last;
	if (!ranks->last) {
		return;
	}
	size_t best = best_of(ranks, so_far, progress->in_parts);
	if (pf_progress_is_json()) {
		pf_progress_event(
			"burst_ranked",
			json_pack("{s:I,s:o,s:o}", "burst", (json_int_t)ranks->burst, "best",
				  best < so_far->count ? json_integer((json_int_t)best) : json_null(), "path",
				  name_json(progress->dataset, best)));
	}
	if (ranks->count == 1 && ranks->photos[0].index == ranks->burst) {
		return; /* a single shot is the best of itself */
	}
	char name[NAME_BYTES] = "";
	if (best < progress->dataset->count) {
		pf_escape(progress->dataset->photos[best].path, name, sizeof name);
		const char *slash = strrchr(name, '/');
		snprintf(progress->best, sizeof progress->best, "best %s", slash ? slash + 1 : name);
	}
	progress->ranked++;
	/* A few hundred lines at most, however many bursts there are. */
	if (progress->shows_bursts && !pf_progress_is_json() &&
	    progress->ranked % (1 + progress->dataset->count / 1000) == 0) {
		pf_progress_milestone("burst %u scored: %s%s", ranks->burst,
				      name[0] ? "best " : "none of its photos could be", name);
	}
}

void pf_trial_progress_hear(pf_trial_progress *progress, const pf_outcomes *so_far, const pf_frame *frame)
{
	switch (frame ? frame->header.kind : 0) {
	case PF_FRAME_BURST:
		tell_found(progress, &frame->burst);
		break;
	case PF_FRAME_PHOTO:
		tell_photo(progress, so_far, &frame->photo);
		break;
	case PF_FRAME_RANKS:
		tell_ranked(progress, so_far, &frame->ranks);
		break;
	default:
		break;
	}
}

void pf_trial_progress_look(pf_trial_progress *progress, uint32_t busy, uint32_t of)
{
	double share = of ? (double)busy / of : -1;
	progress->busy_share = share < 0 || progress->busy_share < 0
				       ? share
				       : progress->busy_share +
						 SHARE_OF_A_LOOK * (share - progress->busy_share);
}

void pf_trial_progress_show(const pf_trial_progress *progress, const pf_eta *left)
{
	char label[240];
	size_t photos = progress->dataset->count;
	bool finding = progress->done == progress->known && progress->found > 0 && progress->found < photos;
	snprintf(label, sizeof label, "%s%s", progress->label, finding ? ", finding bursts" : "");
	pf_progress_show(&(pf_progress_state){.label = label,
					      .done = finding ? progress->found : progress->done,
					      .total = photos,
					      .known = finding ? 0 : progress->known,
					      .unit = "photos",
					      .left = left,
					      .busy_share = progress->busy_share,
					      .note = progress->best});
}
