/* Figures that should be whole numbers, of those who may have told anything. */
#ifndef PHOTOFINISH_WHOLE_NUMBER_H
#define PHOTOFINISH_WHOLE_NUMBER_H

#include <stdint.h>

/* The value without its fraction; 0 for what is below 1 or no number, UINT32_MAX for what is above that: C
 * says nothing of such a cast. */
static inline uint32_t pf_whole_number(double value)
{
	return value >= (double)UINT32_MAX ? UINT32_MAX : value >= 1.0 ? (uint32_t)value : 0;
}

#endif
