#include "sums.h"

uint32_t sums_adler32(const unsigned char *bytes, size_t count)
{
	uint32_t a = 1, b = 0;
	for (size_t i = 0; i < count;) {
		size_t end = count - i > 5552 ? i + 5552 : count; /* so long b fits 32 bits */
		for (; i < end; i++) {
			a += bytes[i];
			b += a;
		}
		a %= 65521;
		b %= 65521;
	}
	return b << 16 | a;
}
