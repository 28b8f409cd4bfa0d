#include "photofinish/image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ALIGNMENT_BYTES 64u

pf_status pf_image_reserve(pf_image *image, size_t bytes, pf_error *error)
{
	if (bytes <= image->capacity_bytes) {
		return PF_OK;
	}
	if (image->lent) {
		return pf_fail(error, PF_ERR_MEMORY_LIMIT, NULL,
			       "the planes take %zu bytes, the buffer that was lent has %zu", bytes,
			       image->capacity_bytes);
	}
	size_t rounded = (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
	uint8_t *grown = rounded >= bytes ? aligned_alloc(ALIGNMENT_BYTES, rounded) : NULL;
	if (!grown) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate %zu bytes for the planes",
			       bytes);
	}
	free(image->buffer);
	*image = (pf_image){.orientation = image->orientation,
			    .flaws = image->flaws,
			    .file_bytes = image->file_bytes,
			    .exposure = image->exposure,
			    .buffer = grown,
			    .capacity_bytes = rounded};
	return PF_OK;
}

void pf_image_release(pf_image *image)
{
	if (!image->lent) {
		free(image->buffer);
	}
	*image = (pf_image){0};
}

const char *pf_flaws_text(uint32_t flaws, char out[PF_FLAWS_TEXT])
{
#define PF_FLAW_ROW(constant, bit, text) {constant, text},
	static const struct {
		uint32_t bit;
		const char *text;
	} list[] = {PF_FLAW_LIST(PF_FLAW_ROW)};
#undef PF_FLAW_ROW
	out[0] = '\0';
	for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
		size_t used = strlen(out);
		if (flaws & list[i].bit) {
			snprintf(out + used, PF_FLAWS_TEXT - used, "%s%s", used ? ", " : "", list[i].text);
		}
	}
	return out;
}
