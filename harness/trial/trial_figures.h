/* The figures of a trial that are one number each: the one list of them. It makes the fields of pf_trial, the
 * record's members (written and read back), the columns of CSV, a block of docs/run-schema.json and a table
 * of docs/formats.md. A figure more is a line here and the line that measures it; test_trial_figures writes
 * the documents. */
#ifndef HARNESS_TRIAL_FIGURES_H
#define HARNESS_TRIAL_FIGURES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* When a figure is told; otherwise it is null, or an empty cell. */
typedef enum pf_shown {
	PF_SHOWN_ALWAYS,
	PF_SHOWN_KNOWN,         /* 0: not measured */
	PF_SHOWN_CHECKED,       /* a time: it is a result only where the trial's scores were checked */
	PF_SHOWN_CHECKED_KNOWN, /* both */
} pf_shown;

/* X(field, unit, shown, what it is). Names are those of records: they stay. */
#define PF_TRIAL_FIGURES(X)                                                                                   \
	X(wall_ns, "ns", CHECKED, "from before the spawn until the process was reaped")                       \
	X(cpu_ns, "ns", CHECKED, "user and system time of all its processes")                                 \
	X(first_result_ns, "ns", CHECKED_KNOWN,                                                               \
	  "until the first scored photo reached the harness (one that failed is no result)")                  \
	X(main_ns, "ns", CHECKED,                                                                             \
	  "stages of the variant's own process without waiting: what is serial where workers do the scoring") \
	X(startup_ns, "ns", CHECKED,                                                                          \
	  "opening scorers, once a process: the main one's and the mean of the workers'")                     \
	X(photos_scored, "photos", ALWAYS, "photos that got a score")                                         \
	X(photos_failed, "photos", ALWAYS, "photos that could not be scored")                                 \
	X(peak_rss_bytes, "bytes", KNOWN,                                                                     \
	  "sum of each process's peak resident size: shared pages count in each, so it is an upper bound")    \
	X(read_bytes, "bytes", ALWAYS, "photos read from files, by the engine's own count")                   \
	X(moved_bytes, "bytes", ALWAYS, "photos sent from one process to another")                            \
	X(device_read_bytes, "bytes", ALWAYS, "what came from storage, by the kernel's count")                \
	X(involuntary_switches, "switches", ALWAYS,                                                           \
	  "times that the kernel took the processor from one of its threads")                                 \
	X(major_faults, "faults", ALWAYS, "page faults that waited for storage")                              \
	X(worker_deaths, "processes", ALWAYS, "worker processes that died and were replaced")                 \
	X(chunks, "chunks", ALWAYS, "chunks of photos that were loaded ahead, whole")                         \
	X(voluntary_switches, "switches", KNOWN,                                                              \
	  "times that one of its threads waited and left the processor")

/* The fields, for pf_trial. */
#define PF_TRIAL_FIGURE_FIELD(field, unit, shown, what) uint64_t field;

#define PF_TRIAL_FIGURE_INDEX(field, unit, shown, what) PF_FIGURE_##field,
enum { PF_TRIAL_FIGURES(PF_TRIAL_FIGURE_INDEX) PF_TRIAL_FIGURE_COUNT };

typedef struct pf_trial_figure {
	const char *name;
	size_t offset; /* in pf_trial */
	const char *unit;
	pf_shown shown;
	const char *what;
} pf_trial_figure;

extern const pf_trial_figure pf_trial_figures[PF_TRIAL_FIGURE_COUNT];

struct pf_trial;

/* Its place in a trial. */
uint64_t *pf_trial_figure_at(struct pf_trial *trial, const pf_trial_figure *figure);

/* The figure of a trial; false where it is not to be told. */
bool pf_trial_figure_told(const struct pf_trial *trial, const pf_trial_figure *figure, uint64_t *value);

/* True for times, which only checked trials have. */
static inline bool pf_trial_figure_is_time(const pf_trial_figure *figure)
{
	return figure->shown == PF_SHOWN_CHECKED || figure->shown == PF_SHOWN_CHECKED_KNOWN;
}

#endif
