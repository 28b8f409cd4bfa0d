/* Pictures: a pose network's input made from a photo's planes where the network runs, and the maxima of its
 * heat maps found there. For backends of a device; on others the caller makes the input and reads the
 * outputs. */
#ifndef PF_NN_PICTURE_H
#define PF_NN_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/gpu/gpu_peaks.h"
#include "core/gpu/gpu_picture.h"
#include "photofinish/trace.h"
#include "photofinish/workspace.h"

/* The part of a plane that the network sees anything of. */
typedef struct pf_picture_plane {
	const uint8_t *samples; /* NULL: there is no such plane */
	uint32_t columns, rows, stride_bytes;
	const pf_gpu_cover *across, *down; /* of the input's columns and rows as stored, counted from the
					      part's first; inside 0: the plane does not cover it */
	float weight_x, weight_y, outside; /* as in pf_gpu_source */
} pf_picture_plane;

/* One photo as the network shall see it; all of it is the caller's, read by pf_workspace_picture alone. */
typedef struct pf_picture {
	pf_picture_plane planes[3];
	uint32_t width_px, height_px; /* of the input, as the photo is stored */
	int64_t begin, across, down;  /* pixel (x, y) goes to begin + x * across + y * down */
	float mean[3], std[3];
	pf_gpu_colour colour;
} pf_picture;

/* From now on the workspace takes its input by pf_workspace_picture and leaves what pf_workspace_input points
 * to alone; `maxima`: heat maps of at least that many channels stay on the device, and pf_workspace_peaks has
 * the maxima of the first ones. 0: outputs as ever. Before its first run. False: it cannot, nothing changed
 * (another backend, an input that is no float NCHW picture or that the processor reads, maps that do not lie
 * on the device), or the device failed, which the first run says. */
bool pf_workspace_take_pictures(pf_workspace *workspace, uint32_t maxima);

/* Sends picture `index` (of the input's first dimension) on its way to the device; its planes have been read
 * when this returns. Allocates on the device only while photos grow. */
pf_status pf_workspace_picture(pf_workspace *workspace, size_t index, const pf_picture *picture,
			       pf_error *error);

/* What the device does from now on is timed, and noted in `trace` (NULL: no more). True where a device runs
 * the network. */
bool pf_workspace_time(pf_workspace *workspace, pf_trace *trace);

/* After a run: [picture][maxima], in cells. NULL without maxima. */
const pf_gpu_peak *pf_workspace_peaks(const pf_workspace *workspace);

#endif
