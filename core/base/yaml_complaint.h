/* What libcyaml says of a file that it refuses, in a user's terms. Pure text. */
#ifndef PHOTOFINISH_YAML_COMPLAINT_H
#define PHOTOFINISH_YAML_COMPLAINT_H

#include <stddef.h>

#define PF_YAML_DEPTH 6

/* Zeroed to begin with; lines of libcyaml's log go in one by one. */
typedef struct pf_yaml_complaint {
	char what[160]; /* the first line: what is wrong */
	char where[PF_YAML_DEPTH]
		  [64];       /* innermost first: a field's name, "[3]", or "" for a mapping as such */
	unsigned depth, line; /* line 0: not said */
} pf_yaml_complaint;

void pf_yaml_complaint_add(pf_yaml_complaint *complaint, const char *line);

/* "weights.sharpness: expected a number, not \"abc\", line 3" into out[capacity]; `text` is the file's. Empty
 * where nothing was said. */
void pf_yaml_complaint_text(const pf_yaml_complaint *complaint, const char *text, char *out, size_t capacity);

#endif
