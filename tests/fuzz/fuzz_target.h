/* What reads bytes that others made, each as one target of libFuzzer. */
#ifndef TESTS_FUZZ_TARGET_H
#define TESTS_FUZZ_TARGET_H

#include <stddef.h>
#include <stdint.h>

struct fuzz_target {
	const char *name; /* of the folder of its corpus, too */
	void (*take)(const uint8_t *bytes, size_t count);
	const char *suffix; /* not NULL: it reads a file, fuzz_file(), that has the bytes */
};

/* Ended by one without a name. */
extern const struct fuzz_target fuzz_core_targets[], fuzz_harness_targets[];

/* Path of the file that has the bytes at hand. */
const char *fuzz_file(void);

/* What must never be. */
#define FUZZ_CHECK(condition) ((condition) ? (void)0 : fuzz_fail(#condition, __FILE__, __LINE__))
_Noreturn void fuzz_fail(const char *what, const char *file, int line);

#endif
