/* The history for people: a list of records, and the ratios of one step through them. */
#ifndef HARNESS_HISTORY_TABLE_H
#define HARNESS_HISTORY_TABLE_H

#include <stdio.h>

#include "harness/history/history.h"

typedef struct pf_history_table pf_history_table;

/* Collects what pf_history_list and pf_history_trend visit; prints and frees it. Aborts without memory. */
pf_history_table *pf_history_table_list(void);
pf_history_table *pf_history_table_trend(void);
void pf_history_table_entry(void *table, const pf_history_entry *entry);
void pf_history_table_point(void *table, const pf_history_point *point);

/* Returns how many rows there were; without any nothing is printed. */
size_t pf_history_table_end(pf_history_table *table, FILE *stream);

#endif
