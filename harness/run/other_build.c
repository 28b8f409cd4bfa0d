#include "harness/run/other_build.h"

#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/timed_command.h"
#include "harness/machine/engine_digest.h"
#include "harness/machine/environment.h"
#include "harness/run/reference.h"
#include "harness/trial/trial_layout.h"
#include "photofinish/sha256.h"

#define ANSWER_SECONDS 20
#define ANSWER_BYTES 16384

void pf_build_describe_variant(const struct pf_variant *variant, char *out, size_t capacity)
{
	size_t used = (size_t)snprintf(out, capacity, "caps %u", variant->caps);
	for (int i = 0; variant->options && variant->options[i].name && used < capacity; i++) {
		used += (size_t)snprintf(out + used, capacity - used, ", %s", variant->options[i].name);
	}
}

static void name_build(pf_build *build)
{
	char both[sizeof build->program_sha256 + sizeof build->engine_sha256];
	uint8_t digest[PF_SHA256_BYTES];
	int length = snprintf(both, sizeof both, "%s%s", build->program_sha256, build->engine_sha256);
	pf_sha256_of(both, (size_t)length, digest);
	pf_sha256_hex(digest, build->id);
}

pf_status pf_build_own(pf_build *out, pf_error *error)
{
	pf_environment environment;
	uint8_t digest[PF_SHA256_BYTES];
	const char *unfit = pf_build_unfit_for_timing();
	pf_environment_read(&environment);
	*out = (pf_build){.layout = pf_trial_layout()};
	snprintf(out->version, sizeof out->version, "%s", environment.version);
	snprintf(out->build_type, sizeof out->build_type, "%s", environment.build_type);
	snprintf(out->compiler, sizeof out->compiler, "%s", environment.compiler);
	snprintf(out->compiler_flags, sizeof out->compiler_flags, "%s", environment.compiler_flags);
	snprintf(out->sanitizers, sizeof out->sanitizers, "%s", environment.sanitizers);
	snprintf(out->engine, sizeof out->engine, "%s", environment.engine);
	snprintf(out->unfit, sizeof out->unfit, "%s", unfit ? unfit : "");
	pf_status status = pf_engine_digest(digest, error);
	pf_sha256_hex(digest, out->engine_sha256);
	if (status == PF_OK) {
		status = pf_file_sha256("/proc/self/exe", digest, NULL, error);
		pf_sha256_hex(digest, out->program_sha256);
	}
	if (status == PF_OK) {
		name_build(out);
	}
	return status;
}

/* Runs it and reads its answer; "" where it gave none. */
static pf_status fetch(const char *program, const char *variant, char answer[ANSWER_BYTES], pf_error *error)
{
	char *const arguments[] = {(char *)program, "trial", "--build", (char *)variant, NULL};
	char output[64];
	pf_timed_run run;
	int fd = memfd_create("answer", MFD_CLOEXEC);
	if (fd < 0) {
		return pf_fail_errno(error, NULL, "cannot keep an answer in memory");
	}
	snprintf(output, sizeof output, "/proc/self/fd/%d", fd);
	const pf_timed_setting setting = {.timeout_s = ANSWER_SECONDS, .output = output};
	pf_status status = pf_timed_command_run(arguments, &setting, &run, error);
	ssize_t got = status == PF_OK && run.status == 0 ? pread(fd, answer, ANSWER_BYTES - 1, 0) : 0;
	answer[got > 0 ? got : 0] = '\0';
	close(fd);
	if (status == PF_OK && run.stopped) {
		status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return status;
}

/* False where a text is missing or too long. */
static bool take(const json_t *object, const char *key, char *out, size_t capacity)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && snprintf(out, capacity, "%s", text) < (int)capacity;
}

static bool take_hash(const json_t *object, const char *key, char out[2 * PF_SHA256_BYTES + 1])
{
	return take(object, key, out, 2 * (size_t)PF_SHA256_BYTES + 1) &&
	       strspn(out, "0123456789abcdef") == 2 * (size_t)PF_SHA256_BYTES;
}

static bool take_answer(const json_t *answer, pf_build *out)
{
	char schema[32], layout[24], *end = layout;
	bool good = take(answer, "schema", schema, sizeof schema) && strcmp(schema, PF_BUILD_SCHEMA) == 0 &&
		    take(answer, "layout", layout, sizeof layout) &&
		    take(answer, "version", out->version, sizeof out->version) &&
		    take(answer, "build_type", out->build_type, sizeof out->build_type) &&
		    take(answer, "compiler", out->compiler, sizeof out->compiler) &&
		    take(answer, "compiler_flags", out->compiler_flags, sizeof out->compiler_flags) &&
		    take(answer, "sanitizers", out->sanitizers, sizeof out->sanitizers) &&
		    take(answer, "engine", out->engine, sizeof out->engine) &&
		    take_hash(answer, "program_sha256", out->program_sha256) &&
		    take_hash(answer, "engine_sha256", out->engine_sha256) &&
		    take(answer, "unfit", out->unfit, sizeof out->unfit);
	out->layout = good ? strtoull(layout, &end, 16) : 0;
	return good && !*end;
}

/* What it says, against what this build expects of it. */
static pf_status judge(const json_t *answer, const struct pf_variant *variant, pf_build *out, pf_error *error)
{
	char expected[1024];
	const char *program = out->executable;
	if (!take_answer(answer, out)) {
		return pf_fail(error, PF_ERR_INVALID, program,
			       "it does not say which build of photofinish it is: it is none, has no engine, "
			       "or is older than such comparisons");
	}
	if (out->layout != pf_trial_layout()) {
		return pf_fail(
			error, PF_ERR_INVALID, program,
			"its trials share other structures with the harness than this build's (layout %016" PRIx64
			", here %016" PRIx64 "): compare builds that differ in less",
			out->layout, pf_trial_layout());
	}
	const char *told = json_string_value(json_object_get(answer, "variant"));
	pf_build_describe_variant(variant, expected, sizeof expected);
	if (!told) {
		return pf_fail(error, PF_ERR_INVALID, program, "it has no variant \"%s\"", variant->name);
	}
	if (strcmp(told, expected) != 0) {
		return pf_fail(error, PF_ERR_INVALID, program, "its variant %s is another one (%s; here %s)",
			       variant->name, told, expected);
	}
	pf_status status = pf_build_judge_timing(out->unfit[0] ? out->unfit : NULL, getenv(PF_TIME_UNFIT),
						 error);
	if (status != PF_OK) {
		snprintf(error->file, sizeof error->file, "%s", program);
		return status;
	}
	name_build(out);
	return PF_OK;
}

pf_status pf_build_ask(const char *path, const struct pf_variant *variant, pf_build *out, pf_error *error)
{
	char resolved[PATH_MAX], program[PATH_MAX + 16], answer[ANSWER_BYTES];
	struct stat info;
	*out = (pf_build){0};
	if (!realpath(path, resolved) || stat(resolved, &info)) {
		return pf_fail_errno(error, path, "cannot find that build");
	}
	snprintf(program, sizeof program, "%s%s", resolved, S_ISDIR(info.st_mode) ? "/photofinish" : "");
	if (strlen(program) >= sizeof out->executable) {
		return pf_fail(error, PF_ERR_INVALID, path, "the path is too long");
	}
	memcpy(out->executable, program, strlen(program) + 1);
	pf_status status = fetch(program, variant->name, answer, error);
	if (status == PF_OK) {
		json_t *object = json_loads(answer, 0, NULL);
		status = judge(object, variant, out, error);
		json_decref(object);
	}
	return status;
}
