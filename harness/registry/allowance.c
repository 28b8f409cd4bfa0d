#include "harness/registry/allowance.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	const char *word;
	uint32_t bit;
} words[] = {
	{"network", PF_ALLOW_NETWORK},
	{"exec", PF_ALLOW_EXEC},
	{"all", PF_ALLOW_ALL},
};

static pf_status add_path(pf_allowance *allowance, char kind, const char *path, pf_error *error)
{
	char real[PATH_MAX];
	size_t used = 0;
	if (!realpath(path, real)) {
		return pf_fail_errno(error, path, "--allow: cannot find it");
	}
	while (allowance->paths[used]) {
		used += strlen(allowance->paths + used) + 1;
	}
	if (used + strlen(real) + 3 > sizeof allowance->paths) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--allow takes no more than %d bytes of paths",
			       PF_ALLOWED_PATHS);
	}
	snprintf(allowance->paths + used, sizeof allowance->paths - used, "%c%s", kind, real);
	allowance->allow |= kind == 'w' ? PF_ALLOW_WRITE : 0;
	return PF_OK;
}

pf_status pf_allowance_add(pf_allowance *allowance, const char *text, pf_error *error)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(text, words[i].word) == 0) {
			allowance->allow |= words[i].bit;
			return PF_OK;
		}
	}
	bool write = strncmp(text, "write=", 6) == 0, read = strncmp(text, "read=", 5) == 0;
	if (write || read) {
		return add_path(allowance, write ? 'w' : 'r', text + (write ? 6 : 5), error);
	}
	return pf_fail(error, PF_ERR_USAGE, NULL,
		       "--allow takes network, exec, read=PATH, write=DIR or all, not \"%s\"", text);
}

void pf_allowance_each(const pf_allowance *allowance, void (*take)(void *context, const char *text),
		       void *context)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (allowance->allow & words[i].bit) {
			take(context, words[i].word);
		}
	}
	for (const char *at = allowance->paths; *at; at += strlen(at) + 1) {
		char text[PATH_MAX + 8];
		snprintf(text, sizeof text, "%s=%s", *at == 'w' ? "write" : "read", at + 1);
		take(context, text);
	}
}
