/* What a reader has to know before believing the figures of a record: the one list of it. Whatever qualifies
 * or withholds a figure in the tables of the terminal is here, and every export and the notebook render it.
 */
#ifndef HARNESS_CAVEATS_H
#define HARNESS_CAVEATS_H

#include <jansson.h>

/* X(constant, name in exports, of what) */
#define PF_CAVEAT_LIST(X)                                                                            \
	X(PF_CAVEAT_PARTIAL, "partial", "the run")                                                   \
	X(PF_CAVEAT_UNFIT, "not_for_timing", "the run")                                              \
	X(PF_CAVEAT_WEIGHTS, "weights", "the run")                                                   \
	X(PF_CAVEAT_PRESET, "preset", "the run: scores are another preset's than ultra")             \
	X(PF_CAVEAT_STAGES, "part_of_the_job", "the run")                                            \
	X(PF_CAVEAT_POSE, "without_pose", "the run")                                                 \
	X(PF_CAVEAT_CACHE, "cache", "the run")                                                       \
	X(PF_CAVEAT_BUSY, "busy", "the run")                                                         \
	X(PF_CAVEAT_PROFILED, "profiled", "the run")                                                 \
	X(PF_CAVEAT_ROUNDS, "few_rounds", "the run")                                                 \
	X(PF_CAVEAT_LOST, "photos_not_scored", "the run")                                            \
	X(PF_CAVEAT_APPROXIMATE, "approximate", "a step: its scores are within a tolerance")         \
	X(PF_CAVEAT_FELL, "fell_back", "a step: the processor did what a device should")             \
	X(PF_CAVEAT_UNCHECKED, "unchecked", "a step: its scores were compared with nothing")         \
	X(PF_CAVEAT_OVER, "more_workers_than_cores", "a step")                                       \
	X(PF_CAVEAT_DISTURBED, "disturbed", "a step: trials that others' work made too long")        \
	X(PF_CAVEAT_UNTIMED, "trials_without_time", "a step with a time: trials that are not in it") \
	X(PF_CAVEAT_REFUSED, "refused", "a step: calls that its processes were refused")

#define PF_CAVEAT_ENUM(constant, name, of) constant,
typedef enum pf_caveat { PF_CAVEAT_LIST(PF_CAVEAT_ENUM) PF_CAVEAT_COUNT } pf_caveat;
#undef PF_CAVEAT_ENUM
const char *pf_caveat_name(pf_caveat caveat);

#define PF_CAVEAT_TEXT 400

/* Calls `take` with what is to be known of a step, or with NULL for `variant` of the run, in the order of the
 * list. `text` is one line of plain text without a full stop, of which names may need escaping; one that
 * begins with its gist has a colon after that. */
void pf_caveats(const json_t *record, const json_t *variant,
		void (*take)(void *context, pf_caveat caveat, const char *text), void *context);

/* The same of the record of a load, a soak or an audit, which is of one variant: of all of it. */
void pf_caveats_of_one(const json_t *record, void (*take)(void *context, pf_caveat caveat, const char *text),
		       void *context);
json_t *pf_caveats_of_one_json(const json_t *record); /* [{"kind", "text"}], a new reference */

/* All of them in one text, divided by "; ". Returns `out`. */
char *pf_caveats_text(const json_t *record, const json_t *variant, char *out, size_t capacity);

/* "3 measures within 0.5" where scores of the step's checked trials are approximate, else "". Returns `out`.
 */
char *pf_caveat_approximate(const json_t *variant, char *out, size_t capacity);

/* What the caveat PF_CAVEAT_FELL says of `photos` poses that the processor found. */
void pf_fell_back_text(double photos, const char *why, char *out, size_t capacity);

#endif
