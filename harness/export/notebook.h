/* The lab notebook: a record of a run (docs/run-schema.json) as Markdown. One renderer, for a run that just
 * ended and for a stored record: the same bytes. */
#ifndef HARNESS_NOTEBOOK_H
#define HARNESS_NOTEBOOK_H

#include <jansson.h>
#include <stdio.h>

/* Begins the line of a notebook that says that its run was not finished. */
#define PF_NOTEBOOK_PARTIAL "**PARTIAL**"

/* Machine, dataset and rounds; every step with what was thought and what came of it; where the time goes; the
 * claims and the goal. Of what the record lacks nothing is told. Names are escaped. */
void pf_notebook_print(const json_t *record, FILE *stream);

#endif
