#include "harness/show/build_lines.h"

#include <string.h>

#include "harness/base/text.h"
#include "harness/run/other_build.h"
#include "photofinish/file.h"

/* Differences that may explain a time beside the change that is looked for. */
static void print_differences(const pf_build *build, const pf_build *own, int columns, FILE *stream)
{
	char text[1600];
	size_t used = 0;
	const struct {
		const char *what, *there, *here;
	} pairs[] = {{"type", build->build_type, own->build_type},
		     {"compiler", build->compiler, own->compiler},
		     {"flags", build->compiler_flags, own->compiler_flags}};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		if (strcmp(pairs[i].there, pairs[i].here) != 0 && used < sizeof text) {
			used += (size_t)snprintf(text + used, sizeof text - used, "%s%s %s, here %s",
						 used ? "; " : "built otherwise: ", pairs[i].what,
						 pairs[i].there, pairs[i].here);
		}
	}
	if (used) {
		char shown[1700];
		pf_text_wrap(stream, pf_escape(text, shown, sizeof shown), columns, 2, 2);
	}
	if (build->unfit[0]) {
		char shown[300];
		fprintf(stream, "  NOT FOR TIMING: %s\n", pf_escape(build->unfit, shown, sizeof shown));
	}
}

/* That of the harness: of a stored run the one that measured it. */
static bool read_own(const pf_run *run, pf_build *own)
{
	pf_error error;
	if (run->own_build) {
		*own = *run->own_build;
		return true;
	}
	return pf_build_own(own, &error) == PF_OK;
}

void pf_builds_print(const pf_run *run, int columns, FILE *stream)
{
	pf_build own;
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_contestant *contestant = &run->contestants[i];
		char program[2 * sizeof contestant->build->executable], version[128];
		if (!contestant->build || !read_own(run, &own)) {
			continue;
		}
		const pf_build *build = contestant->build;
		bool program_same = build->program_sha256[0] &&
				    strcmp(build->program_sha256, own.program_sha256) == 0,
		     library_same = build->engine_sha256[0] &&
				    strcmp(build->engine_sha256, own.engine_sha256) == 0;
		fprintf(stream, "%s: %s%sversion %s%s\n", contestant->label,
			pf_escape(build->executable, program, sizeof program),
			build->executable[0] ? ", " : "", pf_escape(build->version, version, sizeof version),
			program_same && library_same ? ", the same build as this one"
			: library_same               ? ", with the same library as this one"
			: program_same               ? ", with the same program as this one"
						     : "");
		print_differences(build, &own, columns, stream);
	}
}
