/* Figures as text. Each function writes into `out` (at least PF_TEXT bytes) and returns it. */
#ifndef HARNESS_TEXT_H
#define HARNESS_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/stats/student.h"

#define PF_TEXT 64

char *pf_text_seconds(double seconds, char *out);          /* "46.1 s", "0.61 s", "12 ms", "3 h 06 min" */
char *pf_text_time(const pf_interval *seconds, char *out); /* "46.1 s +-0.8" */
char *pf_text_bytes(double bytes, char *out);              /* "142 MB", "1.6 GB": powers of ten */
char *pf_text_gain(const pf_interval *speedup,
		   char *out); /* "+21 % (19 to 24)", "-31 % (-35 to -28) slower" */

char *pf_text_factor(const pf_interval *speedup, char *out); /* "1.21x (1.19 to 1.24)" */

/* A bound: with so many digits behind the point, or "1.2e+09" where it is so large that digits say nothing.
 */
char *pf_text_bound(double value, int digits, char *out);

/* "s" unless count is 1. */
const char *pf_text_plural(size_t count);

/* Columns of a terminal that `text` takes: code points of its UTF-8, none wide. */
size_t pf_text_width(const char *text);

/* Columns of the terminal that `fd` is; else what the environment's COLUMNS says; else 0: unlimited. */
int pf_text_columns(int fd);

/* Prints `text` in lines of at most `columns` (0: unlimited), broken at blanks, each of them indented by
 * `indent` columns; the first one is taken to have `used` columns already and gets no indent. Ends the line.
 */
void pf_text_wrap(FILE *stream, const char *text, int columns, int indent, int used);

/* The same from where `used` columns have been printed, without ending the line: the first word stays on it
 * if it fits, or if nothing but the indent stands there. */
void pf_text_wrap_on(FILE *stream, const char *text, int columns, int indent, int used);

/* Prints whole lines of text as printf does; those too long for the terminal that `stream` is are wrapped,
 * with what they are indented by. Where it is none, nothing is wrapped. */
void pf_text_say(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A table for people, which fits the terminal that it is printed to (table.c). It finds its own column
 * widths: cells are copied, rows printed with two blanks between the columns. The last cell of a row with
 * fewer cells than columns may run on over the others. Functions abort without memory. */
typedef struct pf_table pf_table;
pf_table *pf_table_create(size_t columns, const bool *right_aligned);
void pf_table_row(pf_table *table, const char *const *cells, size_t count);

/* Prints as wide as the table is where that fits the terminal of `stream` (pf_text_columns), or there is
 * none. Otherwise the columns go, in their order, on as many lines a row as they take, those behind the first
 * indented by two more; the heading likewise, so that all of a column stand below each other. A text in a
 * column that ends a line is wrapped at blanks, never within a word. */
void pf_table_print(const pf_table *table, FILE *stream, const char *indent);
void pf_table_free(pf_table *table);

#endif
