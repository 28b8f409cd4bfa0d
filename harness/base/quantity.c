#include "harness/base/quantity.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct unit {
	const char *name;
	double factor;
};

static bool parse(const char *text, const struct unit *units, double *value)
{
	char *end;
	double number = strtod(text, &end);
	if (text[0] < '0' || text[0] > '9' || !isfinite(number)) {
		return false;
	}
	end += *end == ' ';
	for (; units->name; units++) {
		if (strcasecmp(end, units->name) == 0) {
			*value = number * units->factor;
			return true;
		}
	}
	return false;
}

bool pf_seconds_parse(const char *text, double *seconds)
{
	static const struct unit units[] = {{"", 1},   {"us", 1e-6}, {"ms", 1e-3}, {"s", 1}, {"min", 60},
					    {"m", 60}, {"h", 3600},  {"d", 86400}, {NULL, 0}};
	return parse(text, units, seconds);
}

bool pf_megabytes_parse(const char *text, double *megabytes)
{
	static const struct unit units[] = {{"", 1},   {"k", 1e-3}, {"kB", 1e-3}, {"M", 1},
					    {"MB", 1}, {"G", 1e3},  {"GB", 1e3},  {NULL, 0}};
	return parse(text, units, megabytes);
}

bool pf_has_unit(const char *text)
{
	size_t length = strlen(text);
	return length && (text[length - 1] < '0' || text[length - 1] > '9') && text[length - 1] != '.';
}
