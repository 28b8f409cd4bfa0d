/* Commands and their options: one table yields parsing, defaults and help. */
#ifndef HARNESS_OPTIONS_H
#define HARNESS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/base/named_files.h"
#include "photofinish/status.h"

/* Exit codes of every command. */
enum pf_exit {
	PF_EXIT_OK = 0,
	PF_EXIT_FAIL = 1,      /* a regression, or output that differs */
	PF_EXIT_ERROR = 2,     /* usage, input or run-time error, or nothing valid was measured */
	PF_EXIT_UNDECIDED = 3, /* by the commands whose help names it */
	PF_EXIT_INTERRUPTED = 130,
};

typedef enum pf_arg_type {
	PF_ARG_FLAG,   /* bool: set by being there */
	PF_ARG_TEXT,   /* const char * */
	PF_ARG_MAYBE,  /* const char *: the value is joined by "=" and may be left out: "" */
	PF_ARG_OUTPUT, /* const char *: a file to write, "-" for standard output */
	PF_ARG_INPUT,  /* const char *: a file that is read */
	PF_ARG_NUMBER, /* double, within least..most; of a metavar PERCENT also "0.5%" */
	PF_ARG_TIME,   /* double: seconds, within least..most; "90s", "10min", "2h" */
	PF_ARG_SIZE,   /* double: megabytes, within least..most; "512MB", "2GB" */
	PF_ARG_COUNT,  /* uint32_t, within least..most */
	PF_ARG_SEED,   /* uint64_t; `given` says whether it was */
	PF_ARG_LIST,   /* pf_texts: may stand several times */
	PF_ARG_INPUTS, /* the same for files that are read */
	PF_ARG_WORDS,  /* pf_texts: each time as many words as `least` says */
	PF_ARG_CHOICE, /* const char *, one of the words in `metavar`, divided by "|" */
} pf_arg_type;

#define PF_MAX_TEXTS 32

typedef struct pf_texts {
	const char *texts[PF_MAX_TEXTS];
	size_t count;
} pf_texts;

typedef struct pf_arg {
	const char *name; /* without the dashes; NULL ends a table */
	char letter;      /* short form, 0 for none */
	pf_arg_type type;
	void *target;        /* holds the default before parsing */
	const char *metavar; /* NULL for flags */
	const char *help;    /* one sentence without a final stop, with the default where there is one; NULL:
			      * another name    of an option, which help leaves out */
	double least, most;
	bool *given; /* set if the option is there; may be NULL */
} pf_arg;

typedef struct pf_command {
	const char *name, *operands, *summary, *details;
	int least_operands, most_operands; /* most -1: any number */
	int (*run)(const struct pf_command *command, int argc, char **argv);
	bool hidden;
} pf_command;

/* Parses argv[1..]; options may stand anywhere, "--" ends them. On success *operands points to the *count
 * operands (argv is permuted). Returns -1 to go on, otherwise the exit status: --help was asked for and
 * printed, or the usage error was printed. */
int pf_options_parse(const pf_command *command, const pf_arg *table, int argc, char **argv, char ***operands,
		     int *count);

/* From now on pf_options_parse hands command and table to `take` and parses nothing: it returns PF_EXIT_OK.
 * NULL: it parses again. For described.h. */
void pf_options_describe(void (*take)(void *context, const pf_command *command, const pf_arg *table),
			 void *context);

/* PF_ERR_USAGE if a file that the command line just parsed wants written is a photo of `dataset`, or its
 * manifest (a path; NULL: it has none). That such files are no two the same, nor one that is read, is checked
 * in parsing. */
pf_status pf_options_spare(const pf_dataset *dataset, const char *manifest, pf_error *error);

/* Columns that help texts take. */
#define PF_HELP_COLUMNS 80

/* `text` in lines of PF_HELP_COLUMNS; an empty line parts paragraphs. */
void pf_help_paragraphs(const char *text, FILE *stream);

void pf_options_help(const pf_command *command, const pf_arg *table, FILE *stream);

/* "photofinish: FILE: message" on standard error, names escaped. Returns PF_EXIT_ERROR, or
 * PF_EXIT_INTERRUPTED for a cancelled one. */
int pf_report_error(const pf_error *error);

/* The same for a message of the command line's own. */
int pf_usage_error(const pf_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* All commands, ended by one without a name (cli.c). */
extern const pf_command pf_commands[];

#endif
