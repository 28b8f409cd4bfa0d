#include "harness/scores/paths.h"

#include <string.h>

#include "photofinish/whole_number.h"

pf_paths pf_paths_of(uint32_t preset, const pf_outcomes *outcomes)
{
	pf_paths paths = {0};
	for (size_t i = 0; i < outcomes->count; i++) {
		const pf_outcome *photo = &outcomes->photos[i];
		if (!photo->done || photo->status != PF_OK) {
			continue;
		}
		const double *measures = photo->score.measures;
		uint32_t by = pf_preset_reduction(preset, pf_whole_number(measures[PF_MEASURE_WIDTH]),
						  pf_whole_number(measures[PF_MEASURE_HEIGHT]));
		*(by == 1 ? &paths.whole : by == 2 ? &paths.half : &paths.quarter) += 1;
	}
	return paths;
}

char *pf_paths_text(const pf_paths *paths, char out[PF_PATHS_TEXT])
{
	const struct {
		size_t count;
		const char *how;
	} parts[] = {{paths->quarter, "decoded to a quarter"},
		     {paths->half, "decoded to half"},
		     {paths->whole, "decoded whole"}};
	out[0] = '\0';
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		size_t used = strlen(out);
		if (parts[i].count) {
			snprintf(out + used, PF_PATHS_TEXT - used, "%s%zu %s", used ? ", " : "",
				 parts[i].count, parts[i].how);
		}
	}
	return out;
}
