/* Records into the history, when their command ends. */
#ifndef HARNESS_RECORD_KEEPING_H
#define HARNESS_RECORD_KEEPING_H

#include <jansson.h>

#include "harness/history/history_files.h"

/* Rows for commands whose records are kept. */
#define PF_KEEPING_ARGS(text, leave_out)                                             \
	{.name = "label",                                                            \
	 .type = PF_ARG_TEXT,                                                        \
	 .target = &(text),                                                          \
	 .metavar = "TEXT",                                                          \
	 .help = "your own words for the run in its record (a commit, say)"},        \
	{                                                                            \
		.name = "no-history", .type = PF_ARG_FLAG, .target = &(leave_out),   \
		.help = "leave the run out of the history (see photofinish history)" \
	}

/* Keeps a record, and says under which id; `name` (may be NULL) becomes that of its file, "" if it is not
 * kept. A history that is switched off keeps nothing; one that cannot be written is said on standard error
 * and no failure: the run itself did well. */
void pf_keep_record(const json_t *record, char name[PF_HISTORY_NAME_MAX]);

#endif
