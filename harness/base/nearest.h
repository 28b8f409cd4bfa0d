/* The name that was meant. */
#ifndef HARNESS_NEAREST_H
#define HARNESS_NEAREST_H

#include <stddef.h>

#define PF_NEAREST 80

typedef struct pf_nearest {
	const char *word; /* what was written */
	size_t least;     /* edits to the nearest name so far; 0 before the first */
	char name[PF_NEAREST];
} pf_nearest;

/* Takes one name of those that could be meant; begin with {.word = WORD}. */
void pf_nearest_try(pf_nearest *nearest, const char *name);

/* "; did you mean NAME?" in `out` (PF_NEAREST + 32 bytes), or "" where no name is near: an edit is a letter
 * more, less, another one or exchanged with the next; one is near for up to four letters, two for more.
 * Returns `out`. */
const char *pf_nearest_hint(const pf_nearest *nearest, char *out);

#endif
