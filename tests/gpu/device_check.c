/* What can be checked of a device with nothing but the driver and cuDNN: its description, every kernel
 * against the lines that it was made of, and how fast cuDNN's fp16 convolutions are there. Compiles without
 * any other library: scripts/gpu-check. Usage: device_check FILE [--small]. Writes the description, cuDNN's
 * JSON, to FILE;
 * --small times a tiny convolution (the fake device of the tests). Exit status 0: all agree; 1: something
 * differs; 2: there is no device that can be used. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/gpu/gpu_device.h"
#include "core/nn/cudnn_plan.h"

enum { TIMED_RUNS = 20 };

static pf_gpu_device device;
static int failures;
static uint64_t seed = 1;

static uint32_t drawn(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(seed >> 33);
}

static void give_up(const char *what)
{
	fprintf(stderr, "device_check: %s%s%s\n", what, device.failure.code ? ": " : "",
		device.failure.code ? device.failure.message : "");
	exit(2);
}

/* The same bytes here and there. */
typedef struct twin {
	unsigned char *host;
	CUdeviceptr there;
	size_t bytes;
} twin;

static twin make(size_t bytes)
{
	twin t = {calloc(1, bytes), pf_gpu_allocate(&device, bytes), bytes};
	if (!t.host || !t.there) {
		give_up("no memory");
	}
	return t;
}

static void send(const twin *t)
{
	if (!pf_gpu_upload(&device, t->there, t->host, t->bytes, "uploading") || !pf_gpu_wait(&device)) {
		give_up("cannot upload");
	}
}

static void drop(twin *t)
{
	device.api.cuMemFree(t->there);
	free(t->host);
}

/* Elements, of `bytes` 2 or 4, that differ by more than `limit` (0: in any bit); of fp16 where 2. */
static void compare(const char *name, const twin *t, size_t bytes, float limit)
{
	unsigned char *got = calloc(1, t->bytes);
	size_t bad = 0;
	if (!got || !pf_gpu_download(&device, got, t->there, t->bytes, "downloading") ||
	    !pf_gpu_wait(&device)) {
		give_up(name);
	}
	for (size_t at = 0; at + bytes <= t->bytes; at += bytes) {
		if (memcmp(got + at, t->host + at, bytes) == 0) {
			continue;
		}
		float is = 0, want = 0;
		if (bytes == sizeof(float)) {
			memcpy(&is, got + at, sizeof is);
			memcpy(&want, t->host + at, sizeof want);
		} else {
			uint16_t bits[2];
			memcpy(&bits[0], got + at, 2);
			memcpy(&bits[1], t->host + at, 2);
			is = pf_gpu_from_half(bits[0]);
			want = pf_gpu_from_half(bits[1]);
		}
		bad += !(fabsf(is - want) <= limit * (1 + fabsf(want)));
	}
	printf("%s %s: %zu of %zu values differ\n", bad ? "DIFFERS" : "ok     ", name, bad, t->bytes / bytes);
	failures += bad > 0;
	free(got);
}

/* Runs a kernel there and its lines here; `there` and `here` are its arguments with their own addresses. */
#define RUN(name, there, here)                                                                          \
	do {                                                                                            \
		if (!pf_gpu_launch(&device, PF_GPU_KERNEL_##name, &(there)) || !pf_gpu_wait(&device)) { \
			give_up("pf_kernel_" #name);                                                    \
		}                                                                                       \
		for (int64_t i_ = 0; i_ < (here).count; i_++) {                                         \
			pf_gpu_body_##name(&(here), i_);                                                \
		}                                                                                       \
	} while (0)

static void fill_floats(twin *t)
{
	for (size_t i = 0; i < t->bytes / sizeof(float); i++) {
		float value = (float)((int32_t)(drawn() % 20001) - 10000) / 1500.0f;
		memcpy(t->host + i * sizeof value, &value, sizeof value);
	}
}

static void check_layouts_and_activations(int32_t half)
{
	int64_t channels = 5, plane = 63, count = 2 * channels * plane;
	size_t bytes = half ? 2 : 4;
	twin dense = make((size_t)count * 4), tensor = make((size_t)count * bytes),
	     back = make((size_t)count * 4);
	fill_floats(&dense);
	send(&dense);
	send(&tensor);
	pf_gpu_layout here = {count, dense.host, tensor.host, channels, plane, half};
	pf_gpu_layout there = {count, (void *)dense.there, (void *)tensor.there, channels, plane, half};
	RUN(to_device, there, here);
	compare(half ? "to_device fp16" : "to_device fp32", &tensor, bytes, 0);
	for (int act = 0; act <= PF_GPU_GELU; act++) {
		pf_gpu_follow k = {
			.count = count, .y = tensor.host, .a = 0.2f, .b = 0.5f, .act = act, .half = half};
		pf_gpu_follow d = k;
		char name[64];
		d.y = (void *)tensor.there;
		RUN(follow, d, k);
		snprintf(name, sizeof name, "activation %d %s", act, half ? "fp16" : "fp32");
		compare(name, &tensor, bytes,
			half ? 2e-3f : 2e-6f); /* expf and its kind are not exact there */
		send(&tensor);
	}
	here = (pf_gpu_layout){count, tensor.host, back.host, channels, plane, half};
	there = (pf_gpu_layout){count, (void *)tensor.there, (void *)back.there, channels, plane, half};
	RUN(from_device, there, here);
	compare("from_device", &back, 4, 0);
	drop(&dense);
	drop(&tensor);
	drop(&back);
}

enum { WIDE = 96, HIGH = 72, PHOTO_WIDE = 401, PHOTO_HIGH = 307 };

static void cover(pf_gpu_cover *covers, int count, int samples)
{
	for (int i = 0; i < count; i++) {
		double low = (double)i * samples / count, high = (double)(i + 1) * samples / count;
		covers[i].first = (uint32_t)low;
		covers[i].last = (uint32_t)high < (uint32_t)samples ? (uint32_t)high : (uint32_t)samples - 1;
		covers[i].first_weight = (float)((covers[i].first + 1 - low) / (high - low));
		covers[i].last_weight = (float)((high - covers[i].last) / (high - low));
		covers[i].inside = i % 11 == 3 ? 0.0f : 1.0f;
	}
}

static void check_picture(int32_t half)
{
	twin photo = make((size_t)PHOTO_WIDE * PHOTO_HIGH),
	     covers = make((WIDE + HIGH) * sizeof(pf_gpu_cover));
	twin out = make((size_t)3 * WIDE * HIGH * (half ? 2 : 4));
	for (size_t i = 0; i < photo.bytes; i++) {
		photo.host[i] = (unsigned char)drawn();
	}
	cover((pf_gpu_cover *)covers.host, WIDE, PHOTO_WIDE);
	cover((pf_gpu_cover *)covers.host + WIDE, HIGH, PHOTO_HIGH);
	send(&photo);
	send(&covers);
	send(&out);
	pf_gpu_picture here = {.count = WIDE * HIGH,
			       .to = out.host,
			       .width = WIDE,
			       .begin = WIDE - 1,
			       .across = -1,
			       .down = WIDE,
			       .colour = PF_GPU_BGR,
			       .half = half};
	pf_gpu_picture there = here;
	there.to = (void *)out.there;
	for (int i = 0; i < 3; i++) {
		here.mean[i] = there.mean[i] = 120.0f + (float)i;
		here.std[i] = there.std[i] = 57.0f;
		here.planes[i] = there.planes[i] = (pf_gpu_source){.weight_x = (float)WIDE / PHOTO_WIDE,
								   .weight_y = (float)HIGH / PHOTO_HIGH,
								   .outside = 114.0f,
								   .pitch = PHOTO_WIDE};
		here.planes[i].samples = photo.host;
		here.planes[i].across = (pf_gpu_cover *)covers.host;
		here.planes[i].down = (pf_gpu_cover *)covers.host + WIDE;
		there.planes[i].samples = (const uint8_t *)photo.there;
		there.planes[i].across = (const pf_gpu_cover *)covers.there;
		there.planes[i].down = (const pf_gpu_cover *)covers.there + WIDE;
	}
	RUN(picture, there, here);
	compare(half ? "picture fp16" : "picture fp32", &out, half ? 2 : 4, 0);
	drop(&photo);
	drop(&covers);
	drop(&out);
}

static void check_maxima(void)
{
	enum { ROWS = 18, COLUMNS = 24, MAPS = 18, WANTED = 17 };
	twin maps = make((size_t)2 * ROWS * COLUMNS * MAPS * 2),
	     rows = make(2 * ROWS * WANTED * sizeof(pf_gpu_row_peak));
	twin peaks = make(2 * WANTED * sizeof(pf_gpu_peak));
	for (size_t i = 0; i < maps.bytes / 2; i++) {
		uint16_t bits = pf_gpu_to_half((float)(drawn() % 50) / 50.0f);
		memcpy(maps.host + 2 * i, &bits, 2);
	}
	send(&maps);
	send(&rows);
	send(&peaks);
	pf_gpu_maps here = {2 * ROWS * WANTED,
			    maps.host,
			    (pf_gpu_row_peak *)rows.host,
			    (pf_gpu_peak *)peaks.host,
			    MAPS,
			    WANTED,
			    ROWS,
			    COLUMNS,
			    1};
	pf_gpu_maps there = here;
	there.maps = (void *)maps.there;
	there.of_rows = (pf_gpu_row_peak *)rows.there;
	there.peaks = (pf_gpu_peak *)peaks.there;
	RUN(row_peaks, there, here);
	here.count = there.count = 2 * WANTED;
	RUN(peaks, there, here);
	compare("row_peaks", &rows, 4, 0);
	compare("peaks", &peaks, 4, 0);
	drop(&maps);
	drop(&rows);
	drop(&peaks);
}

/* A 3x3 convolution with as many channels as fill a device; multiply-adds count as two operations. */
static void time_convolution(const pf_cudnn_target *target, bool small)
{
	int64_t channels = small ? 8 : 256, side = small ? 8 : 56, batch = small ? 1 : 32;
	const pf_cudnn_conv conv = {.batch = batch,
				    .in_channels = channels,
				    .in_h = side,
				    .in_w = side,
				    .out_channels = channels,
				    .out_h = side,
				    .out_w = side,
				    .window = {.kernel = {3, 3},
					       .stride = {1, 1},
					       .dilation = {1, 1},
					       .pad_begin = {1, 1},
					       .pad_end = {1, 1},
					       .groups = 1},
				    .half = true,
				    .biased = true,
				    .relu = true};
	pf_cudnn_plan plan;
	pf_error error;
	CUevent events[2] = {NULL, NULL};
	cudnnBackendDescriptor_t pack = NULL;
	float ms = 0;
	size_t tensor = (size_t)(batch * channels * side * side) * 2;
	if (pf_cudnn_plan_create(target, &conv, &plan, &error) != PF_OK) {
		printf("DIFFERS no plan for a 3x3 convolution: %s\n", error.message);
		failures++;
		return;
	}
	twin x = make(tensor), y = make(tensor), w = make((size_t)(channels * channels * 9) * 2);
	twin bias = make((size_t)channels * 2), space = make((size_t)plan.workspace_bytes + 256);
	send(&x);
	send(&w);
	send(&bias);
	const pf_cudnn_tensors at = {(void *)x.there, (void *)w.there,    (void *)bias.there, NULL,
				     (void *)y.there, (void *)space.there};
	bool fine = pf_cudnn_plan_bind(&plan, &at, &pack, &error) == PF_OK;
	for (int run = 0; fine && run <= TIMED_RUNS; run++) {
		if (run == 1) { /* the first loads what is loaded lazily */
			fine = pf_gpu_wait(&device) && !device.api.cuEventCreate(&events[0], 0) &&
			       !device.api.cuEventCreate(&events[1], 0) &&
			       !device.api.cuEventRecord(events[0], device.stream);
		}
		fine = fine && pf_gpu_check_cudnn(
				       &device, device.api.cudnnBackendExecute(device.cudnn, plan.plan, pack),
				       "a convolution");
	}
	fine = fine && !device.api.cuEventRecord(events[1], device.stream) && pf_gpu_wait(&device) &&
	       !device.api.cuEventElapsedTime(&ms, events[0], events[1]);
	if (!fine) {
		give_up("timing a convolution");
	}
	double operations = 2.0 * 9 * (double)(batch * side * side * channels * channels) * TIMED_RUNS;
	printf("fp16 3x3 convolution, %jd channels, %jdx%jd, batch %jd: %.4g ms, %.4g TFLOP/s\n",
	       (intmax_t)channels, (intmax_t)side, (intmax_t)side, (intmax_t)batch, (double)ms / TIMED_RUNS,
	       operations / ((double)ms * 1e9));
	device.api.cuEventDestroy(events[0]);
	device.api.cuEventDestroy(events[1]);
	device.api.cudnnBackendDestroyDescriptor(pack);
	pf_cudnn_plan_clear(&plan);
	twin *all[] = {&x, &y, &w, &bias, &space};
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		drop(all[i]);
	}
}

static void export_description(const pf_cudnn_target *target, const char *file)
{
	char *json = pf_cudnn_target_json(target);
	FILE *out = json ? fopen(file, "we") : NULL;
	if (!out || fprintf(out, "%s\n", json) < 0 || fclose(out) != 0) {
		fprintf(stderr, "device_check: cannot write the device's description to %s\n", file);
		exit(2);
	}
	printf("described in %s: %s\n", file, json);
	free(json);
}

int main(int count, char **arguments)
{
	pf_cudnn_target target;
	pf_error error;
	bool small = count == 3 && strcmp(arguments[2], "--small") == 0;
	if (count != 2 && !small) {
		fprintf(stderr, "Usage: device_check FILE [--small]\n");
		return 2;
	}
	if (pf_gpu_device_open(&device, &error) != PF_OK) {
		fprintf(stderr, "device_check: %s\n", error.message);
		return 2;
	}
	if (pf_cudnn_target_of(&device.api, device.cudnn, &target, &error) != PF_OK) {
		fprintf(stderr, "device_check: %s\n", error.message);
		return 2;
	}
	export_description(&target, arguments[1]);
	for (int32_t half = 0; half < 2; half++) {
		check_layouts_and_activations(half);
		check_picture(half);
	}
	check_maxima();
	time_convolution(&target, small);
	pf_cudnn_target_clear(&target);
	pf_gpu_device_close(&device);
	return failures > 0;
}
