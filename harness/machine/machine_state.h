/* What else the machine did while a trial ran: processor time of others, steal, pressure, throttling,
 * swapping, frequency. From that, whether the trial was disturbed, and by what. */
#ifndef HARNESS_MACHINE_STATE_H
#define HARNESS_MACHINE_STATE_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/placement.h"

/* X(constant, name in records): the kernel's pressure stall information */
#define PF_PRESSURE_LIST(X)       \
	X(PF_PRESSURE_CPU, "cpu") \
	X(PF_PRESSURE_IO, "io")   \
	X(PF_PRESSURE_MEMORY, "memory")

#define PF_PRESSURE_ENUM(constant, name) constant,
typedef enum pf_pressure { PF_PRESSURE_LIST(PF_PRESSURE_ENUM) PF_PRESSURE_COUNT } pf_pressure;
#undef PF_PRESSURE_ENUM
const char *pf_pressure_name(pf_pressure pressure);

/* The kernel's counters at one moment; PF_UNKNOWN where one cannot be read. Those of processors are of the
 * `processors` given, the rest of the whole machine. */
typedef struct pf_machine_counters {
	uint64_t when_ns;
	uint32_t processors;
	uint64_t busy_ns, steal_ns;          /* /proc/stat, in ticks of 1/100 s */
	uint64_t some_ns[PF_PRESSURE_COUNT]; /* time that something waited, /proc/pressure */
	uint64_t full_ns[PF_PRESSURE_COUNT]; /* and that nothing could go on */
	uint64_t throttled_ns;      /* by quotas of this process's control groups, summed over processors */
	uint64_t thermal_throttles; /* sysfs, sum over the processors */
	uint64_t swapped_pages;     /* in and out, /proc/vmstat */
	uint64_t harness_cpu_ns;    /* of this process alone, its children not included */
} pf_machine_counters;

/* `root` stands before /proc and /sys (tests); NULL: "". `processors` NULL: those that the caller may use. */
void pf_machine_read(const char *root, const pf_cpus *processors, pf_machine_counters *out);

/* The same between two moments; PF_UNKNOWN where one of the two is. */
typedef struct pf_machine_state {
	uint64_t elapsed_ns;
	uint32_t processors;
	uint64_t busy_ns, steal_ns;
	uint64_t others_ns; /* busy_ns less the trial's and the harness's own; never negative */
	uint64_t some_ns[PF_PRESSURE_COUNT], full_ns[PF_PRESSURE_COUNT];
	uint64_t throttled_ns, thermal_throttles, swapped_pages;
	uint64_t harness_cpu_ns;
	uint64_t minor_faults;        /* of the trial's processes */
	uint64_t low_khz, high_khz;   /* of the fastest processor at each look; 0: not readable */
	uint64_t frequency_looked_ns; /* when it was looked at last */
} pf_machine_state;

/* Fills in what comes from counters; what the trial itself took is `trial_cpu_ns`. */
void pf_machine_between(const pf_machine_counters *before, const pf_machine_counters *after,
			uint64_t trial_cpu_ns, pf_machine_state *state);

/* Notes the frequency, at most once a second: `now_ns` is the time. */
void pf_machine_look_frequency(const char *root, uint64_t now_ns, pf_machine_state *state);

/* X(constant, name in records). docs/doctor.md has the thresholds and where they come from. */
#define PF_DISTURBANCE_LIST(X)              \
	X(PF_DISTURBED_BY_OTHERS, "others") \
	X(PF_DISTURBED_BY_STEAL, "steal")   \
	X(PF_DISTURBED_BY_QUOTA, "quota")   \
	X(PF_DISTURBED_BY_MEMORY, "memory") \
	X(PF_DISTURBED_BY_SWAP, "swap")     \
	X(PF_DISTURBED_BY_HEAT, "heat")

#define PF_DISTURBANCE_ENUM(constant, name) constant,
typedef enum pf_disturbance { PF_DISTURBANCE_LIST(PF_DISTURBANCE_ENUM) PF_DISTURBANCE_COUNT } pf_disturbance;
#undef PF_DISTURBANCE_ENUM
const char *pf_disturbance_name(pf_disturbance kind);

/* How much of it there was: cores that others used, shares of time, pages, throttlings. 0 where it was too
 * little to tag a trial, or is not known. */
double pf_machine_disturbed(const pf_machine_state *state, pf_disturbance kind);

/* "others used 0.8 of 2 cores", "steal 6 %". Returns `out`. */
char *pf_disturbance_text(pf_disturbance kind, double amount, uint32_t processors, char *out,
			  size_t capacity);

#endif
