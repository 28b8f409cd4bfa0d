#include "core/nn/cudnn_plan.h"

#include <stdlib.h>
#include <string.h>

enum { UID_X = 1, UID_WEIGHTS, UID_BIAS, UID_ADDED, UID_Y, UID_BETWEEN = 16 };
enum { MOST_MADE = 64, MOST_ENGINES = 32, MOST_NOTES = 16, MOST_OPERATIONS = 4, ALIGNMENT = 16 };

typedef cudnnBackendDescriptor_t descriptor;

/* Descriptors under construction: the first thing that fails is kept, all later calls do nothing. */
typedef struct maker {
	const pf_gpu_api *api;
	cudnnStatus_t failed;
	const char *what; /* that failed */
	descriptor made[MOST_MADE];
	size_t count;
} maker;

static void check(maker *m, cudnnStatus_t status, const char *what)
{
	if (m->failed == CUDNN_STATUS_SUCCESS && status != CUDNN_STATUS_SUCCESS) {
		m->failed = status;
		m->what = what;
	}
}

static descriptor make(maker *m, cudnnBackendDescriptorType_t type, const char *what)
{
	descriptor made = NULL;
	if (m->failed == CUDNN_STATUS_SUCCESS && m->count < MOST_MADE) {
		check(m, m->api->cudnnBackendCreateDescriptor(type, &made), what);
		m->made[m->count++] = made;
	} else {
		check(m, CUDNN_STATUS_INTERNAL_ERROR, what);
	}
	return made;
}

static void set(maker *m, descriptor of, cudnnBackendAttributeName_t name, cudnnBackendAttributeType_t type,
		int64_t count, const void *values, const char *what)
{
	if (m->failed == CUDNN_STATUS_SUCCESS) {
		check(m, m->api->cudnnBackendSetAttribute(of, name, type, count, values), what);
	}
}

static void set_one(maker *m, descriptor of, cudnnBackendAttributeName_t name, descriptor value)
{
	set(m, of, name, CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &value, "a link between descriptors");
}

static void set_numbers(maker *m, descriptor of, cudnnBackendAttributeName_t name, int64_t count,
			const int64_t *values)
{
	set(m, of, name, CUDNN_TYPE_INT64, count, values, "numbers of a descriptor");
}

static void set_type(maker *m, descriptor of, cudnnBackendAttributeName_t name, cudnnDataType_t type)
{
	set(m, of, name, CUDNN_TYPE_DATA_TYPE, 1, &type, "a type");
}

static void finish(maker *m, descriptor of, const char *what)
{
	if (m->failed == CUDNN_STATUS_SUCCESS) {
		check(m, m->api->cudnnBackendFinalize(of), what);
	}
}

/* Destroys all that was made but `kept`. */
static void clear(maker *m, descriptor kept)
{
	while (m->count) {
		descriptor made = m->made[--m->count];
		if (made && made != kept) {
			m->api->cudnnBackendDestroyDescriptor(made);
		}
	}
}

static pf_status fail(const maker *m, pf_status status, pf_error *error)
{
	char detail[160] = "";
	m->api->cudnnGetLastErrorString(detail, sizeof detail);
	detail[strcspn(detail, "\n")] = '\0';
	return pf_fail(error, status, NULL, "cuDNN refuses %s: %s%s%s", m->what,
		       m->api->cudnnGetErrorString(m->failed), detail[0] ? ": " : "", detail);
}

static pf_status target_from(const pf_gpu_api *api, cudnnBackendAttributeName_t name,
			     cudnnBackendAttributeType_t type, int64_t count, const void *value,
			     pf_cudnn_target *target, pf_error *error)
{
	static const char what[] = "the description of the device";
	maker m = {.api = api};
	*target = (pf_cudnn_target){.api = api};
	descriptor device = make(&m, CUDNN_BACKEND_DEVICEPROP_DESCRIPTOR, what);
	set(&m, device, name, type, count, value, what);
	finish(&m, device, what);
	if (m.failed != CUDNN_STATUS_SUCCESS) {
		pf_status status = fail(&m, PF_ERR_INVALID, error);
		clear(&m, NULL);
		return status;
	}
	target->device = device;
	return PF_OK;
}

pf_status pf_cudnn_target_described(const pf_gpu_api *api, const char *json, pf_cudnn_target *target,
				    pf_error *error)
{
	return target_from(api, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
			   (int64_t)strlen(json) + 1, json, target, error);
}

pf_status pf_cudnn_target_of(const pf_gpu_api *api, cudnnHandle_t handle, pf_cudnn_target *target,
			     pf_error *error)
{
	return target_from(api, CUDNN_ATTR_DEVICEPROP_HANDLE, CUDNN_TYPE_HANDLE, 1, &handle, target, error);
}

void pf_cudnn_target_clear(pf_cudnn_target *target)
{
	if (target->device) {
		target->api->cudnnBackendDestroyDescriptor(target->device);
	}
	*target = (pf_cudnn_target){0};
}

/* A text attribute; asked for its length first. */
static char *text_of(const pf_gpu_api *api, descriptor of, cudnnBackendAttributeName_t name)
{
	int64_t length = 0, got = 0;
	if (api->cudnnBackendGetAttribute(of, name, CUDNN_TYPE_CHAR, 0, &length, NULL) !=
		    CUDNN_STATUS_SUCCESS ||
	    length <= 0) {
		return NULL;
	}
	char *text = calloc((size_t)length + 1, 1);
	if (text && api->cudnnBackendGetAttribute(of, name, CUDNN_TYPE_CHAR, length, &got, text) !=
			    CUDNN_STATUS_SUCCESS) {
		free(text);
		return NULL;
	}
	return text;
}

char *pf_cudnn_target_json(const pf_cudnn_target *target)
{
	return text_of(target->api, target->device, CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION);
}

static descriptor tensor(maker *m, int64_t uid, cudnnDataType_t type, const int64_t dims[4])
{
	static const char what[] = "a tensor";
	const int64_t strides[4] = {dims[1] * dims[2] * dims[3], 1, dims[1] * dims[3], dims[1]},
		      alignment = ALIGNMENT;
	bool between = uid >= UID_BETWEEN;
	descriptor made = make(m, CUDNN_BACKEND_TENSOR_DESCRIPTOR, what);
	set_type(m, made, CUDNN_ATTR_TENSOR_DATA_TYPE, type);
	set_numbers(m, made, CUDNN_ATTR_TENSOR_DIMENSIONS, 4, dims);
	set_numbers(m, made, CUDNN_ATTR_TENSOR_STRIDES, 4, strides);
	set_numbers(m, made, CUDNN_ATTR_TENSOR_UNIQUE_ID, 1, &uid);
	set_numbers(m, made, CUDNN_ATTR_TENSOR_BYTE_ALIGNMENT, 1, &alignment);
	set(m, made, CUDNN_ATTR_TENSOR_IS_VIRTUAL, CUDNN_TYPE_BOOLEAN, 1, &between, what);
	finish(m, made, what);
	return made;
}

static descriptor convolution(maker *m, const pf_window *w)
{
	static const char what[] = "a convolution";
	const cudnnConvolutionMode_t mode = CUDNN_CROSS_CORRELATION;
	const int64_t two = 2;
	descriptor made = make(m, CUDNN_BACKEND_CONVOLUTION_DESCRIPTOR, what);
	set_type(m, made, CUDNN_ATTR_CONVOLUTION_COMP_TYPE, CUDNN_DATA_FLOAT);
	set(m, made, CUDNN_ATTR_CONVOLUTION_CONV_MODE, CUDNN_TYPE_CONVOLUTION_MODE, 1, &mode, what);
	set_numbers(m, made, CUDNN_ATTR_CONVOLUTION_SPATIAL_DIMS, 1, &two);
	set_numbers(m, made, CUDNN_ATTR_CONVOLUTION_DILATIONS, 2, w->dilation);
	set_numbers(m, made, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, 2, w->stride);
	set_numbers(m, made, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, 2, w->pad_begin);
	set_numbers(m, made, CUDNN_ATTR_CONVOLUTION_POST_PADDINGS, 2, w->pad_end);
	finish(m, made, what);
	return made;
}

static descriptor convolve(maker *m, const pf_cudnn_conv *conv, descriptor x, descriptor weights,
			   descriptor y)
{
	const float one = 1.0f, zero = 0.0f;
	descriptor made = make(m, CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR, "a convolution");
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC, convolution(m, &conv->window));
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X, x);
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W, weights);
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y, y);
	set(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_ALPHA, CUDNN_TYPE_FLOAT, 1, &one, "alpha");
	set(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_BETA, CUDNN_TYPE_FLOAT, 1, &zero, "beta");
	finish(m, made, "a convolution of these shapes");
	return made;
}

static descriptor convolve_back(maker *m, const pf_cudnn_conv *conv, descriptor x, descriptor weights,
				descriptor y)
{
	const float one = 1.0f, zero = 0.0f;
	descriptor made = make(m, CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR,
			       "a transposed convolution");
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC, convolution(m, &conv->window));
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY, x);
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W, weights);
	set_one(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX, y);
	set(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_ALPHA, CUDNN_TYPE_FLOAT, 1, &one, "alpha");
	set(m, made, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_BETA, CUDNN_TYPE_FLOAT, 1, &zero, "beta");
	finish(m, made, "a transposed convolution of these shapes");
	return made;
}

static descriptor pointwise(maker *m, cudnnPointwiseMode_t mode, descriptor x, descriptor b, descriptor y)
{
	static const char what[] = "an operation that follows the convolution";
	descriptor kind = make(m, CUDNN_BACKEND_POINTWISE_DESCRIPTOR, what);
	set(m, kind, CUDNN_ATTR_POINTWISE_MODE, CUDNN_TYPE_POINTWISE_MODE, 1, &mode, what);
	set_type(m, kind, CUDNN_ATTR_POINTWISE_MATH_PREC, CUDNN_DATA_FLOAT);
	finish(m, kind, what);
	descriptor made = make(m, CUDNN_BACKEND_OPERATION_POINTWISE_DESCRIPTOR, what);
	set_one(m, made, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR, kind);
	set_one(m, made, CUDNN_ATTR_OPERATION_POINTWISE_XDESC, x);
	if (b) {
		set_one(m, made, CUDNN_ATTR_OPERATION_POINTWISE_BDESC, b);
	}
	set_one(m, made, CUDNN_ATTR_OPERATION_POINTWISE_YDESC, y);
	finish(m, made, what);
	return made;
}

/* The order of what follows (the sum first, then the bias, then the activation) and fp32 between are what
 * cuDNN's precompiled engines know. */
static descriptor graph_of(maker *m, const pf_cudnn_conv *conv)
{
	const cudnnDataType_t type = conv->half ? CUDNN_DATA_HALF : CUDNN_DATA_FLOAT;
	const pf_window *w = &conv->window;
	const int64_t x_dims[4] = {conv->batch, conv->in_channels, conv->in_h, conv->in_w},
		      y_dims[4] = {conv->batch, conv->out_channels, conv->out_h, conv->out_w},
		      from_channels = conv->transposed ? conv->out_channels : conv->in_channels,
		      w_dims[4] = {conv->transposed ? conv->in_channels : conv->out_channels,
				   from_channels / w->groups, w->kernel[0], w->kernel[1]},
		      b_dims[4] = {1, conv->out_channels, 1, 1};
	const struct {
		bool there;
		int64_t uid;
		const int64_t *dims;
		cudnnPointwiseMode_t mode;
	} follows[3] = {{conv->added, UID_ADDED, y_dims, CUDNN_POINTWISE_ADD},
			{conv->biased, UID_BIAS, b_dims, CUDNN_POINTWISE_ADD},
			{conv->relu, 0, NULL, CUDNN_POINTWISE_RELU_FWD}};
	int64_t left = conv->added + conv->biased + conv->relu, between = UID_BETWEEN, count = 0;
	descriptor operations[MOST_OPERATIONS];
	descriptor from = tensor(m, left ? between++ : UID_Y, left ? CUDNN_DATA_FLOAT : type, y_dims);
	operations[count++] = (conv->transposed ? convolve_back : convolve)(
		m, conv, tensor(m, UID_X, type, x_dims), tensor(m, UID_WEIGHTS, type, w_dims), from);
	for (int i = 0; i < 3; i++) {
		if (follows[i].there) {
			bool last = --left == 0;
			descriptor b = follows[i].uid ? tensor(m, follows[i].uid, type, follows[i].dims)
						      : NULL,
				   to = tensor(m, last ? UID_Y : between++, last ? type : CUDNN_DATA_FLOAT,
					       y_dims);
			operations[count++] = pointwise(m, follows[i].mode, from, b, to);
			from = to;
		}
	}
	descriptor made = make(m, CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR, "a graph");
	set(m, made, CUDNN_ATTR_OPERATIONGRAPH_OPS, CUDNN_TYPE_BACKEND_DESCRIPTOR, count, operations,
	    "a graph's operations");
	finish(m, made, "the graph");
	return made;
}

/* Does the engine of a configuration keep to the precision, and give the same bits each time? And is it there
 * without being compiled now, which takes seconds? */
static bool is_wanted(const pf_gpu_api *api, descriptor configuration, bool half, bool compiled)
{
	cudnnBackendNumericalNote_t notes[MOST_NOTES];
	cudnnBackendBehaviorNote_t ways[MOST_NOTES];
	descriptor engine = NULL;
	int64_t count = 0;
	bool exact = api->cudnnBackendCreateDescriptor(CUDNN_BACKEND_ENGINE_DESCRIPTOR, &engine) ==
			     CUDNN_STATUS_SUCCESS &&
		     api->cudnnBackendGetAttribute(configuration, CUDNN_ATTR_ENGINECFG_ENGINE,
						   CUDNN_TYPE_BACKEND_DESCRIPTOR, 1, &count,
						   &engine) == CUDNN_STATUS_SUCCESS &&
		     api->cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_NUMERICAL_NOTE,
						   CUDNN_TYPE_NUMERICAL_NOTE, MOST_NOTES, &count,
						   notes) == CUDNN_STATUS_SUCCESS;
	for (int64_t i = 0; exact && i < count && i < MOST_NOTES; i++) {
		exact = notes[i] != CUDNN_NUMERICAL_NOTE_NONDETERMINISTIC &&
			notes[i] != CUDNN_NUMERICAL_NOTE_REDUCED_PRECISION_REDUCTION &&
			notes[i] != CUDNN_NUMERICAL_NOTE_DOWN_CONVERT_INPUTS &&
			(half || notes[i] != CUDNN_NUMERICAL_NOTE_TENSOR_CORE); /* in fp32: TF32 */
	}
	exact = exact && api->cudnnBackendGetAttribute(engine, CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE,
						       CUDNN_TYPE_BEHAVIOR_NOTE, MOST_NOTES, &count,
						       ways) == CUDNN_STATUS_SUCCESS;
	for (int64_t i = 0; exact && compiled && i < count && i < MOST_NOTES; i++) {
		exact = ways[i] != CUDNN_BEHAVIOR_NOTE_RUNTIME_COMPILATION;
	}
	if (engine) {
		api->cudnnBackendDestroyDescriptor(engine);
	}
	return exact;
}

static void measure(pf_cudnn_plan *plan)
{
	int64_t count = 0;
	plan->workspace_bytes = 0;
	plan->api->cudnnBackendGetAttribute(plan->plan, CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE,
					    CUDNN_TYPE_INT64, 1, &count, &plan->workspace_bytes);
}

/* A plan from a configuration or, where there is none, from text. */
static bool try_plan(const pf_cudnn_target *target, descriptor configuration, const char *json,
		     pf_cudnn_plan *plan, pf_error *error)
{
	static const char what[] = "an execution plan";
	maker m = {.api = target->api};
	descriptor made = make(&m, CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR, what);
	set_one(&m, made, CUDNN_ATTR_EXECUTION_PLAN_DEVICEPROP, target->device);
	if (json) {
		set(&m, made, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION, CUDNN_TYPE_CHAR,
		    (int64_t)strlen(json) + 1, json, "a kept plan");
	} else {
		set_one(&m, made, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG, configuration);
	}
	finish(&m, made, what);
	if (m.failed != CUDNN_STATUS_SUCCESS) {
		fail(&m, json ? PF_ERR_INVALID : PF_ERR_UNSUPPORTED, error);
		clear(&m, NULL);
		return false;
	}
	*plan = (pf_cudnn_plan){.api = target->api, .plan = made};
	measure(plan);
	return true;
}

/* The first plan of the configurations that one heuristic proposes, best first. */
static bool first_plan(const pf_cudnn_target *target, descriptor graph, cudnnBackendHeurMode_t mode,
		       bool half, bool compiled, pf_cudnn_plan *plan, pf_error *error)
{
	static const char what[] = "a heuristic";
	maker m = {.api = target->api};
	descriptor heuristic = make(&m, CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR, what);
	descriptor found[MOST_ENGINES];
	int64_t count = 0;
	set_one(&m, heuristic, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH, graph);
	set_one(&m, heuristic, CUDNN_ATTR_ENGINEHEUR_DEVICEPROP, target->device);
	set(&m, heuristic, CUDNN_ATTR_ENGINEHEUR_MODE, CUDNN_TYPE_HEUR_MODE, 1, &mode, what);
	finish(&m, heuristic, what);
	for (int i = 0; i < MOST_ENGINES; i++) {
		found[i] = make(&m, CUDNN_BACKEND_ENGINECFG_DESCRIPTOR, what);
	}
	if (m.failed == CUDNN_STATUS_SUCCESS) {
		check(&m,
		      m.api->cudnnBackendGetAttribute(heuristic, CUDNN_ATTR_ENGINEHEUR_RESULTS,
						      CUDNN_TYPE_BACKEND_DESCRIPTOR, MOST_ENGINES, &count,
						      found),
		      what);
	}
	bool done = false;
	count = m.failed == CUDNN_STATUS_SUCCESS ? count : 0;
	for (int64_t i = 0; !done && i < count && i < MOST_ENGINES; i++) {
		done = is_wanted(m.api, found[i], half, compiled) &&
		       try_plan(target, found[i], NULL, plan, error);
	}
	clear(&m, NULL);
	return done;
}

pf_status pf_cudnn_plan_create(const pf_cudnn_target *target, const pf_cudnn_conv *conv, pf_cudnn_plan *plan,
			       pf_error *error)
{
	maker m = {.api = target->api};
	*plan = (pf_cudnn_plan){0};
	descriptor graph = graph_of(&m, conv);
	pf_status status = m.failed == CUDNN_STATUS_SUCCESS ? PF_OK : fail(&m, PF_ERR_UNSUPPORTED, error);
	if (status == PF_OK) {
		pf_fail(error, PF_ERR_UNSUPPORTED, NULL, "cuDNN has no exact engine for it on this device");
		bool half = conv->half;
		bool done = first_plan(target, graph, CUDNN_HEUR_MODE_A, half, true, plan, error) ||
			    first_plan(target, graph, CUDNN_HEUR_MODE_FALLBACK, half, true, plan, error) ||
			    first_plan(target, graph, CUDNN_HEUR_MODE_A, half, false, plan, error);
		status = done ? PF_OK : PF_ERR_UNSUPPORTED;
	}
	clear(&m, NULL);
	return status;
}

pf_status pf_cudnn_plan_restore(const pf_cudnn_target *target, const char *json, pf_cudnn_plan *plan,
				pf_error *error)
{
	*plan = (pf_cudnn_plan){0};
	return try_plan(target, NULL, json, plan, error) ? PF_OK : PF_ERR_INVALID;
}

char *pf_cudnn_plan_json(const pf_cudnn_plan *plan)
{
	return text_of(plan->api, plan->plan, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
}

void pf_cudnn_plan_clear(pf_cudnn_plan *plan)
{
	if (plan->plan) {
		plan->api->cudnnBackendDestroyDescriptor(plan->plan);
	}
	*plan = (pf_cudnn_plan){0};
}

pf_status pf_cudnn_plan_bind(const pf_cudnn_plan *plan, const pf_cudnn_tensors *tensors,
			     cudnnBackendDescriptor_t *pack, pf_error *error)
{
	static const char what[] = "the addresses of a plan's tensors";
	const int64_t all[5] = {UID_X, UID_WEIGHTS, UID_BIAS, UID_ADDED, UID_Y};
	void *const places[5] = {tensors->x, tensors->weights, tensors->bias, tensors->added, tensors->y};
	int64_t uids[5], count = 0;
	void *pointers[5];
	maker m = {.api = plan->api};
	for (int i = 0; i < 5; i++) {
		if (places[i]) {
			uids[count] = all[i];
			pointers[count++] = places[i];
		}
	}
	descriptor made = make(&m, CUDNN_BACKEND_VARIANT_PACK_DESCRIPTOR, what);
	set(&m, made, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS, CUDNN_TYPE_VOID_PTR, count, pointers, what);
	set(&m, made, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS, CUDNN_TYPE_INT64, count, uids, what);
	set(&m, made, CUDNN_ATTR_VARIANT_PACK_WORKSPACE, CUDNN_TYPE_VOID_PTR, 1, &tensors->workspace, what);
	finish(&m, made, what);
	if (m.failed != CUDNN_STATUS_SUCCESS) {
		pf_status status = fail(&m, PF_ERR_INTERNAL, error);
		clear(&m, NULL);
		return status;
	}
	*pack = made;
	return PF_OK;
}
