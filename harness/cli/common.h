/* What several commands share: options, finding a dataset, choosing variants, progress of a run. */
#ifndef HARNESS_COMMON_H
#define HARNESS_COMMON_H

#include "harness/cli/allow_args.h"
#include "harness/cli/options.h"
#include "harness/cli/outside_args.h"
#include "harness/run/run.h"
#include "photofinish/dataset.h"
#include "photofinish/scorer.h"

/* Progress, as every command with long work has it. */
typedef struct pf_progress_choice {
	const char *mode; /* auto, always, never, json */
	bool quiet;
} pf_progress_choice;

#define PF_PROGRESS_ARGS(c)                                                                       \
	{"progress",                                                                              \
	 0,                                                                                       \
	 PF_ARG_CHOICE,                                                                           \
	 &(c).mode,                                                                               \
	 "auto|always|never|json",                                                                \
	 "progress on standard error (default: auto)",                                            \
	 0,                                                                                       \
	 0},                                                                                      \
	{                                                                                         \
		"quiet", 'q', PF_ARG_FLAG, &(c).quiet, NULL, "the same as --progress never", 0, 0 \
	}

typedef struct pf_common {
	uint32_t workers; /* 0: as many as cores */
	double timeout_s, photo_timeout_s;
	double memory_limit_mb; /* 0: none */
	uint32_t cpu_limit;     /* processors; 0: all that this process may use */
	const char *config_file;
	pf_progress_choice progress;
	const char *placement_text;
	const char *stages;   /* that take part; NULL: all */
	const char *preset;   /* NULL: ultra */
	const char *counters; /* NULL: nothing is counted */
	pf_texts plugins, commands;
	pf_texts allow;         /* what trials may do beyond what scoring needs */
	pf_placement placement; /* this and the next one are filled in by pf_common_apply */
	pf_allowance allowance;
} pf_common;

#define PF_COMMON_DEFAULTS                                                                       \
	{                                                                                        \
		.photo_timeout_s = 120, .placement_text = "cores", .progress = {.mode = "auto" } \
	}

/* A row for commands that start trials. */
#define PF_PLACEMENT_ARG(c)                                                                                                           \
	{                                                                                                                             \
		"placement", 0, PF_ARG_TEXT, &(c).placement_text, "WHERE",                                                            \
			"bind workers to cores, sockets, device (cores next to the GPU), none or a list as 0,2,4-7 (default: cores)", \
			0, 0                                                                                                          \
	}

/* Rows for commands that score photos: what is done to each. */
#define PF_SCORING_ARGS(c)                                                                                \
	{"stages",    0,      PF_ARG_TEXT,                                                                \
	 &(c).stages, "LIST", "stages that take part, of facts,decode,quality,pose,faces (default: all)", \
	 0,           0},                                                                                 \
	{                                                                                                 \
		"preset", 0, PF_ARG_CHOICE, &(c).preset, PF_PRESET_NAMES,                                 \
			"exactness for speed (docs/presets.md; default: ultra, gives up nothing)", 0, 0   \
	}

/* A row for commands that run trials and show what was counted in them. */
#define PF_COUNTERS_ARG(c)                                                                                 \
	{                                                                                                  \
		"counters", 0, PF_ARG_TEXT, &(c).counters, "LIST",                                         \
			"count events, as cycles,instructions,branch or software (docs/counters.md)", 0, 0 \
	}

/* Rows of an option table for a pf_common named `c`. */
#define PF_COMMON_ARGS(c)                                                                                     \
	{"workers",                                                                                           \
	 0,                                                                                                   \
	 PF_ARG_COUNT,                                                                                        \
	 &(c).workers,                                                                                        \
	 "N",                                                                                                 \
	 "worker processes (default: as many as physical cores)",                                             \
	 1,                                                                                                   \
	 1024},                                                                                               \
		{"config", 0, PF_ARG_INPUT, &(c).config_file, "FILE", "YAML file with weights and limits",    \
		 0,        0},                                                                                \
		{"timeout",   0,                                                                              \
		 PF_ARG_TIME, &(c).timeout_s,                                                                 \
		 "TIME",      "kill a trial that takes longer (default: 60 s and 5 s a photo)",               \
		 0.1,         1e7},                                                                           \
		{"photo-timeout",                                                                             \
		 0,                                                                                           \
		 PF_ARG_TIME,                                                                                 \
		 &(c).photo_timeout_s,                                                                        \
		 "TIME",                                                                                      \
		 "give up on a photo that takes a worker longer (default: 120)",                              \
		 0.1,                                                                                         \
		 1e7},                                                                                        \
		{"memory-limit",                                                                              \
		 0,                                                                                           \
		 PF_ARG_SIZE,                                                                                 \
		 &(c).memory_limit_mb,                                                                        \
		 "SIZE",                                                                                      \
		 "end a variant whose processes take more memory together; half of it is for photos "         \
		 "loaded ahead (default: no limit, half of what is free)",                                    \
		 0.1,                                                                                         \
		 1e9},                                                                                        \
		{"cpu-limit", 0,   PF_ARG_COUNT, &(c).cpu_limit, "N", "use N processors only (default: all)", \
		 1,           1024},                                                                          \
		PF_ALLOW_ARG((c).allow), PF_PROGRESS_ARGS((c).progress)

/* The rows of commands that look into trials of any variant; `c` is their pf_common. */
#define PF_VARIANT_ARGS(c)                                                                                 \
	PF_PLUGIN_ARG((c).plugins), PF_COMMAND_ARG((c).commands), PF_SCORING_ARGS(c), PF_PLACEMENT_ARG(c), \
		PF_COMMON_ARGS(c)

/* Takes in variants from outside; `commands` may be NULL. One that is wrong is an error. */
pf_status pf_common_outside(const pf_texts *plugins, const pf_texts *commands, const pf_allowance *allowance,
			    pf_error *error);

/* Says on standard error which registered variants cannot be run, and why. Returns how many. */
size_t pf_common_report_faults(void);

/* The placement, what is allowed, and the time limits: of a trial, where none is given, a minute and 5 s for
 * each photo, so that nothing hangs for ever. */
void pf_common_limits(const pf_common *common, pf_session *session);

void pf_progress_choose(const pf_progress_choice *choice);

/* The event that a command begins with once its dataset is open, where progress is wanted as JSON. */
void pf_common_tell_start(const char *command, const pf_dataset *dataset, uint32_t rounds,
			  const pf_contestant *contestants, size_t count);

/* Starts progress, fills in the number of workers and the placement, takes in variants from outside and reads
 * the configuration file. */
pf_status pf_common_apply(pf_common *common, pf_scorer_config *config, pf_error *error);

/* Opens the dataset by its name, a manifest's path or a folder of photos. A name that is not there yet but
 * has a specification is made first, with progress. PF_ERR_USAGE where the command line would overwrite one
 * of its files. */
pf_status pf_common_dataset(const char *name, pf_dataset **out, pf_error *error);

/* The same of a specification's photos with so many megapixels: "dash-3mp" of "dash". */
pf_status pf_common_dataset_sized(const char *spec, double megapixels, pf_dataset **out, pf_error *error);

/* Renders a dataset with progress, and says on standard error what was made and at which rate; nothing is
 * said of one that was already there. Progress, cancelling and their context are set here. */
struct pf_make_options;
struct pf_make_report;
pf_status pf_common_make(struct pf_make_options *options, struct pf_make_report *report, pf_error *error);

#endif
