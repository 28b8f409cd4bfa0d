#include "harness/show/caveat_lines.h"

#include "harness/base/text.h"
#include "harness/record/notebook_parts.h"

void pf_caveats_print(const json_t *record, FILE *stream)
{
	size_t index;
	const json_t *caveat;
	json_array_foreach(json_object_get(record, "caveats"), index, caveat)
	{
		pf_text_wrap(stream, pf_note_text(caveat, "text"), pf_text_columns(fileno(stream)), 0, 0);
	}
}
