#include "harness/record/build_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "harness/run/other_build.h"
#include "photofinish/file.h"

static json_t *text(const char *bytes)
{
	char shown[2100];
	return json_string(pf_escape(bytes, shown, sizeof shown));
}

json_t *pf_build_json(const struct pf_build *build)
{
	char layout[24];
	if (!build) {
		return json_null();
	}
	snprintf(layout, sizeof layout, "%016" PRIx64, build->layout);
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s}", "version", text(build->version),
			 "build_type", text(build->build_type), "compiler", text(build->compiler),
			 "compiler_flags", text(build->compiler_flags), "sanitizers", text(build->sanitizers),
			 "engine", text(build->engine), "program_sha256", build->program_sha256,
			 "engine_sha256", build->engine_sha256, "id", build->id, "layout", layout);
}
