/* What a reader has to know before believing the figures of timed commands: the one list of it, which the
 * table and every export render. */
#ifndef HARNESS_BENCH_CAVEATS_H
#define HARNESS_BENCH_CAVEATS_H

#include <stddef.h>
#include <stdint.h>

#include "harness/bench/bench.h"

#define PF_BENCH_ALL SIZE_MAX /* in place of a command: what is to be known of all */
#define PF_BENCH_CAVEAT 400   /* bytes that a text takes at most */

/* Calls `take` for each; `text` is one line without a full stop, its gist stands before a colon where it has
 * one.
 */
void pf_bench_caveats(const pf_bench *bench, size_t command, void (*take)(void *context, const char *text),
		      void *context);

/* Runs among the whole rounds that ended with another status than 0, or by a signal. */
uint32_t pf_bench_failures(const pf_bench *bench, size_t command);

#endif
