/* Records of runs in formats that others read. Each renders the stored record and nothing else, so that it
 * works on any that was kept. Results that were not checked, or are invalid, have no time in any of them. */
#ifndef HARNESS_EXPORT_H
#define HARNESS_EXPORT_H

#include <jansson.h>
#include <stdio.h>

/* The caller checks the stream for errors. Members that the record lacks were not measured: they are left
 * out, or empty cells. */
void pf_export_csv(const json_t *record, FILE *stream);         /* raw trials, a row each (RFC 4180) */
void pf_export_benchmark(const json_t *record, FILE *stream);   /* Google Benchmark's JSON */
void pf_export_openmetrics(const json_t *record, FILE *stream); /* OpenMetrics text, version 1.0.0 */
void pf_export_markdown(const json_t *record, FILE *stream);    /* a summary for a comment */
void pf_export_junit(const json_t *record, FILE *stream);       /* JUnit XML, a test case for each step */

#endif
