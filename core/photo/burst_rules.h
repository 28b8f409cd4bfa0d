/* What makes two photos of one camera body neighbours of one burst. docs/scoring.md gives the reasons. */
#ifndef PHOTOFINISH_BURST_RULES_H
#define PHOTOFINISH_BURST_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "photofinish/photo.h"

#define PF_GAP_MAX_MS 1250   /* between neighbours, unless a burst's own rhythm is slower */
#define PF_GAP_REACH_MS 2000 /* no rhythm reaches further: what is longer ago is over */

/* What a photo's picture says about another one's; unknown where one of them has none. */
typedef enum pf_likeness { PF_UNLIKE, PF_ALIKE, PF_LIKENESS_UNKNOWN } pf_likeness;

/* How time links a photo with one before it. */
typedef enum pf_time_link {
	PF_TIME_APART,       /* not neighbours, whatever they show */
	PF_TIME_ASKS,        /* neighbours if they look alike */
	PF_TIME_ASKS_STRICT, /* without times: if they look very much alike */
	PF_TIME_ASKS_SECOND, /* in the same whole second: if they look roughly alike */
	PF_TIME_LINKS,       /* neighbours */
} pf_time_link;

/* How much alike pictures have to be for such a link (pf_miniature_alike). */
double pf_likeness_least(pf_time_link link);

/* The gap between two photos whose times are known: in ms, or in whole seconds where one has no more. */
int64_t pf_time_gap_ms(const pf_facts *before, const pf_facts *photo);

/* What is known of a burst's spacing around the gap in question; 0: nothing. */
typedef struct pf_rhythm {
	int64_t median_ms; /* of the burst's gaps so far */
	int64_t next_ms;   /* the gap behind the photo */
	bool runs;         /* the clock has moved within the burst, so that equal times are its resolution */
} pf_rhythm;

pf_time_link pf_time_links(const pf_facts *before, const pf_facts *photo, const pf_rhythm *rhythm);

/* Size and orientation: nobody turns the camera within a burst. */
bool pf_same_shape(const pf_facts *before, const pf_facts *photo);

/* Whether the step from `before` to `photo` is one of an exposure bracket. The photos around them, NULL where
 * there are none near, tell a bracket from a correction that was dialled in. */
bool pf_bracket_step(const pf_facts *earlier, const pf_facts *before, const pf_facts *photo,
		     const pf_facts *later);

#endif
