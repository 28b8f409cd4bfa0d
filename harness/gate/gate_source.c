#include "harness/gate/gate_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/timed_command.h"

pf_status pf_gate_tool(char *const *words, const char *log, pf_error *error)
{
	enum { WORDS_MOST = 60 };
	char *shell[WORDS_MOST + 5] = {"/bin/sh", "-c", "exec \"$@\" >>\"$0\" 2>&1", (char *)(uintptr_t)log};
	size_t count = 0;
	for (; words[count] && count < WORDS_MOST; count++) {
		shell[count + 4] = words[count];
	}
	pf_timed_setting setting = {0};
	pf_timed_run run;
	pf_status status = pf_timed_command_run(shell, &setting, &run, error);
	if (status == PF_OK && run.stopped) {
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	if (status == PF_OK && run.status) {
		return pf_fail(error, PF_ERR_INVALID, log,
			       "%s failed (exit status %d); its output is in this file", words[0],
			       run.status);
	}
	return status;
}

pf_status pf_gate_tool_line(char *const *words, char *line, size_t capacity, pf_error *error)
{
	char file[] = "/tmp/photofinish-gate-XXXXXX";
	int made = mkstemp(file);
	if (made < 0) {
		return pf_fail_errno(error, file, "cannot make a file");
	}
	close(made);
	pf_timed_setting setting = {.output = file};
	pf_timed_run run = {0};
	pf_status status = pf_timed_command_run(words, &setting, &run, error);
	FILE *stream = status == PF_OK ? fopen(file, "r") : NULL;
	line[0] = '\0';
	if (stream) {
		if (fgets(line, (int)capacity, stream)) {
			line[strcspn(line, "\n")] = '\0';
		}
		fclose(stream);
	}
	unlink(file);
	if (status == PF_OK && run.status) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "%s failed (exit status %d)", words[0],
			       run.status);
	}
	return status;
}

static pf_status shell_line(const char *script, const char *argument, char *line, size_t capacity,
			    pf_error *error)
{
	char *words[] = {"/bin/sh", "-c", (char *)(uintptr_t)script, "sh", (char *)(uintptr_t)argument, NULL};
	return pf_gate_tool_line(words, line, capacity, error);
}

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

/* An index of its own: neither the user's index nor a file of the work tree is touched. */
#define TREE_OF_FOLDER                                                                                      \
	"cd \"$1\" && top=$(git rev-parse --show-toplevel) && prefix=$(git rev-parse --show-prefix) && "    \
	"GIT_INDEX_FILE=$(mktemp -u) && export GIT_INDEX_FILE && trap 'rm -f \"$GIT_INDEX_FILE\"' EXIT && " \
	"cd \"$top\" && git read-tree HEAD && git add -A && git write-tree --prefix=\"$prefix\""
#define SUM_OF_FOLDER                                                                                          \
	"cd \"$1\" && tar --sort=name --mtime=@0 --owner=0 --group=0 --exclude=./build --exclude='./build-*' " \
	"-cf - . | sha1sum | cut -c1-40"

pf_status pf_gate_source_id(const char *given, char id[41], pf_error *error)
{
	char line[128] = "";
	pf_error why;
	bool known = false;
	if (is_folder(given)) {
		known = (shell_line("cd \"$1\" && git rev-parse --is-inside-work-tree", given, line,
				    sizeof line, &why) == PF_OK &&
			 shell_line(TREE_OF_FOLDER, given, line, sizeof line, &why) == PF_OK) ||
			shell_line(SUM_OF_FOLDER, given, line, sizeof line, &why) == PF_OK;
	} else {
		known = given[0] != '-' && shell_line("git rev-parse --verify --quiet \"$1^{tree}\"", given,
						      line, sizeof line, &why) == PF_OK;
	}
	if (!known || strspn(line, "0123456789abcdef") != 40 || line[40]) {
		return pf_fail(
			error, PF_ERR_NOT_FOUND, given,
			"it is neither a revision that git knows here, nor a folder, nor a shared library");
	}
	memcpy(id, line, 41);
	return PF_OK;
}

static const char unpack[] =
	"mkdir -p \"$3\" && { if [ -d \"$1\" ]; then cd \"$1\"; fi; }; "
	"if git cat-file -e \"$2^{tree}\" 2>/dev/null; then git archive \"$2\" | tar -xf - -C \"$3\"; else "
	"tar --exclude=./build --exclude='./build-*' -cf - . | tar -xf - -C \"$3\"; fi";

pf_status pf_gate_source_unpack(const char *given, const char *id, const char *target, pf_error *error)
{
	char log[PATH_MAX + 8];
	snprintf(log, sizeof log, "%s.log", target);
	char *words[] = {"/bin/sh",
			 "-c",
			 (char *)(uintptr_t)unpack,
			 "sh",
			 (char *)(uintptr_t)given,
			 (char *)(uintptr_t)id,
			 (char *)(uintptr_t)target,
			 NULL};
	return pf_gate_tool(words, log, error);
}
