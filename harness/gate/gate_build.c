#include "harness/gate/gate_build.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset_store.h"
#include "harness/gate/gate_elf.h"
#include "harness/gate/gate_source.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"

#define SCRIPT_VERSION "2" /* of what gate_tree.sh leaves in a build */
#define FLAGS "-ffunction-sections -ffile-prefix-map="

/* 40 digits of what decides a build: the tree, the recipe, the compilers. Paths of builds are equally long.
 */
static pf_status build_key(const char *id, const pf_gate_recipe *recipe, char key[41], pf_error *error)
{
	char compiler[256] = "";
	char *words[] = {"/bin/sh", "-c", "${CC:-cc} --version | head -1; ", NULL};
	uint8_t digest[PF_SHA256_BYTES];
	pf_status status = pf_gate_tool_line(words, compiler, sizeof compiler, error);
	pf_sha256 context;
	if (status != PF_OK) {
		return status;
	}
	const char *parts[] = {id,           recipe->source, compiler, getenv("CFLAGS"), getenv("CXXFLAGS"),
			       getenv("CC"), getenv("CXX"),  FLAGS,    SCRIPT_VERSION};
	pf_sha256_begin(&context);
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		pf_sha256_add(&context, parts[i] ? parts[i] : "", parts[i] ? strlen(parts[i]) + 1 : 1);
	}
	for (size_t i = 0; i < recipe->arg_count; i++) {
		pf_sha256_add(&context, recipe->args[i], strlen(recipe->args[i]) + 1);
	}
	pf_sha256_end(&context, digest);
	for (int i = 0; i < 20; i++) {
		sprintf(key + 2 * i, "%02x", digest[i]);
	}
	return PF_OK;
}

static pf_status configure(const pf_gate_recipe *recipe, const char *root, const char *log, pf_error *error)
{
	char source[PATH_MAX + 256], build[PATH_MAX + 16], c[PATH_MAX + 512], cxx[PATH_MAX + 512];
	const char *c_flags = getenv("CFLAGS"), *cxx_flags = getenv("CXXFLAGS");
	snprintf(source, sizeof source, "%s/src/%s", root, recipe->source ? recipe->source : "");
	snprintf(build, sizeof build, "%s/build", root);
	snprintf(c, sizeof c, "-DCMAKE_C_FLAGS=%s " FLAGS "%s=.", c_flags ? c_flags : "", root);
	snprintf(cxx, sizeof cxx, "-DCMAKE_CXX_FLAGS=%s " FLAGS "%s=. -fno-gnu-unique",
		 cxx_flags ? cxx_flags : "", root);
	char *words[PF_GATE_CMAKE_ARGS + 12] = {
		"cmake", "-S", source, "-B", build, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release", c, cxx};
	size_t count = 10;
	for (size_t i = 0; i < recipe->arg_count; i++) {
		words[count++] = (char *)(uintptr_t)recipe->args[i];
	}
	return pf_gate_tool(words, log, error);
}

static pf_status build(const char *root, const char *log, pf_error *error)
{
	char script[PATH_MAX];
	char *words[] = {"/bin/sh", pf_gate_script(script), "build", (char *)(uintptr_t)root, NULL};
	return pf_gate_tool(words, log, error);
}

pf_status pf_gate_link_all(const pf_gate_link *links, size_t count, pf_error *error)
{
	enum { LINKS_MOST = 2 };
	char script[PATH_MAX], log[PATH_MAX + 16], seeds[LINKS_MOST][16];
	char *words[3 * LINKS_MOST + 4] = {"/bin/sh", pf_gate_script(script), "link"};
	size_t used = 3;
	if (!count) {
		return PF_OK;
	}
	assert(count <= LINKS_MOST);
	snprintf(log, sizeof log, "%s/log", links[0].arm->root);
	for (size_t i = 0; i < count; i++) {
		snprintf(seeds[i], sizeof seeds[i], "%u", links[i].seed);
		words[used++] = (char *)(uintptr_t)links[i].arm->root;
		words[used++] = seeds[i];
		words[used++] = (char *)(uintptr_t)links[i].library;
	}
	return pf_gate_tool(words, log, error);
}

/* A link that is kept: seed 0 for comparing bytes, 1 for exact checks. */
static pf_status kept_link(const pf_gate_arm *arm, unsigned seed, char library[PATH_MAX], pf_error *error)
{
	char linking[PATH_MAX + 16];
	snprintf(library, PATH_MAX, "%.4000s/%s.so", arm->root, seed ? "exact" : "compared");
	if (access(library, R_OK) == 0) {
		return PF_OK;
	}
	snprintf(linking, sizeof linking, "%s.%ld", library, (long)getpid());
	pf_status status = pf_gate_link_all(&(pf_gate_link){.arm = arm, .seed = seed, .library = linking}, 1,
					    error);
	return status == PF_OK && rename(linking, library) ? pf_fail_errno(error, library, "cannot be made")
							   : status;
}

/* The library as the build links it. */
static pf_status take_as_built(const char *root, pf_gate_arm *arm, pf_error *error)
{
	char line[512] = "", script[] = "cat \"$1/library\"";
	char *words[] = {"/bin/sh", "-c", script, "sh", (char *)(uintptr_t)root, NULL};
	pf_status status = pf_gate_tool_line(words, line, sizeof line, error);
	snprintf(arm->library, sizeof arm->library, "%.3500s/build/%s", root, line);
	return status;
}

static pf_status make_tree(const char *given, const pf_gate_recipe *recipe, const char *root,
			   pf_gate_arm *arm, pf_error *error)
{
	char log[PATH_MAX + 16], done[PATH_MAX + 16], source[PATH_MAX + 16], line[256];
	snprintf(log, sizeof log, "%s/log", root);
	snprintf(done, sizeof done, "%s/link", root);
	snprintf(source, sizeof source, "%s/src", root);
	pf_status status = PF_OK;
	if (access(done, R_OK)) {
		fprintf(stderr, "gate: building %s\n", arm->given);
		char *clear[] = {"rm", "-rf", (char *)(uintptr_t)root, NULL};
		pf_error ignored;
		pf_gate_tool(clear, "/dev/null", &ignored);
		status = pf_make_folders(root, error);
		if (status == PF_OK) {
			status = pf_gate_source_unpack(given, arm->id, source, error);
		}
		if (status == PF_OK) {
			status = configure(recipe, root, log, error);
		}
		if (status == PF_OK) {
			status = build(root, log, error);
		}
	}
	if (status != PF_OK) {
		return status;
	}
	char *lld[] = {"/bin/sh", "-c", "command -v ld.lld", NULL};
	if (!recipe->as_built && pf_gate_tool_line(lld, line, sizeof line, error) == PF_OK) {
		arm->relinks = true;
		return kept_link(arm, 1, arm->library, error);
	}
	snprintf(arm->why_one_layout, sizeof arm->why_one_layout, "%s",
		 recipe->as_built ? "that of the build was asked for" : "lld is not installed");
	return take_as_built(root, arm, error);
}

pf_status pf_gate_arm_make(const char *given, const pf_gate_recipe *recipe, pf_gate_arm *arm, pf_error *error)
{
	char home[PF_STORE_PATH_MAX], key[41], *whole;
	struct stat info;
	*arm = (pf_gate_arm){0};
	snprintf(arm->given, sizeof arm->given, "%s", given);
	if (stat(given, &info) == 0 && S_ISREG(info.st_mode)) {
		if (!realpath(given, arm->library)) {
			return pf_fail_errno(error, given, "cannot be found");
		}
		snprintf(arm->why_one_layout, sizeof arm->why_one_layout,
			 "a finished library cannot be linked anew");
		return PF_OK;
	}
	pf_status status = pf_gate_source_id(given, arm->id, error);
	if (status == PF_OK) {
		status = build_key(arm->id, recipe, key, error);
	}
	if (status == PF_OK) {
		status = pf_store_home(home, error);
	}
	if (status == PF_OK) {
		status = pf_make_folders(home, error);
	}
	if (status != PF_OK) {
		return status;
	}
	whole = realpath(home, NULL); /* builds run in folders of their own */
	if (!whole) {
		return pf_fail_errno(error, home, "cannot be found");
	}
	snprintf(arm->root, sizeof arm->root, "%.3900s/.gate/%s", whole, key);
	free(whole);
	return make_tree(given, recipe, arm->root, arm, error);
}

bool pf_gate_arms_identical(const pf_gate_arm *a, const pf_gate_arm *b)
{
	uint8_t digests[2][PF_SHA256_BYTES];
	const pf_gate_arm *arms[2] = {a, b};
	bool linked = a->relinks && b->relinks;
	if (a->id[0] && strcmp(a->id, b->id) == 0) {
		return true;
	}
	for (int i = 0; i < 2; i++) {
		char library[PATH_MAX];
		pf_error ignored;
		snprintf(library, sizeof library, "%s", arms[i]->library);
		if ((linked && kept_link(arms[i], 0, library, &ignored) != PF_OK) ||
		    pf_gate_loaded_digest(library, arms[i]->root, digests[i], &ignored) != PF_OK) {
			return false;
		}
	}
	return memcmp(digests[0], digests[1], sizeof digests[0]) == 0;
}
