#include "harness/record/build_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "harness/base/json_values.h"
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
	pf_build own;
	pf_error error;
	if (!build) {
		return json_null();
	}
	snprintf(layout, sizeof layout, "%016" PRIx64, build->layout);
	bool known = pf_build_own(&own, &error) == PF_OK;
	return json_pack("{s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:s,s:s,s:s,s:b}", "version", text(build->version),
			 "build_type", text(build->build_type), "compiler", text(build->compiler),
			 "compiler_flags", text(build->compiler_flags), "sanitizers", text(build->sanitizers),
			 "engine", text(build->engine), "program_sha256", build->program_sha256,
			 "engine_sha256", build->engine_sha256, "id", build->id, "layout", layout,
			 "same_program", known && strcmp(build->program_sha256, own.program_sha256) == 0);
}

bool pf_build_of_json(const json_t *object, struct pf_build *build, struct pf_build *own)
{
	*build = (pf_build){0};
	const struct {
		const char *key;
		char *out;
		size_t capacity;
	} texts[] = {{"version", build->version, sizeof build->version},
		     {"build_type", build->build_type, sizeof build->build_type},
		     {"compiler", build->compiler, sizeof build->compiler},
		     {"compiler_flags", build->compiler_flags, sizeof build->compiler_flags},
		     {"sanitizers", build->sanitizers, sizeof build->sanitizers},
		     {"program_sha256", build->program_sha256, sizeof build->program_sha256},
		     {"engine_sha256", build->engine_sha256, sizeof build->engine_sha256}};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		snprintf(texts[i].out, texts[i].capacity, "%s", pf_json_string(object, texts[i].key));
	}
	if (json_is_true(json_object_get(object, "same_program"))) {
		memcpy(own->program_sha256, build->program_sha256, sizeof own->program_sha256);
	}
	return json_is_object(object);
}
