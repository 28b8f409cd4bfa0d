/* Which way photos took by their size: what a preset's table says of each (photofinish/preset.h). */
#ifndef HARNESS_PATHS_H
#define HARNESS_PATHS_H

#include "harness/scores/outcomes.h"
#include "photofinish/preset.h"

/* Scored photos whose planes were decoded whole, at half and at a quarter of each side. */
typedef struct pf_paths {
	size_t whole, half, quarter;
} pf_paths;

pf_paths pf_paths_of(uint32_t preset, const pf_outcomes *outcomes);

/* "497 decoded to half, 3 whole"; "" without photos. Returns `out`. */
#define PF_PATHS_TEXT 120
char *pf_paths_text(const pf_paths *paths, char out[PF_PATHS_TEXT]);

#endif
