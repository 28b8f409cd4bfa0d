/* A program with a function of a known share of its work, in a thread, in a process that it starts, and in
 * itself. Usage: planted SHARE SLOWNESS ROUNDS: of each round's 1000 units SHARE are the planted function's,
 * which takes SLOWNESS times as long for each. */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static unsigned long share, slowness, rounds;
static volatile uint64_t kept;

/* The same work for each, in functions of their own. */
#define WORK(units)                                                \
	do {                                                       \
		uint64_t value = kept;                             \
		for (unsigned long i = 0; i < (units)*1000; i++) { \
			value = value * 6364136223846793005u + i;  \
		}                                                  \
		kept = value;                                      \
	} while (0)

static void __attribute__((noinline, noclone)) planted_function(unsigned long units)
{
	WORK(units * slowness);
}

static void __attribute__((noinline, noclone)) all_else(unsigned long units)
{
	WORK(units);
}

static void work(void)
{
	for (unsigned long i = 0; i < rounds; i++) {
		planted_function(share);
		all_else(1000 - share);
	}
}

static void *thread(void *ignored)
{
	work();
	return ignored;
}

int main(int argc, char **argv)
{
	pthread_t other;
	if (argc != 4) {
		return 2;
	}
	share = strtoul(argv[1], NULL, 10);
	slowness = strtoul(argv[2], NULL, 10);
	rounds = strtoul(argv[3], NULL, 10);
	if (share > 1000 || pthread_create(&other, NULL, thread, NULL)) {
		return 2;
	}
	pid_t child = fork();
	work();
	if (child == 0) {
		_exit(0);
	}
	pthread_join(other, NULL);
	return waitpid(child, NULL, 0) == child ? 0 : 2;
}
