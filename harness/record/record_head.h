/* What every kind of record begins with, and what the history rests on. */
#ifndef HARNESS_RECORD_HEAD_H
#define HARNESS_RECORD_HEAD_H

#include <jansson.h>

#define PF_STARTED 32 /* bytes of a start's text */

typedef struct pf_record_head {
	const char *command; /* "time", "load", ... */
	const char *label;   /* the user's own words, or NULL */
	char started[PF_STARTED];
} pf_record_head;

/* "2026-11-28T00:08:12Z": now, in UTC. Returns `out`. */
char *pf_started_now(char out[PF_STARTED]);

/* The user's own words as valid UTF-8 without controls, null where there are none. A new reference. */
json_t *pf_label_json(const char *label);

/* Puts command, start, label and environment into a record. */
void pf_record_head_put(json_t *record, const pf_record_head *head);

#endif
