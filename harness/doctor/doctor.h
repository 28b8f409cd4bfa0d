/* What about this machine spoils measurements: one finding a question, each with what was read and how to
 * mend it. */
#ifndef HARNESS_DOCTOR_H
#define HARNESS_DOCTOR_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/placement.h"

/* X(constant, name in records, why it matters: one clause) */
#define PF_FINDING_LIST(X)                                                                                   \
	X(PF_FINDING_BUILD, "build",                                                                         \
	  "times of code without optimisation, or with sanitizers, are of other code")                       \
	X(PF_FINDING_LOAD, "load",                                                                           \
	  "what runs beside a trial takes processors, caches and memory traffic from it")                    \
	X(PF_FINDING_PROCESSES, "processes",                                                                 \
	  "workers are bound: what runs on their core delays them by as much")                               \
	X(PF_FINDING_STEAL, "steal", "time that the hypervisor gives to others lengthens a trial unseen")    \
	X(PF_FINDING_QUOTA, "cpu-quota", "a group at its quota stands still until the next period")          \
	X(PF_FINDING_GOVERNOR, "governor",                                                                   \
	  "a clock that follows the load makes a trial depend on what ran before")                           \
	X(PF_FINDING_TURBO, "turbo", "boost depends on heat and on how many cores are busy")                 \
	X(PF_FINDING_SMT, "smt", "threads of one core share its units: one slows the other")                 \
	X(PF_FINDING_CLOCK, "clocksource",                                                                   \
	  "a clock that is read through a device costs 1 us a span instead of 50 ns")                        \
	X(PF_FINDING_HYPERVISOR, "hypervisor",                                                               \
	  "other guests share caches and memory, which no counter here shows")                               \
	X(PF_FINDING_CONTAINER, "container",                                                                 \
	  "limits and neighbours of the host are only partly seen from within")                              \
	X(PF_FINDING_PMU, "pmu", "without it there are no cycles, instructions or cache misses")             \
	X(PF_FINDING_PARANOID, "perf_event_paranoid",                                                        \
	  "it decides which counters and samples users may have")                                            \
	X(PF_FINDING_WATCHDOG, "nmi-watchdog", "it takes a hardware counter, and an interrupt now and then") \
	X(PF_FINDING_ASLR, "aslr",                                                                           \
	  "with one layout of memory for all, rounds repeat its luck and do not average it")                 \
	X(PF_FINDING_THP, "huge-pages", "the kernel joins and moves pages at times of its own")              \
	X(PF_FINDING_NUMA, "numa-balancing", "pages move between nodes while a trial runs")                  \
	X(PF_FINDING_MEMORY, "memory",                                                                       \
	  "without free memory the page cache is emptied, and photos come from storage")                     \
	X(PF_FINDING_SWAP, "swap", "what was swapped out is read back within somebody's trial")              \
	X(PF_FINDING_DISK, "disk", "cold trials time this device, and whoever else uses it")                 \
	X(PF_FINDING_SPACE, "disk-space",                                                                    \
	  "records and rendered photos need room; full file systems are slow")                               \
	X(PF_FINDING_GPU, "gpu", "without it the variants that need a device are unavailable")               \
	X(PF_FINDING_CONTAINMENT, "containment", "it bounds what a hostile photo, model or plug-in can reach")

#define PF_FINDING_ENUM(constant, name, why) constant,
typedef enum pf_finding_id { PF_FINDING_LIST(PF_FINDING_ENUM) PF_FINDING_COUNT } pf_finding_id;
#undef PF_FINDING_ENUM
const char *pf_finding_name(pf_finding_id id);
const char *pf_finding_why(pf_finding_id id);

/* X(constant, word). In the order of how bad they are. */
#define PF_FINDING_STATUS_LIST(X)                \
	X(PF_FINDING_OK, "ok")                   \
	X(PF_FINDING_UNREADABLE, "not readable") \
	X(PF_FINDING_ADVICE, "advice")           \
	X(PF_FINDING_SPOILS, "spoils")

#define PF_FINDING_STATUS_ENUM(constant, word) constant,
typedef enum pf_finding_status {
	PF_FINDING_STATUS_LIST(PF_FINDING_STATUS_ENUM) PF_FINDING_STATUS_COUNT
} pf_finding_status;
#undef PF_FINDING_STATUS_ENUM
const char *pf_finding_status_word(pf_finding_status status);

typedef struct pf_finding {
	pf_finding_status status;
	char read[320]; /* which file says what; of what is not readable, why. Escaped */
	char mend[320]; /* a command, or what else to do; "" where there is nothing */
} pf_finding;

typedef struct pf_doctor_question {
	const char *root;   /* stands before /proc, /sys and the like (tests); NULL: "" */
	const char *folder; /* where data lie; NULL: not known */
	double look_s;      /* how long to look at other processes and steal */
} pf_doctor_question;

/* Answers all. Takes look_s and some milliseconds. */
void pf_doctor_ask(const pf_doctor_question *question, pf_finding findings[PF_FINDING_COUNT]);

#endif
