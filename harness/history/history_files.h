/* The records of the history, as files: FOLDER/records/TIME-COMMAND-ID.json, one each, never overwritten. */
#ifndef HARNESS_HISTORY_FILES_H
#define HARNESS_HISTORY_FILES_H

#include <stdbool.h>

#include "harness/record/record_load.h"

enum { PF_HISTORY_PATH_MAX = 1024, PF_HISTORY_NAME_MAX = 96 };

/* Where the history lies (not created): $PHOTOFINISH_HISTORY, else $PHOTOFINISH_DATA/.history, else
 * $XDG_DATA_HOME/photofinish/history, else ~/.local/share/photofinish/history. PF_ERR_UNAVAILABLE where
 * PHOTOFINISH_HISTORY is there and empty, which switches it off; PF_ERR_NOT_FOUND where no variable tells. */
pf_status pf_history_folder(char path[PF_HISTORY_PATH_MAX], pf_error *error);

/* FOLDER/name, or FOLDER/records/name. PF_ERR_INVALID if too long. */
pf_status pf_history_path(const char *folder, const char *name, char path[PF_HISTORY_PATH_MAX],
			  pf_error *error);
pf_status pf_history_record_path(const char *folder, const char *name, char path[PF_HISTORY_PATH_MAX],
				 pf_error *error);

/* Writes the record into the folder, whole and synced or not at all; the folder is made where it is missing.
 * `name` becomes the file's name, `id` the record's id. A record that is there already is left as it is, and
 * is no error. */
pf_status pf_history_keep(const char *folder, const json_t *record, char name[PF_HISTORY_NAME_MAX],
			  char id[PF_RECORD_ID + 1], pf_error *error);

/* Visits the names of all files in FOLDER/records that end in .json, in byte order; hidden ones are none.
 * Stops at the first failure. A folder that is not there has none. */
pf_status pf_history_each(const char *folder,
			  pf_status (*visit)(void *context, const char *name, pf_error *error), void *context,
			  pf_error *error);

#endif
