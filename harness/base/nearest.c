#include "harness/base/nearest.h"

#include <stdio.h>
#include <string.h>

enum { MOST = PF_NEAREST - 1 };

static size_t least_of(size_t a, size_t b, size_t c)
{
	size_t least = a < b ? a : b;
	return least < c ? least : c;
}

/* Edits from one word to the other (optimal string alignment). Both have at most MOST letters. */
static size_t edits(const char *a, const char *b)
{
	size_t before[PF_NEAREST], last[PF_NEAREST], row[PF_NEAREST], m = strlen(a), n = strlen(b);
	for (size_t j = 0; j <= n; j++) {
		last[j] = j;
	}
	memcpy(before, last, sizeof before);
	for (size_t i = 1; i <= m; i++) {
		row[0] = i;
		for (size_t j = 1; j <= n; j++) {
			row[j] = least_of(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    before[j - 2] + 1 < row[j]) {
				row[j] = before[j - 2] + 1;
			}
		}
		memcpy(before, last, sizeof before);
		memcpy(last, row, sizeof last);
	}
	return last[n];
}

void pf_nearest_try(pf_nearest *nearest, const char *name)
{
	size_t length = strlen(nearest->word);
	if (!length || length > MOST || !name[0] || strlen(name) > MOST) {
		return;
	}
	/* What was begun counts as one edit: journ, para. */
	size_t found = length >= 3 && strncmp(name, nearest->word, length) == 0 ? 1
										: edits(nearest->word, name);
	if (found <= (length > 4 ? 2u : 1u) && (!nearest->name[0] || found < nearest->least)) {
		nearest->least = found;
		snprintf(nearest->name, sizeof nearest->name, "%s", name);
	}
}

const char *pf_nearest_hint(const pf_nearest *nearest, char *out)
{
	out[0] = '\0';
	if (nearest->name[0]) {
		snprintf(out, PF_NEAREST + 32, "; did you mean %s?", nearest->name);
	}
	return out;
}
