/* Times and sizes as people write them, with their units. */
#ifndef HARNESS_QUANTITY_H
#define HARNESS_QUANTITY_H

#include <stdbool.h>

/* What the two take, for messages. */
#define PF_SECONDS_FORMS "a time as 200ms, 90s, 10min or 2h (seconds without a unit)"
#define PF_MEGABYTES_FORMS "a size as 512MB or 2GB (MB without a unit)"

/* "90", "90s", "1.5 h" to seconds; "m" is a minute. False, with *seconds as it was, for what is no number of
 * such a unit, infinite or negative. */
bool pf_seconds_parse(const char *text, double *seconds);

/* "512", "512MB", "2G" to megabytes (powers of ten), the same way. */
bool pf_megabytes_parse(const char *text, double *megabytes);

/* Whether a unit stands behind the number. */
bool pf_has_unit(const char *text);

#endif
