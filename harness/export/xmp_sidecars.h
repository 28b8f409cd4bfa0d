/* XMP sidecars: a rating and a pick flag for each scored photo, for programs that show and sort photos. */
#ifndef HARNESS_XMP_SIDECARS_H
#define HARNESS_XMP_SIDECARS_H

#include <stddef.h>

#include "harness/scores/outcomes.h"

typedef struct pf_xmp_report {
	size_t written; /* that were not there before */
	size_t updated; /* that were, with whatever else they say kept */
	size_t same;    /* that said so already */
	size_t yours;   /* of these three: in which somebody else's rating or flag was kept */
	size_t failed;  /* that could not be read or written */
} pf_xmp_report;

/* For the photo PATH the sidecar FOLDER/PATH.xmp (darktable's and digiKam's name), or FOLDER/STEM.xmp
 * (Adobe's) where that is there, the other is not, and no other photo would write it. It gets
 *   xmp:Rating          1 to 5: the fifth of all scored photos of `outcomes` that its score lies in
 *   xmpDM:pick, digiKam:PickLabel   1 and 3 for the best of a burst (all that tie); 0 for the others
 *   photofinish:*       Score (0 to 1), Burst, Rank, and the rating and pick that were written; Caveat: what
 *                       has to be known of all scores (`caveat`; NULL: nothing)
 * A rating or flag that is there and is not what photofinish wrote last is somebody's own, and stays; but a 0
 * in a sidecar that photofinish has not written to yet means "none". All else in a sidecar stays. Existing
 * sidecars are read in a contained process, written all or nothing, and never followed through a link. A
 * photo that failed gets none. Goes on after a sidecar that could not be written, of which `told` hears; the
 * status and *error are those of the first. Not for a process with threads. */
pf_status pf_xmp_sidecars_write(const char *folder, const pf_outcomes *outcomes, const pf_dataset *dataset,
				const char *caveat, void (*told)(const pf_error *error),
				pf_xmp_report *report, pf_error *error);

#endif
