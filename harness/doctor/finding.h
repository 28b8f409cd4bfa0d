/* What the doctor's findings are made with, and the files that make them. */
#ifndef HARNESS_FINDING_H
#define HARNESS_FINDING_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/doctor/doctor.h"
#include "photofinish/placement.h"

struct pf_doctor {
	const char *root;
	const char *folder;
	pf_cpus allowed;
	uint32_t processors;
	double look_s;
	pf_finding *findings;
};

/* The first line of a file below the root, without its end. False with errno set where there is none. */
bool pf_finding_line(const struct pf_doctor *doctor, const char *path, char *out, size_t capacity);

/* The same as a number. */
bool pf_finding_number(const struct pf_doctor *doctor, const char *path, long long *out);

/* Is there anything at that path? */
bool pf_finding_exists(const struct pf_doctor *doctor, const char *path);

/* Notes a status and what was read, as printf writes it. */
pf_finding *pf_finding_say(struct pf_doctor *doctor, pf_finding_id id, pf_finding_status status,
			   const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Notes how to mend it. */
void pf_finding_mend(pf_finding *finding, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Notes that `path` cannot be read: by errno, and what that tells where the file is not there. */
void pf_finding_unreadable(struct pf_doctor *doctor, pf_finding_id id, const char *path, const char *absent);

/* governor, turbo, smt, clocksource, hypervisor, pmu, perf_event_paranoid, nmi-watchdog */
void pf_findings_of_processors(struct pf_doctor *doctor);

/* load, processes, steal, cpu-quota, container */
void pf_findings_of_neighbours(struct pf_doctor *doctor);

/* aslr, huge-pages, numa-balancing, memory, swap, disk, disk-space */
void pf_findings_of_memory(struct pf_doctor *doctor);

/* gpu, containment */
void pf_findings_of_devices(struct pf_doctor *doctor);

#endif
