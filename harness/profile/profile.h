/* A profile: how often the threads of a trial or of a command were seen in which function, called by which
 * others, in which stage. Everything that is shown or written of it renders this one struct. */
#ifndef HARNESS_PROFILE_H
#define HARNESS_PROFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/profile/sample_stacks.h"
#include "photofinish/stage.h"

typedef struct pf_function {
	char *name;   /* of code without one: "[libjpeg.so.62]", "[made at run time]", "[unknown]" */
	char *object; /* path of its file, "" where there is none */
	bool named;   /* by a symbol, or by who made it */
	bool own;     /* of this program's own objects */
} pf_function;

typedef struct pf_profile {
	char label[128];          /* of what ran */
	char method[160];         /* how samples were taken */
	uint32_t hz;              /* asked for, a second of CPU time of each thread */
	bool has_stages;          /* samples have stages and workers: it is one of our trials */
	uint32_t runs;            /* that it is the sum of */
	uint64_t wall_ns, cpu_ns; /* of them */
	pf_stacks stacks;         /* words are indices of functions */
	pf_function *functions;
	size_t function_count, function_capacity;
	uint64_t samples;        /* counted in the stacks */
	uint64_t lost;           /* for want of room, or of time */
	uint64_t cut;            /* whose stack had more frames than are kept */
	uint64_t slowed;         /* times that the kernel took fewer on its own account */
	uint64_t threads_failed; /* that were not looked at: they could get no timer */
	uint64_t own, own_named; /* samples that were in an own object, and of them those with a function */
} pf_profile;

/* What spans say of a stage, of the same trials. */
typedef struct pf_profiled_stage {
	uint64_t own_ns;       /* without stages within it */
	uint64_t cpu_ns;       /* of that */
	uint64_t run_delay_ns; /* of the rest: ready to run, but others ran */
} pf_profiled_stage;

/* The index of that function, a new one where there is none yet. UINT32_MAX without memory. */
uint32_t pf_profile_function(pf_profile *profile, const char *name, const char *object, bool named, bool own);

/* Adds what `one` has. */
void pf_profile_add(pf_profile *profile, const pf_profile *one);
void pf_profile_release(pf_profile *profile); /* zeroed is fine */

/* Names of the frames that stand around a stack's functions: its stage, and the part of that; NULL: none.
 * Samples out of all stages are in "(no stage)". */
const char *pf_profile_stage_name(const pf_profile *profile, const pf_stack *stack);
const char *pf_profile_part_name(const pf_profile *profile, const pf_stack *stack);

/* Samples of a stage, its parts included; PF_STAGE_COUNT: of none. */
uint64_t pf_profile_stage_samples(const pf_profile *profile, unsigned stage);

/* Samples a second of CPU time, all lost ones included; 0: not known. */
double pf_profile_achieved_hz(const pf_profile *profile);

/* Shares of the stages by samples, and by the CPU time that spans say: the largest distance between
 * the two shares, in points of a percent; negative where there are no samples in stages. `stages` has
 * PF_STAGE_COUNT. */
double pf_profile_distance(const pf_profile *profile, const pf_profiled_stage *stages);

typedef struct pf_function_share {
	uint32_t function;
	uint64_t self, total; /* samples in it, and in it or what it called */
} pf_function_share;

/* All functions, those with most samples of their own first. The caller frees; NULL without memory. */
pf_function_share *pf_profile_functions(const pf_profile *profile);

#endif
