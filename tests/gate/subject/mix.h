#ifndef SUBJECT_MIX_H
#define SUBJECT_MIX_H

#include <stdint.h>

enum { WORDS = 4096, SIFTED = 160 };

extern const char *const places[7];

uint64_t mix(uint64_t *words, int count);
void sift(uint64_t *words, int count);

#endif
