/* Every command with its options, from the tables that it parses its command line with. */
#ifndef HARNESS_DESCRIBED_H
#define HARNESS_DESCRIBED_H

#include "harness/cli/options.h"

typedef struct pf_described {
	char name[48]; /* "run", "dataset make", "compare --commands" */
	const pf_command *command;
	pf_arg *args; /* those that help shows, ended by one without a name; their targets are gone */
} pf_described;

typedef struct pf_described_list {
	pf_described *list;
	size_t count;
} pf_described_list;

/* The commands of this build that are not hidden, in the order of pf_commands; subcommands with tables of
 * their own behind each other. Aborts without memory. Not thread-safe. The caller frees it. */
pf_described_list pf_describe_commands(void);
void pf_described_free(pf_described_list *list);

/* The man page (troff's man macros), and what it is: docs/formats.md. */
void pf_man_page(const pf_described_list *all, FILE *stream);

/* Completion for "bash", "zsh" or "fish". */
void pf_completion_bash(const pf_described_list *all, FILE *stream);
void pf_completion_zsh(const pf_described_list *all, FILE *stream);
void pf_completion_fish(const pf_described_list *all, FILE *stream);

#endif
