/* The pose estimator: a pose network with its card, ready to run on photos. One for each worker, created
 * after the fork; one thread at a time. */
#ifndef PHOTOFINISH_POSE_ESTIMATOR_H
#define PHOTOFINISH_POSE_ESTIMATOR_H

#include <stdbool.h>

#include "core/scoring/pose_input.h"
#include "photofinish/image.h"
#include "photofinish/pose.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

typedef struct pf_pose_options {
	const char *model_file;     /* an ONNX file; its card is beside it, or is guessed */
	const char *box_model_file; /* finds the person for a top-down model; "" or NULL: the whole photo */
	const char *backend;        /* "plain", "onednn", "cudnn" */
	pf_trace *trace;            /* of its parts of PF_STAGE_POSE; may be NULL */
	bool bytes;                 /* oneDNN's convolutions with 8 bits, where ranges are there */
	bool winograd;              /* oneDNN's 3x3 convolutions by Winograd's algorithm, where it has it */
	bool turned_late;           /* what upright photos need is loaded with the first of them */
	bool fall_back;             /* where a device fails, the processor goes on, for good */
	uint32_t longest_px;        /* of the pose network's input, in place of its card's; 0: the card's */
	uint32_t batch;             /* photos of one run where a device makes the inputs; 0 or 1: one */
} pf_pose_options;

typedef struct pf_pose_estimator pf_pose_estimator;

/* Loads the networks and allocates what runs need. The box model is loaded only where the model is top-down,
 * and must not be top-down itself. Errors are those of the model card, pf_network_load and
 * pf_workspace_create. */
pf_status pf_pose_estimator_create(const pf_pose_options *options, pf_pose_estimator **out, pf_error *error);
void pf_pose_estimator_destroy(pf_pose_estimator *estimator); /* NULL is fine */

/* Its spans go to `trace` from now on. */
void pf_pose_estimator_set_trace(pf_pose_estimator *estimator, pf_trace *trace);

/* What was guessed for want of a card, one line; "" where nothing was. Valid as long as the estimator. */
const char *pf_pose_estimator_note(const pf_pose_estimator *estimator);

/* With fall_back, whatever a device fails with while networks are opened or run, they are opened for the
 * processor, and the photo is tried once more; trace->device tells of it.
 *
 * Finds the main athlete. A photo without one is PF_OK with pose->found false. Allocates only where a photo
 * is larger than all before, or the first upright one with turned_late. PF_ERR_NO_MEMORY, or what
 * pf_workspace_run fails with; with turned_late what pf_pose_estimator_create fails with. */
pf_status pf_pose_estimate(pf_pose_estimator *estimator, const pf_image *image, pf_pose *pose,
			   pf_error *error);

/* Those of `count` photos, several in one run of the network where the options say so and the backend makes
 * the inputs itself; else one after the other. The first failure is that of all. */
pf_status pf_pose_estimate_all(pf_pose_estimator *estimator, const pf_image *images, size_t count,
			       pf_pose *poses, pf_error *error);

/* The network's input while rows of a photo come in, see pf_pose_input_rows: begin, pf_pose_input_rows until
 * all have come; pf_pose_take makes the next pf_pose_estimate take that input, and of its image only the
 * sizes. Several photos may be under way, each with an input of its own. PF_ERR_UNAVAILABLE where another
 * model has to find the person first. */
pf_status pf_pose_begin(pf_pose_estimator *estimator, pf_pose_input *input, const pf_image *image,
			pf_error *error);
void pf_pose_take(pf_pose_estimator *estimator, pf_pose_input *input);

/* The network that comes with photofinish: its file, "" where there is none of that name (one that is there
 * and cannot be read is an error of who opens it: scores without pose are others); and what runs it, "onednn"
 * where that was built in, else "plain". */
const char *pf_pose_default_model(void);
/* Why pf_pose_default_model is empty, in `out`, which is returned. */
const char *pf_pose_default_problem(char *out, size_t capacity);
/* The same of any file; "" where it is one that can be read. */
const char *pf_pose_file_problem(const char *file, char *out, size_t capacity);
const char *pf_pose_default_backend(void);

/* pf_network_backend_version by name; "no backend" for names that were not built in. */
const char *pf_pose_backend_version(const char *backend);

#endif
