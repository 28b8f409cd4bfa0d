/* A folder in which a program from outside finds a dataset: exactly the photos of its manifest. */
#ifndef HARNESS_DATASET_VIEW_H
#define HARNESS_DATASET_VIEW_H

#include "photofinish/dataset.h"
#include "photofinish/status.h"

#define PF_VIEW_PATH_MAX 512

/* Makes a folder below $TMPDIR (else /tmp) with the dataset's manifest and, in dataset/, a symbolic link for
 * each photo under its path; nobody may write there. On failure nothing is left. */
pf_status pf_view_open(const pf_dataset *dataset, char view[PF_VIEW_PATH_MAX], pf_error *error);
void pf_view_close(char view[PF_VIEW_PATH_MAX]); /* removes it; view[0] '\0' is fine */

#endif
