#ifndef SUBJECT_MIX_H
#define SUBJECT_MIX_H

#include <stdint.h>

enum { WORDS = 4096, ROOM = 2048, SIFTED = 160 };
#define SLOWER_PERCENT 10

uint64_t mix(uint64_t *words, int count);
void sift(uint64_t *words, int count);

#endif
