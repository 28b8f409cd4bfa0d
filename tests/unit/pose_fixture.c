#include "pose_fixture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/photo/resize.h"

#define CELL 4
#define SPOT_RADIUS 0.03 /* of the upright photo's shorter side */
#define SPOT_CHROMA 100.0

/* As much of the wire format of protocol buffers as an ONNX file needs. */
typedef struct message {
	uint8_t *data;
	size_t bytes;
} message;

static void put(message *m, const void *bytes, size_t size)
{
	m->data = realloc(m->data, m->bytes + size + 1);
	assert_non_null(m->data);
	memcpy(m->data + m->bytes, bytes, size);
	m->bytes += size;
}

static void put_varint(message *m, uint64_t value)
{
	do {
		uint8_t byte = (uint8_t)(value & 127) | (value > 127 ? 128 : 0);
		put(m, &byte, 1);
		value >>= 7;
	} while (value > 0);
}

static void put_int(message *m, unsigned field, uint64_t value)
{
	put_varint(m, field << 3);
	put_varint(m, value);
}

static void put_bytes(message *m, unsigned field, const void *bytes, size_t size)
{
	put_varint(m, field << 3 | 2);
	put_varint(m, size);
	put(m, bytes, size);
}

static void put_text(message *m, unsigned field, const char *text)
{
	put_bytes(m, field, text, strlen(text));
}

/* Adds *part as a field and frees it. */
static void put_message(message *m, unsigned field, message *part)
{
	put_bytes(m, field, part->data, part->bytes);
	free(part->data);
	*part = (message){0};
}

static void put_tensor_info(message *graph, unsigned field, const char *name, const uint64_t dims[4])
{
	static const char *const open[] = {"n", "c", "rows", "columns"};
	message shape = {0}, tensor = {0}, type = {0}, info = {0};
	for (unsigned i = 0; i < 4; i++) {
		message dim = {0};
		if (dims[i]) {
			put_int(&dim, 1, dims[i]);
		} else {
			put_text(&dim, 2, open[i]);
		}
		put_message(&shape, 1, &dim);
	}
	put_int(&tensor, 1, 1); /* float */
	put_message(&tensor, 2, &shape);
	put_message(&type, 1, &tensor);
	put_text(&info, 1, name);
	put_message(&info, 2, &type);
	put_message(graph, field, &info);
}

static double angle(unsigned k)
{
	return k * 2.0 * 3.14159265358979 / PF_KEYPOINT_COUNT;
}

static void put_weights(message *graph, uint32_t channels)
{
	message tensor = {0};
	const uint64_t dims[4] = {channels, 3, CELL, CELL};
	float *weights = calloc((size_t)channels * 3 * CELL * CELL, sizeof *weights);
	for (unsigned k = 0; k < channels && k < PF_KEYPOINT_COUNT; k++) {
		for (unsigned i = 0; i < CELL * CELL; i++) {
			float *of = weights + (size_t)k * 3 * CELL * CELL + i;
			of[CELL * CELL] = (float)(cos(angle(k)) * 0.9 * 64 / SPOT_CHROMA / (CELL * CELL));
			of[2 * CELL * CELL] = (float)(sin(angle(k)) * 0.9 * 64 / SPOT_CHROMA / (CELL * CELL));
		}
	}
	for (unsigned i = 0; i < 4; i++) {
		put_int(&tensor, 1, dims[i]);
	}
	put_int(&tensor, 2, 1); /* float */
	put_text(&tensor, 8, "weights");
	put_bytes(&tensor, 9, weights, (size_t)channels * 3 * CELL * CELL * sizeof *weights);
	put_message(graph, 5, &tensor);
	free(weights);
}

static void put_ints(message *node, const char *name, uint64_t value)
{
	message attribute = {0};
	put_text(&attribute, 1, name);
	put_int(&attribute, 8, value);
	put_int(&attribute, 8, value);
	put_int(&attribute, 20, 7); /* INTS */
	put_message(node, 5, &attribute);
}

pf_fixture_bytes pf_fixture_pose_model(uint32_t width_px, uint32_t height_px, uint32_t channels)
{
	message model = {0}, opset = {0}, graph = {0}, node = {0};
	put_text(&node, 1, "planes");
	put_text(&node, 1, "weights");
	put_text(&node, 2, "maps");
	put_text(&node, 3, "conv");
	put_text(&node, 4, "Conv");
	put_ints(&node, "kernel_shape", CELL);
	put_ints(&node, "strides", CELL);
	put_message(&graph, 1, &node);
	put_text(&graph, 2, "spots");
	put_weights(&graph, channels);
	put_tensor_info(&graph, 11, "planes", (const uint64_t[]){1, 3, height_px, width_px});
	put_tensor_info(&graph, 12, "maps",
			(const uint64_t[]){1, channels, height_px / CELL, width_px / CELL});
	put_int(&model, 1, 7);
	put_int(&opset, 2, 13);
	put_message(&model, 7, &graph);
	put_message(&model, 8, &opset);
	return (pf_fixture_bytes){model.data, model.bytes};
}

void pf_fixture_pose_spot(unsigned k, double *x, double *y)
{
	unsigned row = k / 5;
	*x = 0.3 + 0.1 * (k % 5);
	*y = 0.2 + 0.2 * row;
}

typedef struct scene {
	uint32_t width, height;
	unsigned orientation;
} scene;

static void paint(void *context, uint32_t x, uint32_t y, uint8_t ycc[3])
{
	const scene *s = context;
	double u = (x + 0.5) / s->width, v = (y + 0.5) / s->height;
	pf_upright_point(s->orientation, &u, &v);
	bool swapped = pf_orientation_swaps(s->orientation);
	double wide = swapped ? s->height : s->width, high = swapped ? s->width : s->height;
	double radius = SPOT_RADIUS * (wide < high ? wide : high);
	ycc[0] = (uint8_t)(100 + (x / 16 + y / 16) % 2 * 60);
	ycc[1] = ycc[2] = 128;
	for (unsigned k = 0; k < PF_KEYPOINT_COUNT; k++) {
		double sx, sy;
		pf_fixture_pose_spot(k, &sx, &sy);
		if (hypot((u - sx) * wide, (v - sy) * high) <= radius) {
			ycc[1] = (uint8_t)(128.5 + SPOT_CHROMA * cos(angle(k)));
			ycc[2] = (uint8_t)(128.5 + SPOT_CHROMA * sin(angle(k)));
		}
	}
}

pf_fixture_bytes pf_fixture_pose_photo(uint32_t width_px, uint32_t height_px, unsigned orientation)
{
	scene s = {width_px, height_px, orientation};
	pf_fixture_bytes exif = pf_fixture_exif(&(pf_fixture_exif_spec){.orientation = orientation});
	pf_fixture_bytes photo = pf_fixture_jpeg(&(pf_fixture_spec){
		.width_px = width_px, .height_px = height_px, .exif = exif, .pixel = paint, .context = &s});
	pf_fixture_free(&exif);
	return photo;
}

double pf_fixture_pose_error(const pf_pose *pose)
{
	double most = 0.0;
	for (unsigned k = 0; k < PF_KEYPOINT_COUNT; k++) {
		double x, y;
		pf_fixture_pose_spot(k, &x, &y);
		most = fmax(most, fmax(fabs(pose->points[k].x - x), fabs(pose->points[k].y - y)));
	}
	return most;
}

const char *pf_fixture_pose_write(const char *folder, const char *name, const void *bytes, size_t size)
{
	static char paths[32][512];
	static unsigned next;
	char *path = paths[next++ % 32];
	snprintf(path, sizeof paths[0], "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
	return path;
}
