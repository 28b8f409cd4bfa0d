#include "harness/base/json_values.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/stats/enough.h"

json_t *pf_json_integer(uint64_t value)
{
	return json_integer((json_int_t)value);
}

json_t *pf_json_integer_or_null(uint64_t value, bool known)
{
	return known ? pf_json_integer(value) : json_null();
}

json_t *pf_json_string_or_null(const char *text)
{
	return text && text[0] ? json_string(text) : json_null();
}

uint64_t pf_json_count(const json_t *object, const char *key, uint64_t otherwise)
{
	const json_t *member = json_object_get(object, key);
	return json_is_integer(member) && json_integer_value(member) >= 0
		       ? (uint64_t)json_integer_value(member)
		       : otherwise;
}

double pf_json_real(const json_t *object, const char *key, double otherwise)
{
	const json_t *member = json_object_get(object, key);
	double value = json_number_value(member);
	return json_is_number(member) && isfinite(value) && value >= 0 ? value : otherwise;
}

const char *pf_json_string(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text ? text : "";
}

void pf_json_plain(const json_t *object, const char *key, char *out, size_t capacity)
{
	pf_plain_text(pf_json_string(object, key), out, capacity);
}

static int digit_of(char digit)
{
	static const char digits[] = "0123456789abcdef";
	const char *found = digit ? strchr(digits, digit) : NULL;
	return found ? (int)(found - digits) : -1;
}

void pf_json_bytes(const json_t *object, const char *key, uint8_t *out, size_t count)
{
	const char *text = pf_json_string(object, key);
	bool whole = strlen(text) == 2 * count;
	memset(out, 0, count);
	for (size_t i = 0; whole && i < 2 * count; i++) {
		int digit = digit_of(text[i]);
		whole = digit >= 0;
		out[i / 2] = (uint8_t)(out[i / 2] | (whole ? digit << (i % 2 ? 0 : 4) : 0));
	}
	if (!whole) {
		memset(out, 0, count);
	}
}

void pf_json_make_plain(json_t *json)
{
	size_t index;
	const char *key;
	json_t *value;
	if (json_is_array(json)) {
		json_array_foreach(json, index, value)
		{
			pf_json_make_plain(value);
		}
	} else if (json_is_object(json)) {
		json_object_foreach(json, key, value)
		{
			pf_json_make_plain(value);
		}
	} else if (json_is_string(json)) {
		const size_t capacity = json_string_length(json) + 8;
		char *plain = malloc(capacity);
		if (!plain) {
			pf_out_of_memory();
		}
		json_string_set(json, pf_plain_text(json_string_value(json), plain, capacity));
		free(plain);
	}
}
