/* The library: checksums. */
#ifndef SUMS_H
#define SUMS_H

#include <stddef.h>
#include <stdint.h>

uint32_t sums_adler32(const unsigned char *bytes, size_t count);

#endif
