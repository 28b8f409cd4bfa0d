/* Energy of the whole machine over a time, by RAPL: the powercap files, or perf's power events where those
 * cannot be read. Whatever else ran meanwhile is in it. */
#ifndef HARNESS_ENERGY_H
#define HARNESS_ENERGY_H

#include <stdbool.h>
#include <stdint.h>

enum { PF_ENERGY_DOMAINS = 16, PF_ENERGY_NAME = 48, PF_ENERGY_WHY = 256 };

#define PF_SYSFS "/sys"

typedef struct pf_energy_domain {
	char name[PF_ENERGY_NAME]; /* "package-0", "package-0/dram": a part lies in its whole but for dram */
	double joules;
} pf_energy_domain;

/* What came of it. */
typedef struct pf_energy {
	uint32_t count;                              /* of domains; 0: see why */
	pf_energy_domain domains[PF_ENERGY_DOMAINS]; /* by name */
	char source[16];                             /* "powercap" or "perf" */
	char why[PF_ENERGY_WHY];                     /* it is not available; "" where it is */
} pf_energy;

typedef struct pf_energy_zone {
	char name[PF_ENERGY_NAME];
	char file[320];     /* of powercap: a count of microjoules that begins anew behind range_uj */
	uint64_t range_uj;  /* 0: not known, a count that falls makes the domain unknown */
	uint64_t last;      /* microjoules, or the units of perf's event */
	double unit_joules; /* of `last` */
	double joules;      /* so far */
	int fd;             /* of perf's event; -1: of powercap */
	bool lost;          /* it could not be read any more, or fell without a range */
} pf_energy_zone;

/* Running. */
typedef struct pf_energy_meter {
	uint32_t count;
	pf_energy_zone zones[PF_ENERGY_DOMAINS];
	uint64_t updated_ns;
	char source[16];
	char why[PF_ENERGY_WHY];
} pf_energy_meter;

/* Finds the domains below `sysfs` (PF_SYSFS) and reads them for the first time. */
void pf_energy_start(pf_energy_meter *meter, const char *sysfs);

/* Adds what was used since the last time. A count begins anew after some minutes at full load (the kernel's
 * max_energy_range_uj): to be called more often than that. Cheap: reads the files every 10 s only, unless
 * `now` says so. */
void pf_energy_update(pf_energy_meter *meter, bool now);

/* Ends it. A domain that could not be followed is left out. */
void pf_energy_stop(pf_energy_meter *meter, pf_energy *out);

#endif
