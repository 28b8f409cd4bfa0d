/* Values of records: written so that what was not measured is null, read so that what has another form was
 * not measured.
 */
#ifndef HARNESS_JSON_VALUES_H
#define HARNESS_JSON_VALUES_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* New references. */
json_t *pf_json_integer(uint64_t value);
json_t *pf_json_integer_or_null(uint64_t value, bool known);
json_t *pf_json_string_or_null(const char *text); /* null for NULL and "" */

/* Members of an object (NULL: it has none). A count is an integer of at least 0, a real a number of at least
 * 0 that is finite. */
uint64_t pf_json_count(const json_t *object, const char *key, uint64_t otherwise);
double pf_json_real(const json_t *object, const char *key, double otherwise);
const char *pf_json_string(const json_t *object, const char *key); /* "" where it is none */

/* A text that may be shown (plain_text.h), cut to fit. */
void pf_json_plain(const json_t *object, const char *key, char *out, size_t capacity);

/* Every text of a document as it may be shown (plain_text.h), whole. Keys are left as they are. */
void pf_json_make_plain(json_t *json);

/* `count` bytes of hexadecimal digits; all 0 where it is none. */
void pf_json_bytes(const json_t *object, const char *key, uint8_t *out, size_t count);

#endif
