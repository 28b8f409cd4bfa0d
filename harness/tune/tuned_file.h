/* What tuning found, in a YAML file that says where it holds: of this build and configuration, on machines
 * and datasets like those that it was measured on. */
#ifndef HARNESS_TUNED_FILE_H
#define HARNESS_TUNED_FILE_H

#include <stdbool.h>

#include "harness/record/machine_id.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"

#define PF_TUNED_HEX (2 * PF_SHA256_BYTES + 1)

typedef struct pf_tuned {
	char variant[64];
	char settings[128]; /* "workers=3,chunk=16"; "": the default stays */
	char found[160];    /* in words: how it was decided */
	char started[32];   /* UTC, ISO 8601 */
	/* Where it holds. */
	char build[PF_TUNED_HEX], configuration[PF_TUNED_HEX];
	char machine[PF_MACHINE_ID + 1]; /* processor, cores, hypervisor, memory, kernel, libc */
	char dataset[64];                /* "4 to 8 MB a photo, 10 to 99 photos" */
	char workers[16];                /* "2": how many there are where the settings do not say */
} pf_tuned;

/* Fills in where what is measured now holds; `dataset` and `config` may be NULL and `workers` 0: those are
 * left as they are. */
pf_status pf_tuned_here(const pf_scorer_config *config, const pf_dataset *dataset, uint32_t workers,
			pf_tuned *tuned, pf_error *error);

/* NULL: `tuned` holds where `here` is; else what differs, in words: "another build". What is "" in `here` is
 * not compared. */
const char *pf_tuned_stale(const pf_tuned *tuned, const pf_tuned *here);

/* The file for a variant where none is named; makes no folder. False where no folder for it can be told. */
bool pf_tuned_path(const char *variant, char *out, size_t capacity);

/* All or nothing. PF_ERR_INVALID names a field that is missing or none. */
pf_status pf_tuned_save(const pf_tuned *tuned, const char *path, pf_error *error);
pf_status pf_tuned_load(const char *path, pf_tuned *out, pf_error *error);

/* Calls `take` for each file where pf_tuned_path puts them, `why` being NULL or what is wrong with it. */
void pf_tuned_each(void (*take)(void *context, const char *path, const pf_tuned *tuned, const pf_error *why),
		   void *context);

#endif
