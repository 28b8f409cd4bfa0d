/* Names of functions: of files by libdw (their symbols, and separate debug files where they are installed),
 * of code made at run time by the map that its maker wrote (/tmp/perf-PID.map, as Linux' perf reads it), of
 * the kernel by /proc/kallsyms. */
#ifndef HARNESS_SYMBOLS_H
#define HARNESS_SYMBOLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/profile/process_maps.h"

typedef struct pf_symbols pf_symbols;

/* NULL without memory. */
pf_symbols *pf_symbols_open(const pf_maps *maps);
void pf_symbols_close(pf_symbols *symbols); /* NULL is fine */

/* The name of the function there, in `out`; a return address is looked up one byte before it. False where
 * there is none: then `out` says what is known. */
bool pf_symbols_name(pf_symbols *symbols, pf_place_in_object place, bool returns, char *out, size_t capacity);

#endif
