/* Each version of each kernel against the plain one: the same bits on many shapes, alignments and contents,
 * and not a byte beside them; and its time as a ratio to plain, which is printed and judged by nobody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/kernels/kernels.h"
#include "photofinish/trace.h"

enum {
	MOST = 4096,   /* samples of a row */
	MARGIN = 64,   /* around every row: what is there must not matter, or stay as it is */
	SHAPES = 2000, /* of each kernel and version */
	ROWS = 3,
	TIMED = 200,
	ROUNDS = 7,
};

/* Rows of bytes and of 16-bit values, and what kernels write, as raw bytes. */
typedef struct rows {
	uint8_t bytes[ROWS][2 * (MOST + MARGIN) + MARGIN];
	int16_t values[ROWS][MOST + 2 * MARGIN]; /* 0..255 */
	_Alignas(64) uint8_t out[(MOST + 2 * MARGIN) * sizeof(uint32_t)];
} rows;

/* Where in the rows a kernel works. */
typedef struct shape {
	uint32_t count, at, out_at; /* out_at: elements */
	int16_t weight;
} shape;

static rows given, expected, got;
static uint64_t random_state = 99;

static uint32_t draw(void)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(random_state >> 33);
}

static void widen(const pf_kernels *k, rows *r, const shape *s)
{
	k->widen((int16_t *)(void *)r->out + s->out_at, r->bytes[0] + s->at, s->count);
}

static void bin_2x2(const pf_kernels *k, rows *r, const shape *s)
{
	k->bin_2x2((int16_t *)(void *)r->out + s->out_at, r->bytes[0] + s->at, r->bytes[1] + s->at, s->count);
}

static void histogram(const pf_kernels *k, rows *r, const shape *s)
{
	k->histogram(r->values[0] + s->at, s->count, (uint32_t(*)[256])(void *)r->out);
}

static void sum_gradients(const pf_kernels *k, rows *r, const shape *s)
{
	k->sum_gradients(r->values[0] + s->at + 1, r->values[1] + s->at + 1, r->values[2] + s->at + 1,
			 s->count, (pf_segment_sums *)(void *)r->out);
}

static void sum_chroma(const pf_kernels *k, rows *r, const shape *s)
{
	k->sum_chroma(r->bytes[0] + s->at, r->bytes[1] + s->at, s->count,
		      (pf_chroma_row_sums *)(void *)r->out);
}

static void add_weighted(const pf_kernels *k, rows *r, const shape *s)
{
	k->add_weighted((uint32_t *)(void *)r->out + s->out_at, r->bytes[0] + s->at, s->weight, s->count);
}

static void add_bytes(const pf_kernels *k, rows *r, const shape *s)
{
	k->add_bytes((uint16_t *)(void *)r->out + s->out_at, r->bytes[0] + s->at, s->count);
}

static void mix_rows(const pf_kernels *k, rows *r, const shape *s)
{
	const uint16_t weights[3] = {(uint16_t)(s->weight & 1023), (uint16_t)(s->at * 16), 640};
	k->mix_rows((uint32_t *)(void *)r->out + s->out_at, r->bytes[0] + s->at, r->bytes[1] + s->out_at,
		    (const uint16_t *)r->values[0] + s->at, weights, s->count);
}

static void mix_rows_float(const pf_kernels *k, rows *r, const shape *s)
{
	const float weights[3] = {(float)s->weight / 7.0f, (float)s->at / 3.0f, 0.0631f};
	k->mix_rows_float((float *)(void *)r->out + s->out_at, r->bytes[0] + s->at, r->bytes[1] + s->out_at,
			  (const uint16_t *)r->values[0] + s->at, weights, s->count);
}

static const struct kernel {
	const char *name;
	void (*call)(const pf_kernels *k, rows *r, const shape *s);
	uint32_t most; /* samples */
} kernels[] = {
	{"widen", widen, MOST},
	{"bin_2x2", bin_2x2, MOST},
	{"histogram", histogram, MOST},
	{"sum_gradients", sum_gradients, PF_SEGMENT_MAX_PX},
	{"sum_chroma", sum_chroma, MOST},
	{"add_weighted", add_weighted, MOST},
	{"add_bytes", add_bytes, MOST},
	{"mix_rows", mix_rows, MOST},
	{"mix_rows_float", mix_rows_float, MOST},
};

enum { KERNELS = sizeof kernels / sizeof *kernels };

/* One byte: random, or one of the extremes where sums would overflow first. */
static uint8_t draw_byte(unsigned contents)
{
	uint32_t value = draw();
	return (uint8_t)(contents == 0 ? value : contents == 1 ? (value & 1 ? 255 : 0) : 255);
}

static void fill(void)
{
	unsigned contents = draw() % 3;
	for (size_t row = 0; row < ROWS; row++) {
		for (size_t i = 0; i < sizeof given.bytes[0]; i++) {
			given.bytes[row][i] = draw_byte(contents);
		}
		for (size_t i = 0; i < MOST + 2 * MARGIN; i++) {
			given.values[row][i] = draw_byte(contents);
		}
	}
	for (size_t i = 0; i < sizeof given.out; i++) {
		given.out[i] = (uint8_t)draw();
	}
}

static shape draw_shape(uint32_t most)
{
	bool is_small = draw() % 2;
	return (shape){.count = draw() % ((is_small ? 80 : most) + 1),
		       .at = draw() % (MARGIN - 2),
		       .out_at = draw() % MARGIN,
		       .weight = (int16_t)(draw() % 65536 - 32768)};
}

static void check(const struct kernel *kernel, const pf_kernels *version)
{
	for (int i = 0; i < SHAPES; i++) {
		shape s = draw_shape(kernel->most);
		if (i % 100 == 0) {
			fill();
		}
		memcpy(&expected, &given, sizeof given);
		memcpy(&got, &given, sizeof given);
		kernel->call(&pf_kernels_plain, &expected, &s);
		kernel->call(version, &got, &s);
		if (memcmp(&expected, &got, sizeof got) != 0) {
			fail_msg("%s, %s: %u samples from byte %u to element %u differ", kernel->name,
				 version->name, s.count, s.at, s.out_at);
		}
	}
}

/* The least time of some rounds: nothing is judged by it. */
static uint64_t time_of(const struct kernel *kernel, const pf_kernels *version)
{
	shape s = {.count = kernel->most - 2, .at = 1, .out_at = 1, .weight = 3};
	uint64_t least_ns = UINT64_MAX;
	for (int round = 0; round < ROUNDS; round++) {
		uint64_t begin = pf_now_ns();
		for (int i = 0; i < TIMED; i++) {
			kernel->call(version, &got, &s);
		}
		uint64_t ns = pf_now_ns() - begin;
		least_ns = ns < least_ns ? ns : least_ns;
	}
	return least_ns;
}

static void test_versions(void **state)
{
	(void)state;
	fill();
	for (size_t v = 0; pf_kernels_at(v); v++) {
		const pf_kernels *version = pf_kernels_at(v);
		if (version->needs & ~pf_kernels_flags()) {
			print_message("%s: not on this processor, or PF_CPU forbids it\n", version->name);
			continue;
		}
		for (size_t i = 0; i < KERNELS; i++) {
			check(&kernels[i], version);
			uint64_t plain_ns = time_of(&kernels[i], &pf_kernels_plain);
			print_message("%-8s %-14s %6.2f of plain\n", version->name, kernels[i].name,
				      (double)time_of(&kernels[i], version) / (double)plain_ns);
		}
	}
}

/* What plain itself has to give, by hand. */
static void test_plain(void **state)
{
	(void)state;
	static const uint8_t upper[] = {0, 1, 255, 255, 7, 8}, lower[] = {2, 4, 255, 255, 8, 8};
	int16_t binned[3];
	pf_kernels_plain.bin_2x2(binned, upper, lower, 3);
	assert_int_equal(binned[0], 2); /* 7 / 4 */
	assert_int_equal(binned[1], 255);
	assert_int_equal(binned[2], 8); /* 31 / 4 */
	pf_chroma_row_sums chroma;
	pf_kernels_plain.sum_chroma((const uint8_t[]){0, 130}, (const uint8_t[]){128, 118}, 2, &chroma);
	assert_int_equal(chroma.cb, -126);
	assert_int_equal(chroma.cr, -10);
	assert_int_equal(chroma.cbcb, 128 * 128 + 4);
	assert_int_equal(chroma.crcr, 100);
	assert_int_equal(chroma.cbcr, -20);
	static const int16_t up[] = {1, 2, 3}, middle[] = {4, 50, 6}, down[] = {7, 8, 90};
	pf_segment_sums sums;
	pf_kernels_plain.sum_gradients(up + 1, middle + 1, down + 1, 1, &sums);
	int gx = 3 - 1 + 2 * (6 - 4) + 90 - 7, gy = 7 - 1 + 2 * (8 - 2) + 90 - 3;
	assert_int_equal(sums.laplacian, 2 + 4 + 6 + 8 - 200);
	assert_int_equal(sums.laplacian_squared, 180 * 180);
	assert_int_equal(sums.sxx, gx * gx);
	assert_int_equal(sums.syy, gy * gy);
	assert_int_equal(sums.sxy, gx * gy);
	assert_int_equal(sums.noise, 1 - 4 + 3 - 8 + 200 - 12 + 7 - 16 + 90);
	assert_int_equal(sums.brightness, 50);
}

static void test_choice(void **state)
{
	(void)state;
	assert_ptr_equal(pf_kernels_at(0), &pf_kernels_plain);
	assert_ptr_equal(pf_kernels_get(0), &pf_kernels_plain);
	for (size_t v = 0; pf_kernels_at(v); v++) {
		assert_ptr_equal(pf_kernels_get(pf_kernels_at(v)->needs), pf_kernels_at(v));
	}
	assert_int_equal(pf_kernels_best()->needs & ~pf_kernels_flags(), 0);
	pf_error error;
	const char *before = getenv("PF_CPU");
	char *kept = before ? strdup(before) : NULL;
	assert_int_equal(setenv("PF_CPU", "sse9", 1), 0);
	assert_int_equal(pf_kernels_check(&error), PF_ERR_USAGE);
	assert_string_equal(error.message, "PF_CPU is \"sse9\"; it may be plain, avx2 or avx512");
	assert_int_equal(setenv("PF_CPU", "plain", 1), 0);
	assert_int_equal(pf_kernels_check(&error), PF_OK);
	if (kept) {
		setenv("PF_CPU", kept, 1);
		free(kept);
	} else {
		unsetenv("PF_CPU");
	}
	assert_int_equal(pf_kernels_check(&error), PF_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_choice),
		cmocka_unit_test(test_versions),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
