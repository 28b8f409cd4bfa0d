/* Programs from outside as variants: any command line that reads a dataset's folder and writes score records
 * (docs/plugins.md). */
#ifndef HARNESS_COMMAND_H
#define HARNESS_COMMAND_H

#include <stdint.h>

#include "harness/scores/tolerance.h"
#include "photofinish/status.h"
#include "photofinish/variant.h"

/* What the process of a trial tells of the command that it runs, in the memory it shares with the harness: no
 * bool is in it, whose other values are undefined. */
typedef struct pf_command_note {
	uint64_t begin_ns, end_ns; /* its exec, and when it was reaped; 0: not come to that */
	uint32_t wrote_nothing;    /* not 0: it ended well without a single record */
	pf_tolerance tolerance;
} pf_command_note;

/* Variant NAME of a text NAME='COMMAND LINE', on the heap. PF_ERR_USAGE says what is wrong with the text. */
pf_status pf_command_parse(const char *text, struct pf_variant **out, pf_error *error);
void pf_command_free(struct pf_variant *command); /* NULL is fine */

/* In the process of a trial: which command line its variant runs, on which view of the dataset, and where it
 * tells of it. */
void pf_command_attach(const char *command, const char *view, pf_command_note *note);

#endif
