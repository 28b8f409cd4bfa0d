/* The history: an SQLite index of the kept records (history_files.h). The records are the truth; the index is
 * brought up to date whenever it is opened, and can be made anew from them. */
#ifndef HARNESS_HISTORY_H
#define HARNESS_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/history/history_files.h"
#include "harness/history/history_row.h"

typedef struct pf_history pf_history;

/* Hears of each file in the history that is no good record: its path is error->file. May be NULL. */
typedef void pf_history_complaint(const pf_error *error);

/* Opens the history of a folder (made where it is missing), takes in records that the index does not have and
 * forgets those whose files are gone. A damaged index is made anew; damaged records are told of and left out.
 * Several processes may have it open. PF_ERR_IO, PF_ERR_NO_MEMORY, PF_ERR_INTERNAL: the database failed. */
pf_status pf_history_open(const char *folder, pf_history_complaint *complain, pf_history **out,
			  pf_error *error);
void pf_history_close(pf_history *history);

/* The same for records that came since it was opened. */
pf_status pf_history_refresh(pf_history *history, pf_history_complaint *complain, pf_error *error);

/* Empties the index and reads every record again, all or nothing. *records: how many it holds then. */
pf_status pf_history_rebuild(pf_history *history, pf_history_complaint *complain, size_t *records,
			     pf_error *error);

/* Which records: NULL and 0 mean all. */
typedef struct pf_history_filter {
	const char *dataset, *variant; /* the names of a dataset and of a step, whole */
	const char *machine;           /* its first characters */
	uint32_t last;                 /* the newest so many of those */
} pf_history_filter;

typedef struct pf_history_entry {
	const char *id, *file; /* of the file in the folder of records */
	pf_history_row row;
} pf_history_entry;

/* Visits records, the oldest first. What is pointed to is valid during the visit. */
pf_status pf_history_list(pf_history *history, const pf_history_filter *filter,
			  void (*visit)(void *context, const pf_history_entry *entry), void *context,
			  pf_error *error);

typedef struct pf_history_point {
	pf_history_entry record;
	const char *other; /* the step that it was put against */
	uint32_t workers;
	pf_interval ratio; /* how many times as fast, paired by round within that record */
} pf_history_point;

/* Visits the ratios of step `filter->variant`, the oldest first: against its parent, the baseline, or the
 * other one of a comparison. Never a time: those of different records say nothing about each other. */
pf_status pf_history_trend(pf_history *history, pf_history_kind kind, const pf_history_filter *filter,
			   void (*visit)(void *context, const pf_history_point *point), void *context,
			   pf_error *error);

/* The path of the record with this id, of which the first four characters or more are given; "last" is the
 * newest one, with `runs` of those that are of runs. PF_ERR_NOT_FOUND if there is none, PF_ERR_USAGE if it
 * may be several. */
pf_status pf_history_find(pf_history *history, const char *id, bool runs, char path[PF_HISTORY_PATH_MAX],
			  pf_error *error);

#endif
