/* Pictures on the device: planes go there through two pinned areas in turn, so that one is filled while the
 * other is copied; a kernel makes the network's input of them, two others find the maxima of its maps. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/gpu/gpu_times.h"
#include "core/nn/cudnn.h"

#define AREA_BYTES ((size_t)2 << 20)
#define ALIGNMENT 16

struct pf_cudnn_pictures {
	const pf_tensor *tensor; /* the network's input */
	int32_t value, maps;     /* maps: PF_NO_VALUE without maxima */
	const pf_tensor *map_tensor;
	uint32_t maxima;
	char *pinned; /* two areas, then the peaks */
	size_t pinned_bytes;
	bool registered;
	CUevent copied[2];
	bool copying[2];
	unsigned area;
	size_t used; /* of the area */
	CUdeviceptr planes, row_peaks, peaks;
	size_t planes_bytes, filled; /* filled: of a picture that is on its way */
};

static size_t peaks_of(const pf_cudnn_pictures *p)
{
	return p->maxima ? (size_t)p->map_tensor->shape.dims[0] * p->maxima : 0;
}

static bool is_read_by_processor(const pf_program *program, int32_t value)
{
	for (size_t i = 0; i < program->graph->node_count; i++) {
		const pf_node *node = &program->graph->nodes[i];
		for (uint32_t k = 0; k < node->input_count; k++) {
			if (node->inputs[k] == value && program->node_backends[i] != program->backend->name) {
				return true;
			}
		}
	}
	return false;
}

static bool open_memory(pf_cudnn *b, pf_cudnn_pictures *p)
{
	pf_gpu_device *d = &b->device;
	size_t peaks = peaks_of(p);
	p->pinned_bytes = 2 * AREA_BYTES + peaks * sizeof(pf_gpu_peak);
	void *pinned = mmap(NULL, p->pinned_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	if (pinned == MAP_FAILED) {
		pf_fail(&d->failure, PF_ERR_NO_MEMORY, NULL,
			"not enough memory to send photos to the device");
		return false;
	}
	p->pinned = pinned;
	p->registered = pf_gpu_check(d, d->api.cuMemHostRegister(p->pinned, p->pinned_bytes, 0),
				     "locking the pages of photos");
	bool fine = p->registered;
	for (int i = 0; fine && i < 2; i++) {
		fine = pf_gpu_check(d, d->api.cuEventCreate(&p->copied[i], CU_EVENT_DISABLE_TIMING),
				    "making an event");
	}
	if (fine && peaks) {
		size_t rows = peaks * (size_t)p->map_tensor->shape.dims[2];
		p->row_peaks = pf_gpu_allocate(d, rows * sizeof(pf_gpu_row_peak));
		p->peaks = p->row_peaks ? pf_gpu_allocate(d, peaks * sizeof(pf_gpu_peak)) : 0;
		fine = p->peaks;
	}
	return fine;
}

bool pf_cudnn_take_pictures(pf_program *program, uint32_t maxima)
{
	pf_cudnn *b = program->backend_state;
	const pf_graph *graph = program->graph;
	int32_t in = graph->inputs[0], out = graph->outputs[0];
	const pf_tensor *from = &graph->values[in].tensor, *to = &graph->values[out].tensor;
	bool fits = graph->input_count == 1 && from->type == PF_TYPE_FLOAT && from->shape.rank == 4 &&
		    from->shape.dims[1] == 3 && b->blocks_of[in] != PF_NO_BLOCK &&
		    !is_read_by_processor(program, in) && !graph->values[in].is_output;
	if (maxima) {
		fits = fits && graph->output_count == 1 && b->blocks_of[out] != PF_NO_BLOCK &&
		       to->shape.rank == 4 && to->shape.dims[1] >= maxima;
	}
	if (!fits || b->pictures || b->runs || b->device.failure.code != PF_OK) {
		return false;
	}
	pf_cudnn_pictures *p = calloc(1, sizeof *p);
	if (!p) {
		return false;
	}
	p->tensor = from;
	p->value = in;
	p->maps = maxima ? out : PF_NO_VALUE;
	p->map_tensor = to;
	p->maxima = maxima;
	b->pictures = p;
	return open_memory(b, p);
}

void pf_cudnn_release_pictures(pf_cudnn *b)
{
	pf_cudnn_pictures *p = b->pictures;
	const pf_gpu_api *api = &b->device.api;
	if (!p) {
		return;
	}
	const CUdeviceptr all[] = {p->planes, p->row_peaks, p->peaks};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		if (all[i]) {
			api->cuMemFree(all[i]);
		}
	}
	for (int i = 0; i < 2; i++) {
		if (p->copied[i]) {
			api->cuEventDestroy(p->copied[i]);
		}
	}
	if (p->registered) {
		api->cuMemHostUnregister(p->pinned);
	}
	if (p->pinned) {
		munmap(p->pinned, p->pinned_bytes);
	}
	free(p);
	b->pictures = NULL;
}

bool pf_cudnn_is_picture_input(const pf_cudnn *b, int32_t value)
{
	return b->pictures && b->pictures->value == value;
}

bool pf_cudnn_has_maxima(const pf_cudnn *b, int32_t value)
{
	return b->pictures && b->pictures->maps == value;
}

/* Sends what the area holds. */
static bool flush(pf_cudnn *b)
{
	pf_cudnn_pictures *p = b->pictures;
	pf_gpu_device *d = &b->device;
	unsigned area = p->area;
	if (!p->used) {
		return true;
	}
	if (!pf_gpu_upload(d, p->planes + p->filled - p->used, p->pinned + area * AREA_BYTES, p->used,
			   "uploading a photo") ||
	    !pf_gpu_check(d, d->api.cuEventRecord(p->copied[area], d->stream), "uploading a photo")) {
		return false;
	}
	p->copying[area] = true;
	p->area = area ^ 1;
	p->used = 0;
	return true;
}

/* Appends bytes to what goes to the device. */
static bool put(pf_cudnn *b, const void *from, size_t bytes)
{
	pf_cudnn_pictures *p = b->pictures;
	pf_gpu_device *d = &b->device;
	while (bytes) {
		if (p->copying[p->area]) { /* it is written over only when it was read */
			if (!pf_gpu_check(d, d->api.cuEventSynchronize(p->copied[p->area]),
					  "uploading a photo")) {
				return false;
			}
			p->copying[p->area] = false;
		}
		size_t room = AREA_BYTES - p->used, now = bytes < room ? bytes : room;
		memcpy(p->pinned + p->area * AREA_BYTES + p->used, from, now);
		p->used += now;
		p->filled += now;
		from = (const char *)from + now;
		bytes -= now;
		if (p->used == AREA_BYTES && !flush(b)) {
			return false;
		}
	}
	return true;
}

static bool align(pf_cudnn *b)
{
	static const char none[ALIGNMENT];
	size_t over = b->pictures->filled % ALIGNMENT;
	return !over || put(b, none, ALIGNMENT - over);
}

static size_t bytes_of(const pf_picture *picture)
{
	size_t bytes = 0;
	for (int i = 0; i < 3; i++) {
		const pf_picture_plane *plane = &picture->planes[i];
		if (plane->samples) {
			bytes += (size_t)plane->columns * plane->rows + 3 * (size_t)ALIGNMENT +
				 ((size_t)picture->width_px + picture->height_px) * sizeof(pf_gpu_cover);
		}
	}
	return bytes;
}

static bool make_room(pf_cudnn *b, size_t bytes)
{
	pf_cudnn_pictures *p = b->pictures;
	if (bytes <= p->planes_bytes) {
		return true;
	}
	if (p->planes && (!pf_gpu_wait(&b->device) ||
			  !pf_gpu_check(&b->device, b->device.api.cuMemFree(p->planes), "freeing memory"))) {
		return false;
	}
	p->planes_bytes = 0;
	p->planes = pf_gpu_allocate(&b->device, bytes);
	p->planes_bytes = p->planes ? bytes : 0;
	return p->planes;
}

static bool put_covers(pf_cudnn *b, const pf_gpu_cover *covers, uint32_t count, const pf_gpu_cover **at)
{
	bool fine = align(b);
	*at = (const pf_gpu_cover *)(b->pictures->planes + b->pictures->filled);
	return fine && put(b, covers, count * sizeof *covers);
}

static bool put_plane(pf_cudnn *b, const pf_picture *picture, int index, pf_gpu_source *source)
{
	const pf_picture_plane *plane = &picture->planes[index];
	*source = (pf_gpu_source){.weight_x = plane->weight_x,
				  .weight_y = plane->weight_y,
				  .outside = plane->outside,
				  .pitch = (int32_t)plane->columns};
	if (!plane->samples) {
		return true;
	}
	bool fine = align(b);
	source->samples = (const uint8_t *)(b->pictures->planes + b->pictures->filled);
	for (uint32_t y = 0; fine && y < plane->rows; y++) {
		fine = put(b, plane->samples + (size_t)y * plane->stride_bytes, plane->columns);
	}
	return fine && put_covers(b, plane->across, picture->width_px, &source->across) &&
	       put_covers(b, plane->down, picture->height_px, &source->down);
}

pf_status pf_cudnn_picture(pf_program *program, size_t index, const pf_picture *picture, pf_error *error)
{
	pf_cudnn *b = program->backend_state;
	pf_cudnn_pictures *p = b->pictures;
	pf_gpu_device *d = &b->device;
	if (d->failure.code != PF_OK) {
		return pf_gpu_fail(d, error);
	}
	pf_gpu_picture k = {.count = (int64_t)picture->width_px * picture->height_px,
			    .width = picture->width_px,
			    .begin = picture->begin,
			    .across = picture->across,
			    .down = picture->down,
			    .colour = picture->colour,
			    .half = b->half};
	k.to = (char *)pf_cudnn_address(b, p->value) +
	       (size_t)index * 3 * (size_t)k.count * pf_cudnn_element_bytes(b);
	memcpy(k.mean, picture->mean, sizeof k.mean);
	memcpy(k.std, picture->std, sizeof k.std);
	bool fine = pf_gpu_check(d, d->api.cuCtxSetCurrent(d->context), "entering the context") &&
		    make_room(b, bytes_of(picture));
	p->filled = p->used = 0;
	for (int i = 0; fine && i < 3; i++) {
		fine = put_plane(b, picture, i, &k.planes[i]);
	}
	fine = fine && flush(b);
	pf_gpu_part_begin(d, PF_DEVICE_INPUT);
	fine = fine && pf_gpu_launch(d, PF_GPU_KERNEL_picture, &k);
	pf_gpu_part_end(d, 0);
	return fine ? PF_OK : pf_gpu_fail(d, error);
}

bool pf_cudnn_queue_maxima(pf_cudnn *b)
{
	pf_cudnn_pictures *p = b->pictures;
	pf_gpu_device *d = &b->device;
	const int64_t *dims = p->map_tensor->shape.dims;
	pf_gpu_maps k = {.count = dims[0] * dims[2] * p->maxima,
			 .maps = pf_cudnn_address(b, p->maps),
			 .of_rows = (pf_gpu_row_peak *)p->row_peaks,
			 .peaks = (pf_gpu_peak *)p->peaks,
			 .channels = dims[1],
			 .wanted = p->maxima,
			 .rows = dims[2],
			 .columns = dims[3],
			 .half = b->half};
	pf_gpu_part_begin(d, PF_DEVICE_OUTPUT);
	bool fine = pf_gpu_launch(d, PF_GPU_KERNEL_row_peaks, &k);
	k.count = dims[0] * p->maxima;
	fine = fine && pf_gpu_launch(d, PF_GPU_KERNEL_peaks, &k);
	pf_gpu_part_end(d, 0);
	return fine && pf_gpu_download(d, p->pinned + 2 * AREA_BYTES, p->peaks,
				       peaks_of(p) * sizeof(pf_gpu_peak), "downloading keypoints");
}

const pf_gpu_peak *pf_cudnn_peaks(const pf_program *program)
{
	const pf_cudnn *b = program->backend_state;
	return b->pictures && b->pictures->maxima
		       ? (const pf_gpu_peak *)(b->pictures->pinned + 2 * AREA_BYTES)
		       : NULL;
}
