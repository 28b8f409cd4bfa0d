/* Steps on the device: copies between the host's floats and the device's tensors, convolutions, resizing. */
#include <stdlib.h>
#include <string.h>

#include "core/gpu/gpu_times.h"
#include "core/nn/cudnn.h"
#include "core/nn/cudnn_cache.h"
#include "core/nn/plain.h"

/* Device steps name their values; the host's buffers stand in the step, for their lifetimes. */
typedef struct device_step {
	pf_cudnn *backend;
	const pf_node *node;
	int32_t value; /* of copies */
	pf_tensor tensor;
	const void *upload_from;
	void *download_to;
	bool wait; /* the host's memory is written over later in the run */
	pf_cudnn_conv conv;
	pf_cudnn_plan plan;
	cudnnBackendDescriptor_t pack;
	int covered; /* epilogues that the plan does */
	pf_cudnn_constant weights, bias;
	pf_gpu_resize resize;
	pf_cudnn_constant rows, columns;
} device_step;

static void release(pf_step *step)
{
	device_step *state = step->state;
	if (state && state->pack) {
		state->backend->device.api.cudnnBackendDestroyDescriptor(state->pack);
	}
	if (state) {
		pf_cudnn_plan_clear(&state->plan);
	}
	free(state);
}

static pf_status add_step(const pf_cudnn_node *n, uint32_t reads, uint32_t writes, pf_step **step,
			  device_step **state)
{
	pf_status status = pf_program_step(n->program, n->index, reads, writes, step, n->error);
	if (status != PF_OK) {
		return status;
	}
	*state = calloc(1, sizeof **state);
	if (!*state) {
		return pf_fail(n->error, PF_ERR_NO_MEMORY, n->program->graph->file, "not enough memory");
	}
	(*state)->backend = n->backend;
	(*state)->node = n->node;
	(*step)->state = *state;
	(*step)->release = release;
	return PF_OK;
}

static pf_gpu_layout layout_of(const pf_cudnn *b, const pf_tensor *tensor, const void *from, void *to)
{
	const int64_t *dims = tensor->shape.dims;
	return (pf_gpu_layout){.count = pf_shape_elements(&tensor->shape),
			       .from = from,
			       .to = to,
			       .channels = dims[1],
			       .plane = dims[2] * dims[3],
			       .half = b->half};
}

static bool run_upload(const pf_step *step)
{
	const device_step *s = step->state;
	pf_cudnn *b = s->backend;
	pf_gpu_device *d = &b->device;
	if (b->recording || pf_cudnn_is_picture_input(b, s->value)) {
		return true;
	}
	pf_gpu_layout layout = layout_of(b, &s->tensor, (const void *)b->staging,
					 pf_cudnn_address(b, s->value));
	bool fine = pf_gpu_upload(d, b->staging, s->upload_from, (size_t)layout.count * sizeof(float),
				  "uploading a tensor");
	pf_gpu_part_begin(d, PF_DEVICE_INPUT);
	fine = fine && pf_gpu_launch(d, PF_GPU_KERNEL_to_device, &layout);
	pf_gpu_part_end(d, 0);
	return fine && (!s->wait || pf_gpu_wait(d));
}

static pf_status bind_upload(pf_step *step, pf_program *program, pf_error *error)
{
	device_step *s = step->state;
	s->upload_from = pf_program_address(program, step->buffers[0]);
	return pf_cudnn_place(program, error);
}

static bool is_picture(const pf_tensor *tensor)
{
	return tensor->type == PF_TYPE_FLOAT && tensor->shape.rank == 4 &&
	       pf_shape_elements(&tensor->shape) > 0;
}

pf_status pf_cudnn_to_device(const pf_cudnn_node *n, int32_t value)
{
	const pf_value *from = &n->program->graph->values[value];
	pf_step *step;
	device_step *s;
	int32_t buffer;
	if (n->backend->blocks_of[value] != PF_NO_BLOCK) {
		return PF_OK;
	}
	pf_status status = pf_program_value(n->program, value, &buffer, n->error);
	status = status == PF_OK ? pf_cudnn_take(n, value) : status;
	status = status == PF_OK ? add_step(n, 1, 0, &step, &s) : status;
	if (status != PF_OK) {
		return status;
	}
	bool is_input = n->program->buffers[buffer].pinned && from->producer == PF_NO_NODE;
	step->buffers[0] = buffer;
	step->reorder = true;
	step->bind = bind_upload;
	step->run = run_upload;
	s->value = value;
	s->tensor = from->tensor;
	s->wait = !is_input;
	n->backend->one_stream &= is_input;
	return PF_OK;
}

static bool queue_download(pf_cudnn *b, const pf_tensor *tensor, int32_t value, void *out)
{
	pf_gpu_device *d = &b->device;
	pf_gpu_layout layout = layout_of(b, tensor, pf_cudnn_address(b, value), (void *)b->staging);
	pf_gpu_part_begin(d, PF_DEVICE_OUTPUT);
	bool fine = pf_gpu_launch(d, PF_GPU_KERNEL_from_device, &layout);
	pf_gpu_part_end(d, 0);
	return fine && pf_gpu_download(d, out, b->staging, (size_t)layout.count * sizeof(float),
				       "downloading a tensor");
}

bool pf_cudnn_fetch(pf_cudnn *backend, const pf_tensor *tensor, int32_t value, void *out)
{
	return queue_download(backend, tensor, value, out) && pf_gpu_wait(&backend->device);
}

static bool queue_output(const device_step *s)
{
	return pf_cudnn_has_maxima(s->backend, s->value)
		       ? pf_cudnn_queue_maxima(s->backend)
		       : queue_download(s->backend, &s->tensor, s->value, s->download_to);
}

static bool run_download(const pf_step *step)
{
	const device_step *s = step->state;
	return s->backend->recording || (queue_output(s) && pf_gpu_wait(&s->backend->device));
}

bool pf_cudnn_run_copies(const pf_program *program, bool in)
{
	bool fine = true;
	for (size_t i = 0; fine && i < program->step_count; i++) {
		const pf_step *step = &program->steps[i];
		if (in && step->run == run_upload) {
			fine = run_upload(step);
		} else if (!in && step->run == run_download) {
			fine = queue_output(step->state);
		}
	}
	return fine;
}

static pf_status bind_download(pf_step *step, pf_program *program, pf_error *error)
{
	device_step *s = step->state;
	s->download_to = pf_program_address(program, step->buffers[0]);
	return pf_cudnn_place(program, error);
}

pf_status pf_cudnn_to_host(const pf_cudnn_node *n, int32_t value)
{
	pf_step *step;
	device_step *s;
	int32_t buffer;
	bool there = n->program->value_buffers[value] != PF_NO_BUFFER;
	pf_status status = pf_program_value(n->program, value, &buffer, n->error);
	if (status != PF_OK || there || n->backend->blocks_of[value] == PF_NO_BLOCK) {
		return status;
	}
	status = add_step(n, 0, 1, &step, &s);
	if (status == PF_OK) {
		step->buffers[0] = buffer;
		step->reorder = true;
		step->bind = bind_download;
		step->run = run_download;
		s->value = value;
		s->tensor = n->program->graph->values[value].tensor;
		n->backend->one_stream &= n->program->graph->values[value].is_output;
	}
	return status;
}

static int device_act(pf_act_kind kind)
{
	static const int known[] = {
		[PF_ACT_IDENTITY] = PF_GPU_IDENTITY,
		[PF_ACT_RELU] = PF_GPU_RELU,
		[PF_ACT_LEAKY_RELU] = PF_GPU_LEAKY_RELU,
		[PF_ACT_CLIP] = PF_GPU_CLIP,
		[PF_ACT_SIGMOID] = PF_GPU_SIGMOID,
		[PF_ACT_HARDSIGMOID] = PF_GPU_HARDSIGMOID,
		[PF_ACT_HARDSWISH] = PF_GPU_HARDSWISH,
		[PF_ACT_SILU] = PF_GPU_SILU,
		[PF_ACT_TANH] = PF_GPU_TANH,
		[PF_ACT_ELU] = PF_GPU_ELU,
		[PF_ACT_GELU] = PF_GPU_GELU,
	};
	bool there = (size_t)kind < sizeof known / sizeof *known &&
		     (known[kind] != PF_GPU_IDENTITY || kind == PF_ACT_IDENTITY);
	return there ? known[kind] : -1;
}

/* What the plan did not cover, one kernel each, in place. */
static bool follow(const device_step *s)
{
	pf_cudnn *b = s->backend;
	const pf_node *node = s->node;
	bool fine = true;
	if (!s->conv.biased) {
		const pf_gpu_follow k = {.count = s->conv.batch * s->conv.out_channels * s->conv.out_h *
						  s->conv.out_w,
					 .y = pf_cudnn_address(b, node->outputs[0]),
					 .added = pf_cudnn_constant_address(b, &s->bias),
					 .channels = s->conv.out_channels,
					 .half = b->half};
		fine = pf_gpu_launch(&b->device, PF_GPU_KERNEL_follow, &k);
	}
	for (uint32_t i = (uint32_t)s->covered; fine && i < node->epilogue_count; i++) {
		const pf_epilogue *e = &node->epilogues[i];
		pf_gpu_follow k = {.count = s->conv.batch * s->conv.out_channels * s->conv.out_h *
					    s->conv.out_w,
				   .y = pf_cudnn_address(b, node->outputs[0]),
				   .half = b->half};
		if (e->add) {
			k.added = pf_cudnn_address(b, node->inputs[node->input_count - 1]);
		} else {
			k.act = device_act(e->act.kind);
			k.a = (float)e->act.a;
			k.b = (float)e->act.b;
		}
		fine = pf_gpu_launch(&b->device, PF_GPU_KERNEL_follow, &k);
	}
	return fine;
}

/* Of a layer that is queued alone; of those that are recorded the graph is timed. */
static void begin_layer(pf_cudnn *b)
{
	if (!b->recording) {
		pf_gpu_part_begin(&b->device, PF_DEVICE_NETWORK);
	}
}

static void end_layer(pf_cudnn *b)
{
	if (!b->recording) {
		pf_gpu_part_end(&b->device, 0);
	}
}

static bool run_conv(const pf_step *step)
{
	const device_step *s = step->state;
	pf_gpu_device *d = &s->backend->device;
	begin_layer(s->backend);
	bool fine = pf_gpu_check_cudnn(d, d->api.cudnnBackendExecute(d->cudnn, s->plan.plan, s->pack),
				       "a convolution") &&
		    follow(s);
	end_layer(s->backend);
	return fine;
}

static pf_status bind_conv(pf_step *step, pf_program *program, pf_error *error)
{
	device_step *s = step->state;
	const pf_node *node = s->node;
	pf_status status = pf_cudnn_place(program, error);
	if (status != PF_OK) {
		return status;
	}
	pf_cudnn_tensors at = {.x = pf_cudnn_address(s->backend, node->inputs[0]),
			       .weights = pf_cudnn_constant_address(s->backend, &s->weights),
			       .y = pf_cudnn_address(s->backend, node->outputs[0]),
			       .workspace = (void *)s->backend->workspace};
	if (s->conv.biased) {
		at.bias = pf_cudnn_constant_address(s->backend, &s->bias);
	}
	if (s->conv.added) {
		at.added = pf_cudnn_address(s->backend, node->inputs[node->input_count - 1]);
	}
	return pf_cudnn_plan_bind(&s->plan, &at, &s->pack, error);
}

/* From [out, in, y, x] to [out, y, x, in]; in and out exchanged in what is transposed. */
static pf_status upload_weights(const pf_cudnn_node *n, device_step *s)
{
	const pf_tensor *weights = pf_node_input(n->program->graph, n->node, 1),
			*bias = pf_node_input(n->program->graph, n->node, 2);
	const int64_t *dims = weights->shape.dims, plane = dims[2] * dims[3], of_one = dims[1] * plane;
	size_t bytes = pf_cudnn_element_bytes(n->backend);
	int32_t half = n->backend->half;
	void *into = NULL;
	pf_status status = pf_cudnn_constant_add(n, (size_t)(dims[0] * of_one) * bytes, &s->weights, &into);
	for (int64_t i = 0; status == PF_OK && i < dims[0] * of_one; i++) {
		int64_t out = i / of_one, in = i / plane % dims[1], place = i % plane;
		pf_gpu_store(into, out * of_one + place * dims[1] + in, half,
			     ((const float *)weights->data)[i]);
	}
	if (status == PF_OK) {
		status = pf_cudnn_constant_add(n, (size_t)s->conv.out_channels * bytes, &s->bias, &into);
	}
	for (int64_t i = 0; status == PF_OK && i < s->conv.out_channels && pf_node_has_input(n->node, 2);
	     i++) {
		pf_gpu_store(into, i, half, ((const float *)bias->data)[i]);
	}
	return status;
}

static bool all_can_follow(const pf_node *node, int covered)
{
	for (uint32_t i = (uint32_t)covered; i < node->epilogue_count; i++) {
		if (!node->epilogues[i].add && device_act(node->epilogues[i].act.kind) < 0) {
			return false;
		}
	}
	return true;
}

pf_status pf_cudnn_emit_conv(const pf_cudnn_node *n, bool *done)
{
	pf_cudnn_conv conv;
	pf_cudnn_plan plan;
	pf_step *step;
	device_step *s = NULL;
	int covered = pf_cudnn_conv_of(n->program->graph, n->node, n->backend->half, &conv);
	*done = covered >= 0 && all_can_follow(n->node, covered) &&
		pf_cudnn_plan_cached(&n->backend->target, &conv, &plan, n->error) == PF_OK;
	if (!*done) {
		return PF_OK;
	}
	pf_status status = pf_cudnn_to_device(n, n->node->inputs[0]);
	for (uint32_t i = 0; status == PF_OK && i < n->node->epilogue_count; i++) {
		if (n->node->epilogues[i].add) {
			status = pf_cudnn_to_device(n, n->node->inputs[n->node->input_count - 1]);
		}
	}
	status = status == PF_OK ? pf_cudnn_take(n, n->node->outputs[0]) : status;
	status = status == PF_OK ? add_step(n, 0, 0, &step, &s) : status;
	if (status != PF_OK || !s) {
		pf_cudnn_plan_clear(&plan);
		return status;
	}
	s->conv = conv;
	s->plan = plan;
	s->covered = covered;
	step->bind = bind_conv;
	step->run = run_conv;
	size_t workspace = (size_t)plan.workspace_bytes;
	n->backend->workspace_bytes = workspace > n->backend->workspace_bytes ? workspace
									      : n->backend->workspace_bytes;
	return upload_weights(n, s);
}

static bool run_resize(const pf_step *step)
{
	const device_step *s = step->state;
	begin_layer(s->backend);
	bool fine = pf_gpu_launch(&s->backend->device, PF_GPU_KERNEL_resize, &s->resize);
	end_layer(s->backend);
	return fine;
}

static pf_status bind_resize(pf_step *step, pf_program *program, pf_error *error)
{
	device_step *s = step->state;
	pf_status status = pf_cudnn_place(program, error);
	if (status == PF_OK) {
		s->resize.from = pf_cudnn_address(s->backend, s->node->inputs[0]);
		s->resize.to = pf_cudnn_address(s->backend, s->node->outputs[0]);
		s->resize.rows = pf_cudnn_constant_address(s->backend, &s->rows);
		s->resize.columns = pf_cudnn_constant_address(s->backend, &s->columns);
	}
	return status;
}

/* Where the outputs along one axis come from. */
static pf_status add_taps(const pf_cudnn_node *n, int axis, int64_t in, int64_t out,
			  pf_cudnn_constant *constant)
{
	void *into = NULL;
	pf_status status = pf_cudnn_constant_add(n, (size_t)out * sizeof(pf_gpu_tap), constant, &into);
	pf_gpu_tap *taps = into;
	for (int64_t o = 0; status == PF_OK && o < out; o++) {
		pf_resize_tap from = {0};
		if (n->node->params.resize.linear) {
			from = pf_resize_linear_tap(&n->node->params, axis, o, in, out);
		} else {
			from.low = from.high = pf_resize_nearest_index(&n->node->params, axis, o, in, out);
		}
		taps[o] = (pf_gpu_tap){(int32_t)from.low, (int32_t)from.high, from.share};
	}
	return status;
}

pf_status pf_cudnn_emit_resize(const pf_cudnn_node *n, bool *done)
{
	const pf_tensor *x = pf_node_input(n->program->graph, n->node, 0),
			*y = pf_node_output(n->program->graph, n->node, 0);
	const int64_t *from = x->shape.dims, *to = y->shape.dims;
	pf_step *step;
	device_step *s = NULL;
	/* What lies on the processor is resized there. */
	*done = is_picture(x) && is_picture(y) && from[0] == to[0] && from[1] == to[1] &&
		!n->node->epilogue_count && n->backend->blocks_of[n->node->inputs[0]] != PF_NO_BLOCK;
	if (!*done) {
		return PF_OK;
	}
	pf_status status = pf_cudnn_take(n, n->node->outputs[0]);
	status = status == PF_OK ? add_step(n, 0, 0, &step, &s) : status;
	if (status != PF_OK || !s) {
		return status;
	}
	step->bind = bind_resize;
	step->run = run_resize;
	s->resize = (pf_gpu_resize){.count = pf_shape_elements(&y->shape),
				    .channels = to[1],
				    .in_h = from[2],
				    .in_w = from[3],
				    .out_h = to[2],
				    .out_w = to[3],
				    .half = n->backend->half};
	status = add_taps(n, 2, from[2], to[2], &s->rows);
	return status == PF_OK ? add_taps(n, 3, from[3], to[3], &s->columns) : status;
}
