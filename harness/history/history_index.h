/* The history's database: its tables, and how records get into them. */
#ifndef HARNESS_HISTORY_INDEX_H
#define HARNESS_HISTORY_INDEX_H

#include <sqlite3.h>

#include "harness/history/history.h"

#define PF_HISTORY_VERSION 2 /* of the tables: an index of another one is made anew */

struct pf_history {
	sqlite3 *database;
	char folder[PF_HISTORY_PATH_MAX];
};

/* "index.db: what: SQLite's words". */
pf_status pf_history_failed(const pf_history *history, const char *what, pf_error *error);

/* Opens FOLDER/index.db with its tables; one that is no database or of another version is made anew. */
pf_status pf_history_connect(pf_history *history, pf_error *error);

/* Within one transaction: forgets files that are gone or changed (all of them with `anew`), takes in those
 * that are not there. *records (may be NULL): how many there are then. */
pf_status pf_history_update(pf_history *history, bool anew, pf_history_complaint *complain, size_t *records,
			    pf_error *error);

#endif
