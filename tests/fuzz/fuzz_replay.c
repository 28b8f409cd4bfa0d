/* The targets of the fuzzer without libFuzzer, so in every build: all files of the folders, then for some
 * seconds random changes of them. It understands the options of libFuzzer that tests/fuzz/fuzz.py gives and
 * needs, and passes over the others; -seed=N (printed) draws the same again. What it finds stays in
 * ARTIFACT_PREFIXinput. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/fuzz/fuzz_target.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* By the clock: a machine that does not let it run may not make it fail. */
enum { ONE_MOST_S = 1200, INPUTS_MOST = 4096 };

typedef struct input {
	uint8_t *bytes;
	size_t count;
} input;

static input inputs[INPUTS_MOST];
static size_t count;
static unsigned long long length_most = 4096, seconds, seed, executed;
static const char *prefix = "";
static uint64_t state;

static uint64_t draw(uint64_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return below ? state % below : 0;
}

static void add_file(const char *folder, const char *name)
{
	char path[4096];
	struct stat info;
	snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && count < INPUTS_MOST) {
		input *one = &inputs[count++];
		one->bytes = malloc(length_most + 1);
		FUZZ_CHECK(one->bytes);
		ssize_t got = read(fd, one->bytes, length_most);
		one->count = got > 0 ? (size_t)got : 0;
	}
	if (fd >= 0) {
		close(fd);
	}
}

static void add_folder(const char *folder)
{
	struct dirent **names;
	int found = scandir(folder, &names, NULL, alphasort);
	for (int i = 0; i < found; i++) {
		add_file(folder, names[i]->d_name);
		free(names[i]);
	}
	if (found >= 0) {
		free(names);
	}
}

/* Other bytes, fewer, more, or some of another input. `bytes` has room for length_most. */
static size_t change(uint8_t *bytes, size_t size)
{
	size_t at = (size_t)draw(size + 1), piece = (size_t)draw(draw(2) ? 8 : 200) + 1;
	const input *other = &inputs[draw(count)];
	switch (draw(5)) {
	case 0:
		if (at < size) {
			bytes[at] ^= (uint8_t)(1u << draw(8));
		}
		return size;
	case 1:
		if (at < size) {
			bytes[at] = (uint8_t)(draw(2) ? draw(256) : draw(2) * 255);
		}
		return size;
	case 2:
		piece = piece < size - at ? piece : size - at;
		memmove(bytes + at, bytes + at + piece, size - at - piece);
		return size - piece;
	case 3:
		piece = piece < length_most - size ? piece : length_most - size;
		memmove(bytes + at + piece, bytes + at, size - at);
		for (size_t i = 0; i < piece; i++) {
			bytes[at + i] = (uint8_t)draw(256);
		}
		return size + piece;
	default:
		piece = other->count < length_most - at ? other->count : length_most - at;
		memcpy(bytes + at, other->bytes, piece);
		return at + piece > size ? at + piece : size;
	}
}

/* Runs one; its bytes lie in the file meanwhile. */
static void execute(const uint8_t *bytes, size_t size, int fd)
{
	FUZZ_CHECK(pwrite(fd, bytes, size, 0) == (ssize_t)size && ftruncate(fd, (off_t)size) == 0);
	/* A copy of its own size, so that who reads beyond it is found. */
	uint8_t *own = malloc(size ? size : 1);
	FUZZ_CHECK(own);
	memcpy(own, bytes, size);
	alarm(ONE_MOST_S);
	LLVMFuzzerTestOneInput(own, size);
	free(own);
	executed++;
}

static void take_option(const char *word)
{
	static const struct {
		const char *name;
		unsigned long long *to;
	} numbers[] = {{"-max_len=", &length_most}, {"-max_total_time=", &seconds}, {"-seed=", &seed}};
	static const char artifacts[] = "-artifact_prefix=";
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		size_t length = strlen(numbers[i].name);
		if (strncmp(word, numbers[i].name, length) == 0) {
			*numbers[i].to = strtoull(word + length, NULL, 10);
		}
	}
	if (strncmp(word, artifacts, sizeof artifacts - 1) == 0) {
		prefix = word + sizeof artifacts - 1;
	}
}

int main(int argc, char **argv)
{
	char path[4096];
	LLVMFuzzerInitialize(&argc, &argv);
	time_t begin = time(NULL);
	seed = (unsigned long long)begin * 1000003 + (unsigned long long)getpid();
	for (int i = 1; i < argc; i++) {
		take_option(argv[i]);
	}
	for (int i = 1; i < argc; i++) {
		if (argv[i][0] != '-') {
			add_folder(argv[i]);
		}
	}
	if (!count) {
		fprintf(stderr, "fuzz_replay: no inputs\n");
		return 2;
	}
	printf("-seed=%llu\n", seed);
	fflush(stdout);
	state = seed * 2654435761u + 1;
	snprintf(path, sizeof path, "%sinput", prefix);
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	uint8_t *bytes = malloc(length_most + 1);
	FUZZ_CHECK(bytes);
	for (size_t i = 0; i < count; i++) {
		execute(inputs[i].bytes, inputs[i].count, fd);
	}
	while ((unsigned long long)(time(NULL) - begin) < seconds) {
		const input *one = &inputs[draw(count)];
		size_t size = one->count;
		memcpy(bytes, one->bytes, size);
		for (uint64_t changes = draw(4) + 1; changes > 0; changes--) {
			size = change(bytes, size);
		}
		execute(bytes, size, fd);
	}
	printf("stat::number_of_executed_units: %llu\n", executed);
	unlink(path);
	free(bytes);
	return 0;
}
