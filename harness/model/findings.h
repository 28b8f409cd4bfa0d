/* What was found in photos whose truth is known, and how it is judged. */
#ifndef HARNESS_FINDINGS_H
#define HARNESS_FINDINGS_H

#include "harness/model/accuracy.h"
#include "harness/model/truth.h"
#include "photofinish/pose.h"

#define PF_FINDING_FACES_MAX 64

/* Of one photo by one way of scoring. */
typedef struct pf_finding {
	pf_status status;
	pf_pose pose;
	pf_score score;
	pf_face_place faces[PF_FINDING_FACES_MAX];
	size_t face_count;
} pf_finding;

/* Adds a photo's faces to the counts. */
void pf_finding_count_faces(const pf_truth_photo *truth, const pf_finding *found, pf_accuracy *out);

/* Adds a photo that both ways have scored to the comparison. */
void pf_finding_compare(const pf_finding *plain, const pf_finding *other, pf_accuracy_pair *out);

#endif
