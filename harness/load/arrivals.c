#include "harness/load/arrivals.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/stats/shuffle.h"

static bool read_rate(const char **text, double *out)
{
	char *end;
	*out = strtod(*text, &end);
	bool good = end != *text && isfinite(*out) && *out >= 1e-3 && *out <= 1e6;
	*text = end;
	return good;
}

/* "10..40": strtod would take the first point for its own. */
static size_t parse_ramp(const char *text, const char *dots, pf_rate_phase *phases)
{
	char first[32];
	const char *from_text = first, *to_text = dots + 2;
	double from, to;
	size_t length = (size_t)(dots - text);
	if (length >= sizeof first) {
		return 0;
	}
	memcpy(first, text, length);
	first[length] = '\0';
	if (!read_rate(&from_text, &from) || *from_text || !read_rate(&to_text, &to) || *to_text) {
		return 0;
	}
	for (int i = 0; i < PF_RATE_RAMP_PHASES; i++) {
		phases[i].from = from + (to - from) * i / PF_RATE_RAMP_PHASES;
		phases[i].to = from + (to - from) * (i + 1) / PF_RATE_RAMP_PHASES;
	}
	return PF_RATE_RAMP_PHASES;
}

size_t pf_rate_parse(const char *text, pf_rate_phase phases[PF_RATE_PHASES_MOST])
{
	const char *dots = strstr(text, "..");
	if (dots) {
		return parse_ramp(text, dots, phases);
	}
	size_t count = 0;
	while (count < PF_RATE_PHASES_MOST && read_rate(&text, &phases[count].from)) {
		phases[count].to = phases[count].from;
		count++;
		if (!*text) {
			return count;
		}
		if (*text++ != ',') {
			return 0;
		}
	}
	return 0;
}

pf_status pf_arrivals_init(pf_arrivals *arrivals, size_t photos, uint64_t seed, pf_error *error)
{
	*arrivals = (pf_arrivals){.random = {.state = seed},
				  .order = calloc(photos, sizeof *arrivals->order),
				  .place = photos,
				  .photos = photos};
	for (size_t i = 0; arrivals->order && i < photos; i++) {
		arrivals->order[i] = i;
	}
	return arrivals->order ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

void pf_arrivals_release(pf_arrivals *arrivals)
{
	free(arrivals->order);
	arrivals->order = NULL;
}

size_t pf_arrivals_photo(pf_arrivals *arrivals)
{
	if (arrivals->place == arrivals->photos) {
		arrivals->place = 0;
		pf_shuffle(&arrivals->random, arrivals->order, arrivals->photos);
	}
	return arrivals->order[arrivals->place++];
}

void pf_arrivals_begin(pf_arrivals *arrivals)
{
	arrivals->at_s = 0;
}

bool pf_arrivals_next(pf_arrivals *arrivals, const pf_rate_phase *phase, uint64_t *at_ns)
{
	double t = arrivals->at_s, more = -log(pf_random_uniform(&arrivals->random));
	double slope = (phase->to - phase->from) / phase->duration_s, rate = phase->from + slope * t;
	double gap = more / rate;
	if (slope != 0) { /* rate g + slope g^2 / 2 = more; a negative root: the rate is 0 before that */
		double root = rate * rate + 2 * slope * more;
		gap = root >= 0 ? 2 * more / (rate + sqrt(root)) : INFINITY;
	}
	arrivals->at_s = t + gap;
	if (!(arrivals->at_s < phase->duration_s)) {
		return false;
	}
	*at_ns = (uint64_t)(arrivals->at_s * 1e9);
	return true;
}
