/* libFuzzer's entry for all targets: PF_FUZZ names the one of this run, or PF_FUZZ=list prints them.
 * tests/fuzz/fuzz.py runs it. */
#include "tests/fuzz/fuzz_target.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct fuzz_target *target;
static char folder[64], path[96];

const char *fuzz_file(void)
{
	return path;
}

_Noreturn void fuzz_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
	abort();
}

static void clean_up(void)
{
	unlink(path);
	rmdir(folder);
}

static const struct fuzz_target *find(const char *name)
{
	static const struct fuzz_target *const lists[] = {fuzz_core_targets, fuzz_harness_targets};
	bool list = strcmp(name, "list") == 0;
	for (size_t i = 0; i < 2; i++) {
		for (const struct fuzz_target *one = lists[i]; one->name; one++) {
			if (list) {
				puts(one->name);
			} else if (strcmp(one->name, name) == 0) {
				return one;
			}
		}
	}
	return NULL;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	const char *name = getenv("PF_FUZZ");
	(void)argc;
	(void)argv;
	target = find(name ? name : "");
	if (!target) {
		exit(name && strcmp(name, "list") == 0 ? 0 : 2);
	}
	if (target->suffix) {
		snprintf(folder, sizeof folder, "/dev/shm/pf-fuzz-XXXXXX");
		if (!mkdtemp(folder)) {
			perror("a folder for the file");
			exit(2);
		}
		snprintf(path, sizeof path, "%s/input%s", folder, target->suffix);
		atexit(clean_up);
	}
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (target->suffix) {
		int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
		close(fd);
	}
	target->take(data, size);
	return 0;
}
