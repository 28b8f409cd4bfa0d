/* Known allocations in known stages, for tests of the object that counts them. Usage: allocating MODE */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/preload/allocation_board.h"

static pf_allocation_stage_function stage;

/* Seen by the compiler as used. */
static void *volatile kept;

static void *keep(void *memory)
{
	kept = memory;
	return memory;
}

/* DECODE: 9 allocations of 100 to 4096 bytes, 2 reallocations, 9 frees. */
static void each_function(void)
{
	void *aligned = NULL;
	void *memory[9];
	int count = 0;
	stage(PF_STAGE_DECODE);
	memory[count++] = keep(malloc(100));
	memory[count++] = keep(calloc(10, 20));
	memory[count] = keep(realloc(NULL, 300)); /* an allocation */
	memory[count] = keep(realloc(memory[count], 3000));
	count++;
	memory[count] = keep(reallocarray(NULL, 4, 100));
	memory[count] = keep(reallocarray(memory[count], 8, 100));
	count++;
	if (posix_memalign(&aligned, 64, 500)) {
		_exit(3);
	}
	memory[count++] = keep(aligned);
	memory[count++] = keep(aligned_alloc(64, 640));
	memory[count++] = keep(memalign(128, 700));
	memory[count++] = keep(valloc(800));
	memory[count++] = keep(pvalloc(4096));
	for (int i = 0; i < count; i++) {
		memset(memory[i], 1, 100);
		free(memory[i]);
	}
	free(NULL); /* does nothing, and is not counted */
	stage(PF_STAGE_COUNT);
}

static volatile size_t none; /* 0; the analyser is not to know */

/* POSE: what fails is not counted; realloc(p, 0) is a free. */
static void failures(void)
{
	void *aligned = NULL;
	volatile size_t huge = SIZE_MAX / 2 + 2;
	stage(PF_STAGE_POSE);
	void *small = keep(malloc(10));
	if (malloc(huge) || calloc(huge, 2) || realloc(small, huge) || reallocarray(small, huge, 2) ||
	    posix_memalign(&aligned, 3, 8) == 0) {
		_exit(4);
	}
	if (realloc(small, none)) {
		_exit(5);
	}
	stage(PF_STAGE_COUNT);
}

/* FACES: 8 MB live at a time, twice. */
static void peak(void)
{
	stage(PF_STAGE_FACES);
	for (int turn = 0; turn < 2; turn++) {
		void *memory[8];
		for (int i = 0; i < 8; i++) {
			memory[i] = keep(malloc(1 << 20));
		}
		for (int i = 0; i < 8; i++) {
			free(memory[i]);
		}
	}
	stage(PF_STAGE_COUNT);
}

enum { THREADS = 4, TURNS = 10000 };

static void *thread(void *unused)
{
	stage(PF_STAGE_QUALITY);
	for (int i = 0; i < TURNS; i++) {
		free(keep(malloc(64)));
	}
	stage(PF_STAGE_COUNT);
	return unused;
}

/* QUALITY: 40,000 allocations and frees by four threads at once. */
static void threads(void)
{
	pthread_t ids[THREADS];
	for (int i = 0; i < THREADS; i++) {
		pthread_create(&ids[i], NULL, thread, NULL);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(ids[i], NULL);
	}
}

/* The parent has 4 MB; three children free it and allocate 1 MB each, in SCORE. */
static void forks(void)
{
	void *inherited = keep(malloc(4 << 20));
	for (int i = 0; i < 3; i++) {
		if (fork() == 0) {
			stage(PF_STAGE_SCORE);
			free(inherited);
			kept = malloc(1 << 20);
			_exit(0);
		}
		wait(NULL);
	}
	free(inherited);
}

int main(int argc, char **argv)
{
	void *address = dlsym(RTLD_DEFAULT, PF_ALLOCATION_STAGE_SYMBOL);
	memcpy(&stage, &address, sizeof address);
	if (!address || argc < 2) {
		return 2;
	}
	for (const char *mode = argv[1]; *mode; mode++) {
		switch (*mode) {
		case 'e':
			each_function();
			break;
		case 'f':
			failures();
			break;
		case 'p':
			peak();
			break;
		case 't':
			threads();
			break;
		case 'k':
			forks();
			break;
		case 'x': /* another program in this process's place */
			execl(argv[0], argv[0], mode + 1, NULL);
			return 6;
		default:
			return 7;
		}
	}
	return 0;
}
