/* The order in which a dataset's photos are read for burst detection: near to that of capture, by names
 * alone. */
#ifndef PHOTOFINISH_NAME_ORDER_H
#define PHOTOFINISH_NAME_ORDER_H

#include <stdint.h>

#include "photofinish/dataset.h"

/* -1, 0 or 1: by folder; then by a date and time in the name (14 digits, or 8 and 6, that may be told apart
 * by one character) where both names have one; then as people count: runs of digits by their value, the rest
 * by bytes. */
int pf_name_compare(const char *a, const char *b);

/* Indices of all photos. Where the numbers of a folder's names of one kind run over (9999, 0001), those
 * before the largest gap come last. The caller frees *out; PF_ERR_NO_MEMORY. */
pf_status pf_name_order(const pf_dataset *dataset, uint32_t **out, pf_error *error);

#endif
