#include "harness/run/first_result.h"

#include <string.h>

#include "harness/base/interrupt.h"
#include "photofinish/burst.h"

/* The dataset's first `count` photos: a view, whose photos belong to the whole. */
static pf_dataset first_photos(const pf_dataset *whole, size_t count)
{
	pf_dataset part = *whole;
	part.count = count;
	return part;
}

/* What came until the first score is what the reference says of those photos. */
static bool as_reference(const pf_trial *trial, const pf_outcomes *reference)
{
	const pf_outcomes *got = trial->outcomes;
	char what[192];
	bool any = false;
	for (size_t i = 0; i < got->count; i++) {
		const pf_outcome *own = &got->photos[i], *known = &reference->photos[i];
		if (!own->done) {
			continue;
		}
		if (!pf_tolerance_photo(&trial->tolerance, known, own, what, sizeof what)) {
			return false;
		}
		any = any || own->status == PF_OK;
	}
	return any;
}

/* Seconds until the first score; 0 where the trial says nothing. */
static pf_status once(const pf_session *whole, size_t photos, const pf_first_runner *runner,
		      const pf_outcomes *reference, double *seconds, pf_error *error)
{
	pf_dataset part = first_photos(whole->dataset, photos);
	pf_session opened, session = *whole;
	pf_trial trial;
	*seconds = 0;
	pf_status status = pf_session_open(&opened, &part, &whole->order.scorer, error);
	if (status != PF_OK) {
		return status;
	}
	session.dataset = &part; /* everything else is as in the whole's trials */
	session.manifest_fd = opened.manifest_fd;
	session.stop_at_first_result = true;
	memset(session.asked, 0, sizeof session.asked);
	status = pf_trial_run(&session, runner->variant, runner->workers, runner->options, NULL, &trial,
			      error);
	if (status == PF_OK) {
		bool counts = trial.ending == PF_ENDED_AT_FIRST_RESULT && as_reference(&trial, reference);
		*seconds = counts ? (double)trial.first_result_ns * 1e-9 : 0;
		pf_trial_release(&trial);
	}
	pf_session_close(&opened);
	return status;
}

size_t pf_first_small_photos(size_t photos)
{
	size_t hundredth = photos / 100, least = PF_BURST_WINDOW;
	return photos < 2 * least ? 0 : hundredth > least ? hundredth : least;
}

pf_status pf_first_results_measure(const pf_session *session, size_t small_photos,
				   const pf_outcomes *reference, const pf_first_runner *streaming,
				   const pf_first_runner *parallel,
				   void (*told)(void *context, size_t done, size_t total), void *context,
				   pf_first_results *out, pf_error *error)
{
	size_t photos = session->dataset->count;
	*out = (pf_first_results){.large_photos = photos, .small_photos = small_photos};
	pf_status status = PF_OK;
	for (size_t round = 0; round < PF_FIRST_TRIALS && status == PF_OK && !pf_interrupts; round++) {
		double seconds[4] = {0};
		bool all = true;
		for (size_t i = 0; i < 4 && status == PF_OK && !pf_interrupts; i++) {
			size_t which = (i + round) % 4; /* none always comes first */
			if (told) {
				told(context, 4 * round + i, 4 * (size_t)PF_FIRST_TRIALS);
			}
			status = once(session, which & 1 ? photos : out->small_photos,
				      which & 2 ? parallel : streaming, reference, &seconds[which], error);
		}
		for (size_t i = 0; i < 4; i++) {
			all = all && seconds[i] > 0;
		}
		if (all) {
			out->streaming_small[out->n] = seconds[0];
			out->streaming_large[out->n] = seconds[1];
			out->parallel_small[out->n] = seconds[2];
			out->parallel_large[out->n++] = seconds[3];
		}
	}
	out->measured = true;
	return status;
}
