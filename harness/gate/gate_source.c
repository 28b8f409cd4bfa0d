#include "harness/gate/gate_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/base/timed_command.h"
#include "photofinish/file.h"

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

static bool is_folder(const char *path)
{
	struct stat info;
	return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

char *pf_gate_script(char path[PATH_MAX])
{
	pf_data_file("gate/gate_tree.sh", PF_GATE_DIR "/gate_tree.sh", path, PATH_MAX);
	return path;
}

pf_status pf_gate_source_id(const char *given, char id[41], pf_error *error)
{
	char line[128] = "";
	pf_error why;
	bool known = false;
	if (is_folder(given)) {
		char script[PATH_MAX];
		char *words[] = {"/bin/sh", pf_gate_script(script), "id", (char *)(uintptr_t)given, NULL};
		known = pf_gate_tool_line(words, line, sizeof line, &why) == PF_OK;
	} else {
		char tree[PATH_MAX];
		snprintf(tree, sizeof tree, "%s^{tree}", given);
		char *words[] = {"git", "rev-parse", "--verify", "--quiet", tree, NULL};
		known = given[0] != '-' && pf_gate_tool_line(words, line, sizeof line, &why) == PF_OK;
	}
	if (!known || strspn(line, "0123456789abcdef") != 40 || line[40]) {
		return pf_fail(
			error, PF_ERR_NOT_FOUND, given,
			"it is neither a revision that git knows here, nor a folder, nor a shared library");
	}
	memcpy(id, line, 41);
	return PF_OK;
}

pf_status pf_gate_source_unpack(const char *given, const char *id, const char *target, pf_error *error)
{
	char log[PATH_MAX + 8], script[PATH_MAX];
	snprintf(log, sizeof log, "%s.log", target);
	char *words[] = {"/bin/sh",
			 pf_gate_script(script),
			 "unpack",
			 (char *)(uintptr_t)given,
			 (char *)(uintptr_t)id,
			 (char *)(uintptr_t)target,
			 NULL};
	return pf_gate_tool(words, log, error);
}
