#include "core/photo/name_order.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define STAMP_DIGITS 14

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static size_t digits_at(const char *text)
{
	size_t count = 0;
	while (is_digit(text[count])) {
		count++;
	}
	return count;
}

static int number_of(const char *digits, int count)
{
	int value = 0;
	for (int i = 0; i < count; i++) {
		value = value * 10 + (digits[i] - '0');
	}
	return value;
}

static bool is_stamp(const char digits[STAMP_DIGITS])
{
	int year = number_of(digits, 4), month = number_of(digits + 4, 2), day = number_of(digits + 6, 2);
	return year >= 1980 && year < 2200 && month >= 1 && month <= 12 && day >= 1 && day <= 31 &&
	       number_of(digits + 8, 2) <= 24 && number_of(digits + 10, 2) < 60 &&
	       number_of(digits + 12, 2) <= 60;
}

/* YYYYMMDDHHMMSS of a name. */
static bool stamp_of(const char *name, char stamp[STAMP_DIGITS])
{
	for (const char *at = name; *at; at += digits_at(at) ? digits_at(at) : 1) {
		size_t count = digits_at(at);
		if (count >= STAMP_DIGITS) {
			memcpy(stamp, at, STAMP_DIGITS);
		} else if (count == 8 && at[8] && digits_at(at + 9) >= 6) {
			memcpy(stamp, at, 8);
			memcpy(stamp + 8, at + 9, 6);
		} else {
			continue;
		}
		if (is_stamp(stamp)) {
			return true;
		}
	}
	return false;
}

static int compare_numbers(const char **a, const char **b)
{
	size_t in_a = digits_at(*a), in_b = digits_at(*b);
	const char *from_a = *a, *from_b = *b;
	*a += in_a;
	*b += in_b;
	while (in_a > 0 && *from_a == '0') {
		from_a++;
		in_a--;
	}
	while (in_b > 0 && *from_b == '0') {
		from_b++;
		in_b--;
	}
	int by_value = in_a == in_b ? strncmp(from_a, from_b, in_a) : in_a < in_b ? -1 : 1;
	return (by_value > 0) - (by_value < 0);
}

/* Up to the ends, which are behind a / or the last byte. */
static int compare_natural(const char *a, const char *end_a, const char *b, const char *end_b)
{
	const char *left = a, *right = b;
	while (left < end_a && right < end_b) {
		if (is_digit(*left) && is_digit(*right)) {
			int by_value = compare_numbers(&left, &right);
			if (by_value != 0) {
				return by_value;
			}
		} else if (*left != *right) {
			return (unsigned char)*left < (unsigned char)*right ? -1 : 1;
		} else {
			left++;
			right++;
		}
	}
	if (left < end_a || right < end_b) {
		return right < end_b ? -1 : 1;
	}
	size_t shorter = (size_t)(end_a - a < end_b - b ? end_a - a : end_b - b);
	int by_bytes = strncmp(a, b, shorter);
	return by_bytes != 0 ? (by_bytes > 0) - (by_bytes < 0)
			     : (end_a - a > end_b - b) - (end_a - a < end_b - b);
}

int pf_name_compare(const char *a, const char *b)
{
	const char *name_a = base_of(a), *name_b = base_of(b);
	size_t folder_a = (size_t)(name_a - a), folder_b = (size_t)(name_b - b);
	if (folder_a != folder_b || memcmp(a, b, folder_a) != 0) {
		return compare_natural(a, name_a, b, name_b);
	}
	char stamp_a[STAMP_DIGITS], stamp_b[STAMP_DIGITS];
	bool has_a = stamp_of(name_a, stamp_a), has_b = stamp_of(name_b, stamp_b);
	if (has_a != has_b) {
		return has_a ? -1 : 1;
	}
	int by_stamp = has_a ? memcmp(stamp_a, stamp_b, STAMP_DIGITS) : 0;
	return by_stamp != 0
		       ? (by_stamp > 0) - (by_stamp < 0)
		       : compare_natural(name_a, name_a + strlen(name_a), name_b, name_b + strlen(name_b));
}

static int by_name(const void *a, const void *b, void *dataset)
{
	const pf_dataset_photo *photos = ((const pf_dataset *)dataset)->photos;
	return pf_name_compare(photos[*(const uint32_t *)a].path, photos[*(const uint32_t *)b].path);
}

/* The number that a camera counts by: the last four digits at least of a name, and where they begin. */
static int counter_of(const char *path, size_t *begin)
{
	size_t end = strlen(path);
	while (end > 0 && path[end - 1] != '/' && !is_digit(path[end - 1])) {
		end--;
	}
	size_t from = end;
	while (from > 0 && is_digit(path[from - 1])) {
		from--;
	}
	*begin = from;
	return end - from == 4 ? number_of(path + from, 4) : -1;
}

/* From behind the largest gap of a run of names that differ in their counters, if that begins at the
 * counter's start and ends at its end. */
static void turn_run(const pf_dataset *dataset, uint32_t *order, size_t count, uint32_t *spare)
{
	size_t begin, widest_at = 0;
	int first = counter_of(dataset->photos[order[0]].path, &begin), widest = 1, before = first;
	for (size_t i = 1; i < count; i++) {
		int number = counter_of(dataset->photos[order[i]].path, &begin);
		if (number - before > widest) {
			widest = number - before;
			widest_at = i;
		}
		before = number;
	}
	if (first > 1 || before < 9998 || widest_at == 0) {
		return;
	}
	memcpy(spare, order, widest_at * sizeof *order);
	memmove(order, order + widest_at, (count - widest_at) * sizeof *order);
	memcpy(order + count - widest_at, spare, widest_at * sizeof *order);
}

static void turn_counters(const pf_dataset *dataset, uint32_t *order, uint32_t *spare)
{
	for (size_t first = 0, end; first < dataset->count; first = end) {
		size_t begin, other;
		const char *path = dataset->photos[order[first]].path;
		int number = counter_of(path, &begin);
		for (end = first + 1; number >= 0 && end < dataset->count; end++) {
			const char *next = dataset->photos[order[end]].path;
			if (counter_of(next, &other) < 0 || other != begin ||
			    memcmp(path, next, begin) != 0) {
				break;
			}
		}
		if (number >= 0) {
			turn_run(dataset, order + first, end - first, spare);
		}
	}
}

pf_status pf_name_order(const pf_dataset *dataset, uint32_t **out, pf_error *error)
{
	uint32_t *order = calloc(dataset->count + 1, sizeof *order);
	uint32_t *spare = calloc(dataset->count + 1, sizeof *spare);
	*out = order;
	if (!order || !spare) {
		free(order);
		free(spare);
		*out = NULL;
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate an order of %zu photos",
			       dataset->count);
	}
	for (size_t i = 0; i < dataset->count; i++) {
		order[i] = (uint32_t)i;
	}
	qsort_r(order, dataset->count, sizeof *order, by_name, (void *)dataset);
	turn_counters(dataset, order, spare);
	free(spare);
	return PF_OK;
}
