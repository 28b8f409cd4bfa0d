#include "core/exec/binding.h"

#include <errno.h>
#include <linux/mempolicy.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

_Static_assert(sizeof(pf_cpus) == sizeof(cpu_set_t), "the kernel's masks and ours have the same bits");

/* How often the kernel moved the calling thread from one processor to another. */
static uint64_t migrations(void)
{
	FILE *sched = fopen("/proc/thread-self/sched", "re");
	char line[160];
	unsigned long long count = PF_UNKNOWN;
	while (sched && fgets(line, sizeof line, sched)) {
		if (sscanf(line, "se.nr_migrations : %llu", &count) == 1) {
			break;
		}
	}
	if (sched) {
		fclose(sched);
	}
	return count;
}

static uint64_t involuntary_switches(void)
{
	struct rusage usage = {0};
	getrusage(RUSAGE_THREAD, &usage);
	return (uint64_t)usage.ru_nivcsw;
}

void pf_place_enter(pf_place *place)
{
	if (place->thread == (int32_t)gettid()) {
		return;
	}
	if (pf_cpus_count(&place->asked)) {
		cpu_set_t set;
		memcpy(&set, &place->asked, sizeof set);
		place->bind_errno = sched_setaffinity(0, sizeof set, &set) ? errno : 0;
		place->memory_errno = syscall(SYS_set_mempolicy, MPOL_LOCAL, NULL, 0) ? errno : 0;
	}
	place->got = pf_cpus_allowed();
	place->thread = (int32_t)gettid();
	place->entered++;
	/* Last: being moved to its place is no migration. */
	place->migrations_before = migrations();
	place->switches_before = involuntary_switches();
}

void pf_place_leave(pf_place *place)
{
	if (place->thread != (int32_t)gettid()) {
		return;
	}
	uint64_t moved = migrations();
	place->kept = pf_cpus_allowed();
	place->involuntary_switches += involuntary_switches() - place->switches_before;
	bool known = moved != PF_UNKNOWN && place->migrations != PF_UNKNOWN;
	place->migrations = known ? place->migrations + moved - place->migrations_before : PF_UNKNOWN;
	place->left++;
	place->thread = 0;
}
