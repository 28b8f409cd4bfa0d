/* Parameters of command lines: {NAME} stands for one value after another. Pure but for the memory of texts.
 */
#ifndef HARNESS_PARAMETERS_H
#define HARNESS_PARAMETERS_H

#include <stddef.h>

#include "harness/bench/bench.h"
#include "harness/cli/options.h"
#include "photofinish/status.h"

#define PF_PARAMETERS_MOST 8

typedef struct pf_parameter {
	char *name;
	char **values;
	size_t count;
} pf_parameter;

typedef struct pf_parameters {
	pf_parameter list[PF_PARAMETERS_MOST];
	size_t count;
} pf_parameters;

/* From pairs NAME VALUE,VALUE,... (`lists`; "\," is a comma within a value) and triples NAME FIRST LAST
 * (`scans`), of which those with a step in `steps`, in their order, go by that: decimal numbers, with as many
 * decimals as they are written with. The scans come first. PF_ERR_USAGE says what is wrong. Freed by
 * pf_parameters_free in any case. */
pf_status pf_parameters_parse(const pf_texts *scans, const pf_texts *steps, const pf_texts *lists,
			      pf_parameters *out, pf_error *error);
void pf_parameters_free(pf_parameters *parameters);

/* Combinations of values: 1 without parameters. The first parameter changes fastest. */
size_t pf_parameters_combinations(const pf_parameters *parameters);

/* The values of combination 0, 1, ...: names and values belong to `parameters`. */
void pf_parameters_take(const pf_parameters *parameters, size_t combination,
			pf_bench_parameter out[PF_PARAMETERS_MOST]);

/* `text` with {NAME} replaced by its value wherever it stands; on the heap. */
char *pf_parameters_put(const char *text, const pf_bench_parameter *values, size_t count);

/* The words of a command line, as a shell divides it by blanks, quotes and backslashes, and nothing else of
 * what a shell does; on the heap, NULL at the end. NULL: a quote is open, or there is no word. */
char **pf_split_words(const char *line);
void pf_free_words(char **words); /* NULL is fine */

#endif
