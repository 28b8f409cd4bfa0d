/* What one sidecar says of one photo, put into an XMP document. */
#ifndef HARNESS_XMP_DOCUMENT_H
#define HARNESS_XMP_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/status.h"

typedef struct pf_xmp_facts {
	double score;
	uint32_t burst, rank;
	int rating; /* 1 to 5 */
	bool pick;
	const char *caveat; /* NULL: none */
} pf_xmp_facts;

typedef struct pf_xmp_text {
	char *bytes; /* with room for `capacity` */
	size_t capacity, count;
	bool changed; /* it is not what was there */
	bool yours;   /* somebody else's rating or flag was kept */
} pf_xmp_text;

/* Puts the facts into the `count` bytes of a document, or into a new one where `old` is NULL. Damaged XML, or
 * XML that is no XMP, is PF_ERR_INVALID; a result that has no room is PF_ERR_NO_MEMORY. What error says names
 * no file. */
pf_status pf_xmp_merge(const char *old, size_t count, const pf_xmp_facts *facts, pf_xmp_text *out,
		       pf_error *error);

#endif
