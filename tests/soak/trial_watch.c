/* Looks into a trial that runs, for tests that kill its workers.
 * Usage: trial_watch variants
 *            the variants whose workers are processes, and that can run here
 *        trial_watch stop PID WHAT DELAY_MS SEED
 *            stops a worker of trial PID (SIGSTOP) and prints "PID PHOTO STAGE" of it, PHOTO -1 without one.
 *            DELAY_MS after the first worker is there. WHAT: any, a worker; photo, one that has a photo; a
 *            number, one that has that photo. Exit status 1 where the trial ended before there was one. */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/trial/trial_shared.h"

#define ANY (-1L)
#define WITH_PHOTO (-2L)

static void nap_us(long us)
{
	nanosleep(&(struct timespec){.tv_sec = us / 1000000, .tv_nsec = us % 1000000 * 1000}, NULL);
}

static int list_variants(void)
{
	const char *why_not;
	pf_scorer_config config;
	pf_scorer_config_default(&config);
	struct pf_env env = {
		.abi_version = PF_ABI_VERSION, .struct_size = sizeof env, .workers = 2, .scorer = &config};
	for (const struct pf_variant *const *entry = pf_variant_registry; *entry; entry++) {
		const struct pf_variant *variant = *entry;
		if (variant->caps & PF_CAP_WORKERS &&
		    !(variant->caps & (PF_CAP_THREADS | PF_CAP_MAY_CRASH)) &&
		    (!variant->probe || variant->probe(&env, &why_not) == PF_OK)) {
			puts(variant->name);
		}
	}
	return 0;
}

/* The state of a process as /proc has it; '-' where it is gone. */
static char state_of(pid_t pid)
{
	char path[64], line[600], state = '-';
	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	FILE *stat = fopen(path, "re");
	if (stat) {
		const char *end = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
		state = end && end[1] ? end[2] : '-';
		fclose(stat);
	}
	return state;
}

static bool is_over(pid_t pid)
{
	char state = state_of(pid);
	return state == '-' || state == 'Z' || state == 'X';
}

/* The block that the trial shares with its harness, read-only. Waits for it: the trial may have just been
 * forked. */
static const struct pf_trial_shared *map_shared(pid_t trial)
{
	char path[64];
	struct stat info;
	snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)trial, PF_TRIAL_FD_SHARED);
	for (; !is_over(trial); nap_us(200)) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0) {
			continue;
		}
		const struct pf_trial_shared *shared = MAP_FAILED;
		if (fstat(fd, &info) == 0 && S_ISREG(info.st_mode) &&
		    info.st_size >= (off_t)sizeof(struct pf_trial_shared)) {
			shared = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_SHARED, fd, 0);
		}
		close(fd);
		if (shared != MAP_FAILED && shared->magic == PF_TRIAL_MAGIC) {
			return shared;
		}
	}
	return NULL;
}

static bool is_wanted(const pf_trace *trace, pid_t trial, long what)
{
	pid_t pid = (pid_t)atomic_load(&trace->pid);
	uint32_t photo = atomic_load(&trace->photo);
	return pid > 0 && pid != trial && !is_over(pid) &&
	       (what == ANY || (what == WITH_PHOTO ? photo != PF_NO_PHOTO : photo == (uint32_t)what));
}

/* A slot as wanted, each as likely as the others; 0 where there is none. */
static uint32_t choose(const struct pf_trial_shared *shared, pid_t trial, long what)
{
	uint32_t chosen = 0, count = 0;
	for (uint32_t slot = 1; slot <= shared->order.workers; slot++) {
		if (is_wanted(&shared->traces[slot], trial, what) && random() % ++count == 0) {
			chosen = slot;
		}
	}
	return chosen;
}

/* What is printed holds: nothing of the worker moves any more. */
static bool stop(const pf_trace *trace)
{
	pid_t pid = (pid_t)atomic_load(&trace->pid);
	if (kill(pid, SIGSTOP)) {
		return false;
	}
	while (state_of(pid) != 'T') {
		if (is_over(pid)) {
			return false;
		}
		nap_us(50);
	}
	uint32_t photo = atomic_load(&trace->photo);
	printf("%d %ld %s\n", (int)pid, photo == PF_NO_PHOTO ? -1L : (long)photo,
	       pf_stage_name((pf_stage)atomic_load(&trace->stage)));
	return true;
}

static int stop_worker(pid_t trial, long what, long delay_ms, unsigned seed)
{
	const struct pf_trial_shared *shared = map_shared(trial);
	srandom(seed);
	while (shared && !choose(shared, trial, ANY)) {
		if (is_over(trial)) {
			return 1;
		}
		nap_us(200);
	}
	nap_us(delay_ms * 1000);
	while (shared && !is_over(trial)) {
		uint32_t slot = choose(shared, trial, what);
		if (slot && stop(&shared->traces[slot])) {
			return 0;
		}
		nap_us(100);
	}
	return 1;
}

int main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "variants") == 0) {
		return list_variants();
	}
	if (argc != 6 || strcmp(argv[1], "stop") != 0) {
		fprintf(stderr, "trial_watch: wrong arguments, see its source\n");
		return 2;
	}
	long what = strcmp(argv[3], "any") == 0     ? ANY
		    : strcmp(argv[3], "photo") == 0 ? WITH_PHOTO
						    : strtol(argv[3], NULL, 10);
	return stop_worker((pid_t)strtol(argv[2], NULL, 10), what, strtol(argv[4], NULL, 10),
			   (unsigned)strtoul(argv[5], NULL, 10));
}
