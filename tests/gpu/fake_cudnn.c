/* cuDNN's backend API as far as it is used: descriptors keep their attributes, a plan keeps the convolution
 * that its graph describes, and executes it plainly. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gpu/gpu_kernels.h"
#include "tests/gpu/fake_device.h"

#define EXPORT __attribute__((visibility("default")))
#define MOST_ATTRIBUTES 16
#define WORKSPACE 4096

typedef struct attribute {
	cudnnBackendAttributeName_t name;
	int64_t count;
	size_t bytes;
	void *values;
} attribute;

/* A convolution with what follows, by the numbers of its tensors. */
typedef struct fused {
	int64_t x[4], w[4], y[4], stride[2], dilation[2], pad[2];
	int64_t x_uid, w_uid, y_uid, bias_uid, added_uid; /* 0: none */
	int32_t half, relu, transposed;
} fused;

typedef struct fake_descriptor {
	cudnnBackendDescriptorType_t type;
	attribute attributes[MOST_ATTRIBUTES];
	int attribute_count;
	bool finished;
	fused plan;
} fake_descriptor;

struct cudnnContext {
	CUstream stream;
};

#define ENTER(entry)                                 \
	do {                                         \
		int fault = fake_fault(entry);       \
		if (fault) {                         \
			return (cudnnStatus_t)fault; \
		}                                    \
	} while (0)

EXPORT size_t cudnnGetVersion(void)
{
	return CUDNN_VERSION;
}

EXPORT const char *cudnnGetErrorString(cudnnStatus_t status)
{
	return status == CUDNN_STATUS_SUCCESS            ? "CUDNN_STATUS_SUCCESS"
	       : status == CUDNN_STATUS_EXECUTION_FAILED ? "CUDNN_STATUS_EXECUTION_FAILED"
	       : status == CUDNN_STATUS_ALLOC_FAILED     ? "CUDNN_STATUS_ALLOC_FAILED"
							 : "CUDNN_STATUS_NOT_SUPPORTED";
}

EXPORT void cudnnGetLastErrorString(char *message, size_t capacity)
{
	snprintf(message, capacity, "%s", "");
}

EXPORT cudnnStatus_t cudnnCreate(cudnnHandle_t *handle)
{
	ENTER("cudnnCreate");
	*handle = calloc(1, sizeof **handle);
	fake_count(1);
	return *handle ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_ALLOC_FAILED;
}

EXPORT cudnnStatus_t cudnnDestroy(cudnnHandle_t handle)
{
	free(handle);
	fake_count(-1);
	return CUDNN_STATUS_SUCCESS;
}

EXPORT cudnnStatus_t cudnnSetStream(cudnnHandle_t handle, cudaStream_t stream)
{
	ENTER("cudnnSetStream");
	handle->stream = (CUstream)stream;
	return CUDNN_STATUS_SUCCESS;
}

EXPORT cudnnStatus_t cudnnBackendCreateDescriptor(cudnnBackendDescriptorType_t type,
						  cudnnBackendDescriptor_t *made)
{
	ENTER("cudnnBackendCreateDescriptor");
	fake_descriptor *d = calloc(1, sizeof *d);
	if (!d) {
		return CUDNN_STATUS_ALLOC_FAILED;
	}
	d->type = type;
	*made = d;
	fake_count(1);
	return CUDNN_STATUS_SUCCESS;
}

EXPORT cudnnStatus_t cudnnBackendDestroyDescriptor(cudnnBackendDescriptor_t descriptor)
{
	fake_descriptor *d = descriptor;
	for (int i = 0; i < d->attribute_count; i++) {
		free(d->attributes[i].values);
	}
	free(d);
	fake_count(-1);
	return CUDNN_STATUS_SUCCESS;
}

static size_t bytes_of(cudnnBackendAttributeType_t type)
{
	switch (type) {
	case CUDNN_TYPE_CHAR:
	case CUDNN_TYPE_BOOLEAN:
		return 1;
	case CUDNN_TYPE_HANDLE:
	case CUDNN_TYPE_BACKEND_DESCRIPTOR:
	case CUDNN_TYPE_VOID_PTR:
	case CUDNN_TYPE_INT64:
	case CUDNN_TYPE_DOUBLE:
		return 8;
	default:
		return 4;
	}
}

EXPORT cudnnStatus_t cudnnBackendSetAttribute(cudnnBackendDescriptor_t descriptor,
					      cudnnBackendAttributeName_t name,
					      cudnnBackendAttributeType_t type, int64_t count,
					      const void *values)
{
	fake_descriptor *d = descriptor;
	ENTER("cudnnBackendSetAttribute");
	if (d->finished || d->attribute_count == MOST_ATTRIBUTES) {
		return CUDNN_STATUS_BAD_PARAM;
	}
	attribute *a = &d->attributes[d->attribute_count++];
	*a = (attribute){name, count, (size_t)count * bytes_of(type), NULL};
	a->values = malloc(a->bytes + 1);
	memcpy(a->values, values, a->bytes);
	return CUDNN_STATUS_SUCCESS;
}

static const attribute *find(const fake_descriptor *d, cudnnBackendAttributeName_t name)
{
	for (int i = 0; i < d->attribute_count; i++) {
		if (d->attributes[i].name == name) {
			return &d->attributes[i];
		}
	}
	return NULL;
}

static const fake_descriptor *linked(const fake_descriptor *d, cudnnBackendAttributeName_t name)
{
	const attribute *a = d ? find(d, name) : NULL;
	return a ? *(fake_descriptor *const *)a->values : NULL;
}

static bool numbers(const fake_descriptor *d, cudnnBackendAttributeName_t name, int64_t *out, int64_t count)
{
	const attribute *a = d ? find(d, name) : NULL;
	if (!a || a->count != count) {
		return false;
	}
	memcpy(out, a->values, a->bytes);
	return true;
}

/* A tensor's dims and number. Strides have to be those of channels last. */
static bool tensor(const fake_descriptor *d, int64_t dims[4], int64_t *uid)
{
	int64_t strides[4];
	return numbers(d, CUDNN_ATTR_TENSOR_DIMENSIONS, dims, 4) &&
	       numbers(d, CUDNN_ATTR_TENSOR_STRIDES, strides, 4) &&
	       numbers(d, CUDNN_ATTR_TENSOR_UNIQUE_ID, uid, 1) && strides[1] == 1 && strides[3] == dims[1] &&
	       strides[2] == dims[1] * dims[3] && strides[0] == dims[1] * dims[2] * dims[3];
}

static bool read_convolution(const fake_descriptor *op, fused *f)
{
	const fake_descriptor *conv = linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_CONV_DESC),
			      *x = linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_X);
	int64_t between;
	if (!tensor(x, f->x, &f->x_uid) ||
	    !tensor(linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_W), f->w, &f->w_uid) ||
	    !tensor(linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_FORWARD_Y), f->y, &between) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, f->stride, 2) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_DILATIONS, f->dilation, 2) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, f->pad, 2)) {
		return false;
	}
	f->half = *(const cudnnDataType_t *)find(x, CUDNN_ATTR_TENSOR_DATA_TYPE)->values == CUDNN_DATA_HALF;
	f->y_uid = between;
	return f->x[1] % f->w[1] == 0 && f->w[0] == f->y[1];
}

/* The gradient's output is what the convolution has for input. */
static bool read_transposed(const fake_descriptor *op, fused *f)
{
	const fake_descriptor *conv = linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_CONV_DESC),
			      *x = linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DY);
	if (!tensor(x, f->x, &f->x_uid) ||
	    !tensor(linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_W), f->w, &f->w_uid) ||
	    !tensor(linked(op, CUDNN_ATTR_OPERATION_CONVOLUTION_BWD_DATA_DX), f->y, &f->y_uid) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_FILTER_STRIDES, f->stride, 2) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_DILATIONS, f->dilation, 2) ||
	    !numbers(conv, CUDNN_ATTR_CONVOLUTION_PRE_PADDINGS, f->pad, 2)) {
		return false;
	}
	f->half = *(const cudnnDataType_t *)find(x, CUDNN_ATTR_TENSOR_DATA_TYPE)->values == CUDNN_DATA_HALF;
	f->transposed = 1;
	return f->y[1] % f->w[1] == 0 && f->w[0] == f->x[1];
}

static bool read_following(const fake_descriptor *op, fused *f)
{
	const fake_descriptor *kind = linked(op, CUDNN_ATTR_OPERATION_POINTWISE_PW_DESCRIPTOR);
	const fake_descriptor *b = linked(op, CUDNN_ATTR_OPERATION_POINTWISE_BDESC);
	const attribute *mode = kind ? find(kind, CUDNN_ATTR_POINTWISE_MODE) : NULL;
	int64_t dims[4], uid = 0, y[4];
	if (!mode || !tensor(linked(op, CUDNN_ATTR_OPERATION_POINTWISE_YDESC), y, &f->y_uid)) {
		return false;
	}
	switch (*(const cudnnPointwiseMode_t *)mode->values) {
	case CUDNN_POINTWISE_ADD:
		if (!tensor(b, dims, &uid)) {
			return false;
		}
		/* Of two of the output's shape the sum is the first. */
		*(memcmp(dims, y, sizeof y) != 0 || f->added_uid ? &f->bias_uid : &f->added_uid) = uid;
		return !f->relu;
	case CUDNN_POINTWISE_RELU_FWD:
		f->relu = 1;
		return true;
	default:
		return false;
	}
}

static cudnnStatus_t read_graph(const fake_descriptor *graph, fused *f)
{
	const attribute *operations = find(graph, CUDNN_ATTR_OPERATIONGRAPH_OPS);
	*f = (fused){.half = 0};
	bool fine = operations && operations->count > 0;
	for (int64_t i = 0; fine && i < operations->count; i++) {
		const fake_descriptor *op = ((fake_descriptor *const *)operations->values)[i];
		if (op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_BACKWARD_DATA_DESCRIPTOR) {
			fine = operations->count == 1 && read_transposed(op, f);
			continue;
		}
		fine = op->type == CUDNN_BACKEND_OPERATION_CONVOLUTION_FORWARD_DESCRIPTOR
			       ? i == 0 && read_convolution(op, f)
			       : i > 0 && read_following(op, f);
	}
	return fine ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_NOT_SUPPORTED;
}

/* A plan's text: its numbers in hexadecimal. */
static bool read_text(const attribute *text, fused *f)
{
	const char *digits = text->values;
	if (strnlen(digits, text->bytes) != 2 * sizeof *f) {
		return false;
	}
	for (size_t i = 0; i < sizeof *f; i++) {
		unsigned byte;
		if (sscanf(digits + 2 * i, "%2x", &byte) != 1) {
			return false;
		}
		((unsigned char *)f)[i] = (unsigned char)byte;
	}
	return true;
}

EXPORT cudnnStatus_t cudnnBackendFinalize(cudnnBackendDescriptor_t descriptor)
{
	fake_descriptor *d = descriptor;
	ENTER("cudnnBackendFinalize");
	d->finished = true;
	if (d->type == CUDNN_BACKEND_OPERATIONGRAPH_DESCRIPTOR) {
		return read_graph(d, &d->plan);
	}
	if (d->type == CUDNN_BACKEND_ENGINEHEUR_DESCRIPTOR) {
		d->plan = linked(d, CUDNN_ATTR_ENGINEHEUR_OPERATION_GRAPH)->plan;
	}
	if (d->type == CUDNN_BACKEND_EXECUTION_PLAN_DESCRIPTOR) {
		const attribute *text = find(d, CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION);
		if (text) {
			return read_text(text, &d->plan) ? CUDNN_STATUS_SUCCESS : CUDNN_STATUS_BAD_PARAM;
		}
		ENTER("plan-made");
		d->plan = linked(d, CUDNN_ATTR_EXECUTION_PLAN_ENGINE_CONFIG)->plan;
	}
	return CUDNN_STATUS_SUCCESS;
}

static cudnnStatus_t give_text(const char *text, int64_t capacity, int64_t *count, void *values)
{
	*count = (int64_t)strlen(text) + 1;
	if (values && capacity) {
		snprintf(values, (size_t)capacity, "%s", text);
	}
	return CUDNN_STATUS_SUCCESS;
}

EXPORT cudnnStatus_t cudnnBackendGetAttribute(cudnnBackendDescriptor_t descriptor,
					      cudnnBackendAttributeName_t name,
					      cudnnBackendAttributeType_t type, int64_t capacity,
					      int64_t *count, void *values)
{
	const fake_descriptor *d = descriptor;
	char text[2 * sizeof d->plan + 1] = "";
	(void)type;
	ENTER("cudnnBackendGetAttribute");
	*count = 1;
	switch (name) {
	case CUDNN_ATTR_ENGINEHEUR_RESULTS:
		(*(fake_descriptor **)values)->plan = d->plan;
		return CUDNN_STATUS_SUCCESS;
	case CUDNN_ATTR_ENGINECFG_ENGINE:
		return CUDNN_STATUS_SUCCESS;
	case CUDNN_ATTR_ENGINE_NUMERICAL_NOTE:
	case CUDNN_ATTR_ENGINE_BEHAVIOR_NOTE:
		*count = 0;
		return CUDNN_STATUS_SUCCESS;
	case CUDNN_ATTR_EXECUTION_PLAN_WORKSPACE_SIZE:
		*(int64_t *)values = WORKSPACE;
		return CUDNN_STATUS_SUCCESS;
	case CUDNN_ATTR_DEVICEPROP_JSON_REPRESENTATION:
		return give_text("{\"deviceName\":\"fake device of the tests\"}", capacity, count, values);
	case CUDNN_ATTR_EXECUTION_PLAN_JSON_REPRESENTATION:
		for (size_t i = 0; i < sizeof d->plan; i++) {
			snprintf(text + 2 * i, 3, "%02x", ((const unsigned char *)&d->plan)[i]);
		}
		return give_text(text, capacity, count, values);
	default:
		return CUDNN_STATUS_NOT_SUPPORTED;
	}
}

typedef struct bound {
	fused plan;
	void *x, *w, *y, *bias, *added, *workspace;
} bound;

static float *floats(const void *tensor, int64_t count, int32_t half)
{
	float *made = calloc((size_t)count + 1, sizeof *made);
	for (int64_t i = 0; made && i < count; i++) {
		made[i] = pf_gpu_load(tensor, i, half);
	}
	return made;
}

/* Adds one tap to the sums of one output pixel. */
static void add_tap(const fused *f, const float *x, const float *w, float *sums)
{
	int64_t of_group = f->w[0] / (f->x[1] / f->w[1]), taps = f->w[2] * f->w[3];
	for (int64_t k = 0; k < f->w[0]; k++) {
		const float *in = x + k / of_group * f->w[1], *weights = w + k * taps * f->w[1];
		float sum = 0;
		for (int64_t c = 0; c < f->w[1]; c++) {
			sum += in[c] * weights[c];
		}
		sums[k] += sum;
	}
}

static void convolve_pixel(const fused *f, const float *x, const float *w, int64_t oy, int64_t ox,
			   float *sums)
{
	memset(sums, 0, (size_t)f->w[0] * sizeof *sums);
	for (int64_t ky = 0; ky < f->w[2]; ky++) {
		for (int64_t kx = 0; kx < f->w[3]; kx++) {
			int64_t iy = oy * f->stride[0] + ky * f->dilation[0] - f->pad[0];
			int64_t ix = ox * f->stride[1] + kx * f->dilation[1] - f->pad[1];
			if (iy >= 0 && iy < f->x[2] && ix >= 0 && ix < f->x[3]) {
				add_tap(f, x + (iy * f->x[3] + ix) * f->x[1],
					w + (ky * f->w[3] + kx) * f->w[1], sums);
			}
		}
	}
}

/* One pixel of what is transposed: from each input pixel whose kernel reaches it. */
static void spread_pixel(const fused *f, const float *x, const float *w, int64_t oy, int64_t ox, float *sums)
{
	int64_t groups = f->y[1] / f->w[1], of_group = f->x[1] / groups;
	memset(sums, 0, (size_t)f->y[1] * sizeof *sums);
	for (int64_t ky = 0; ky < f->w[2]; ky++) {
		for (int64_t kx = 0; kx < f->w[3]; kx++) {
			int64_t iy = oy + f->pad[0] - ky * f->dilation[0];
			int64_t ix = ox + f->pad[1] - kx * f->dilation[1];
			if (iy < 0 || ix < 0 || iy % f->stride[0] || ix % f->stride[1] ||
			    iy / f->stride[0] >= f->x[2] || ix / f->stride[1] >= f->x[3]) {
				continue;
			}
			const float *in = x + (iy / f->stride[0] * f->x[3] + ix / f->stride[1]) * f->x[1];
			for (int64_t k = 0; k < f->x[1]; k++) {
				const float *weights = w + ((k * f->w[2] + ky) * f->w[3] + kx) * f->w[1];
				float *to = sums + k / of_group * f->w[1];
				for (int64_t c = 0; c < f->w[1]; c++) {
					to[c] += in[k] * weights[c];
				}
			}
		}
	}
}

static void execute_convolution(void *arguments)
{
	const bound *b = arguments;
	const fused *f = &b->plan;
	int64_t channels = f->y[1];
	int64_t pixels = f->y[2] * f->y[3], of_image = f->x[1] * f->x[2] * f->x[3];
	float *x = floats(fake_shadow(b->x), f->x[0] * of_image, f->half);
	float *w = floats(fake_shadow(b->w), f->w[0] * f->w[1] * f->w[2] * f->w[3], f->half);
	float *sums = malloc((size_t)channels * sizeof *sums);
	void *y = fake_shadow(b->y);
	const void *bias = fake_shadow(b->bias), *added = fake_shadow(b->added);
	memset(fake_shadow(b->workspace), 0x7f, WORKSPACE);
	for (int64_t i = 0; x && w && sums && i < f->y[0] * pixels; i++) {
		int64_t pixel = i % pixels;
		(f->transposed ? spread_pixel : convolve_pixel)(f, x + i / pixels * of_image, w,
								pixel / f->y[3], pixel % f->y[3], sums);
		for (int64_t k = 0; k < channels; k++) {
			float value = sums[k];
			value += added ? pf_gpu_load(added, i * channels + k, f->half) : 0;
			value += bias ? pf_gpu_load(bias, k, f->half) : 0;
			pf_gpu_store(y, i * channels + k, f->half, f->relu && value < 0 ? 0 : value);
		}
	}
	free(x);
	free(w);
	free(sums);
}

EXPORT cudnnStatus_t cudnnBackendExecute(cudnnHandle_t handle, cudnnBackendDescriptor_t plan,
					 cudnnBackendDescriptor_t pack)
{
	const fake_descriptor *p = plan, *v = pack;
	const attribute *uids = find(v, CUDNN_ATTR_VARIANT_PACK_UNIQUE_IDS),
			*pointers = find(v, CUDNN_ATTR_VARIANT_PACK_DATA_POINTERS),
			*workspace = find(v, CUDNN_ATTR_VARIANT_PACK_WORKSPACE);
	ENTER("cudnnBackendExecute");
	bound b = {.plan = p->plan, .workspace = *(void **)workspace->values};
	const struct {
		int64_t uid;
		void **place;
	} wanted[] = {{b.plan.x_uid, &b.x},
		      {b.plan.w_uid, &b.w},
		      {b.plan.y_uid, &b.y},
		      {b.plan.bias_uid, &b.bias},
		      {b.plan.added_uid, &b.added}};
	for (int64_t i = 0; i < uids->count; i++) {
		for (size_t k = 0; k < sizeof wanted / sizeof *wanted; k++) {
			if (wanted[k].uid && wanted[k].uid == ((const int64_t *)uids->values)[i]) {
				*wanted[k].place = ((void **)pointers->values)[i];
			}
		}
	}
	bool fine = b.x && b.w && b.y && b.workspace && !b.plan.bias_uid == !b.bias &&
		    !b.plan.added_uid == !b.added;
	return fine && fake_queue(handle->stream, execute_convolution, &b, sizeof b) ? CUDNN_STATUS_SUCCESS
										     : CUDNN_STATUS_BAD_PARAM;
}
