/* Text of records, which others may have written, for terminals and files of lines. */
#ifndef HARNESS_PLAIN_TEXT_H
#define HARNESS_PLAIN_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* Bytes of the sequence at `at` (UTF-8 that ends in a NUL) that a terminal would obey: C0, DEL, C1,
 * bidirectional controls, or that nobody sees (zero width, tags); 0: none. */
size_t pf_plain_control(const unsigned char *at);

/* Copies UTF-8 with each control as "?"; what does not fit ends in "...". `capacity` >= 8. Returns `out`. */
char *pf_plain_text(const char *text, char *out, size_t capacity);

/* True if a spreadsheet would take a cell for a formula: it begins with one of = + - @ and is no number. */
bool pf_csv_is_formula(const char *text);

/* A cell of a CSV file (RFC 4180): in quotes where it has to be; one that a spreadsheet would take for a
 * formula begins with '. Controls become "?". */
void pf_csv_text(FILE *stream, const char *text);

/* Text of XML 1.0, in attributes too: what it has no way to say (controls, U+FFFE and U+FFFF) becomes "?". */
void pf_xml_text(FILE *stream, const char *text);

#endif
