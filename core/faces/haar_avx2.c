/* The inner loops of the search for processors with AVX2: 16 neighbouring windows at a time through the first
 * stages, then what is left of them, 16 from anywhere, each copied beside the others. */
#include "core/faces/haar_level.h"

#if defined(__x86_64__)
#include <immintrin.h>

#include "core/kernels/kernels.h"

#define AVX2_INLINE static inline __attribute__((target("avx2"), always_inline))

enum {
	LANES = 16,
	QUEUES = 2, /* windows that wait for stage 4, and for stage 7 */
	PATCH_SAMPLES = (PF_HAAR_WINDOW_MOST_PX + 1) * (PF_HAAR_WINDOW_MOST_PX + 1),
};

/* The first stages are done where windows lie, the next two groups in patches, what is left one by one. */
static const uint32_t group_begin[QUEUES + 1] = {4, 7, 10};

typedef struct waiting {
	uint32_t at; /* sample */
	uint32_t x, y;
	float factor;
} waiting;

typedef struct queue {
	waiting entries[2 * LANES];
	uint32_t count;
} queue;

typedef struct memory {
	uint16_t patch[PATCH_SAMPLES * LANES];
	queue queues[QUEUES];
} memory;

/* What a search of one level hands down. */
typedef struct run {
	const pf_haar_cascade *cascade;
	const pf_haar_norm *norm;
	const pf_haar_level *level;
	memory *own;
	pf_haar_hits *hits;
} run;

/* 32-bit values of 16 windows: 0 to 3 and 8 to 11 in `low`, the others in `high`, as unpacking leaves them.
 */
typedef struct wide {
	__m256i low, high;
} wide;
typedef struct factors {
	__m256 low, high;
} factors;

AVX2_INLINE __m256i load(const uint16_t *at)
{
	return _mm256_loadu_si256((const __m256i *)(const void *)at);
}

/* Sums over a rectangle, modulo 2^16. `lanes`: samples from one sample of a window to the next. */
AVX2_INLINE __m256i sum_16(const pf_haar_piece *piece, const uint16_t *sums, int lanes)
{
	const int32_t *at = piece->corners;
	__m256i a = load(sums + (ptrdiff_t)at[0] * lanes), b = load(sums + (ptrdiff_t)at[1] * lanes),
		c = load(sums + (ptrdiff_t)at[2] * lanes), d = load(sums + (ptrdiff_t)at[3] * lanes);
	return _mm256_add_epi16(_mm256_sub_epi16(a, b), _mm256_sub_epi16(d, c));
}

AVX2_INLINE void add_pair(wide *value, __m256i first, __m256i second, int32_t first_weight,
			  int32_t second_weight)
{
	__m256i weights = _mm256_set1_epi32((int32_t)((uint32_t)first_weight & 0xffff) |
					    (int32_t)((uint32_t)second_weight << 16));
	value->low = _mm256_add_epi32(value->low,
				      _mm256_madd_epi16(_mm256_unpacklo_epi16(first, second), weights));
	value->high = _mm256_add_epi32(value->high,
				       _mm256_madd_epi16(_mm256_unpackhi_epi16(first, second), weights));
}

/* Sums above 32,767 are taken as signed after 32,768 was subtracted, which is given back at the end. */
AVX2_INLINE wide value_of(const pf_haar_piece *piece, uint32_t count, bool small, const uint16_t *sums,
			  int lanes)
{
	const __m256i half = _mm256_set1_epi16(INT16_MIN);
	wide value = {_mm256_setzero_si256(), _mm256_setzero_si256()};
	int32_t weights = 0;
	uint32_t i = 0;
	for (; i + 2 <= count; i += 2) {
		__m256i first = sum_16(&piece[i], sums, lanes), second = sum_16(&piece[i + 1], sums, lanes);
		if (!small) {
			first = _mm256_xor_si256(first, half);
			second = _mm256_xor_si256(second, half);
			weights += piece[i].weight + piece[i + 1].weight;
		}
		add_pair(&value, first, second, piece[i].weight, piece[i + 1].weight);
	}
	if (i < count) {
		__m256i last = sum_16(&piece[i], sums, lanes);
		if (!small) {
			last = _mm256_xor_si256(last, half);
			weights += piece[i].weight;
		}
		add_pair(&value, last, _mm256_setzero_si256(), piece[i].weight, 0);
	}
	if (!small) {
		__m256i back = _mm256_set1_epi32(weights * 32768);
		value.low = _mm256_add_epi32(value.low, back);
		value.high = _mm256_add_epi32(value.high, back);
	}
	return value;
}

AVX2_INLINE __m256i decide(__m256i value, __m256 factor, __m256 threshold, __m256i leaf)
{
	__m256 product = _mm256_mul_ps(_mm256_cvtepi32_ps(value), factor);
	return _mm256_and_si256(_mm256_castps_si256(_mm256_cmp_ps(product, threshold, _CMP_LT_OQ)), leaf);
}

/* A bit for each window, from masks of 32 bits. */
AVX2_INLINE uint32_t bits_of(__m256i low, __m256i high)
{
	__m256i words = _mm256_packs_epi32(low, high);
	__m128i bytes = _mm_packs_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
	return (uint32_t)_mm_movemask_epi8(bytes);
}

/* What one stage says of 16 windows: those that surely pass, and those that the exact sum has to decide. */
typedef struct verdict {
	uint32_t passed, unsure;
} verdict;

AVX2_INLINE verdict judge(const pf_haar_cascade *cascade, uint32_t stage, const pf_haar_program *program,
			  const uint16_t *sums, factors factor, int lanes)
{
	const pf_haar_stage *now = &cascade->stages[stage];
	wide sum = {_mm256_setzero_si256(), _mm256_setzero_si256()};
	for (uint32_t i = now->first; i < now->first + now->count; i++) {
		const pf_haar_stump *stump = &cascade->stumps[i];
		const pf_haar_piece *piece = &program->pieces[program->first[i]];
		uint32_t count = program->first[i + 1] - program->first[i];
		wide value = count == 2 && stump->small   ? value_of(piece, 2, true, sums, lanes)
			     : count == 3 && stump->small ? value_of(piece, 3, true, sums, lanes)
							  : value_of(piece, count, false, sums, lanes);
		__m256 threshold = _mm256_set1_ps(stump->threshold);
		__m256i leaf = _mm256_set1_epi32(stump->left_less_right);
		sum.low = _mm256_add_epi32(sum.low, decide(value.low, factor.low, threshold, leaf));
		sum.high = _mm256_add_epi32(sum.high, decide(value.high, factor.high, threshold, leaf));
	}
	__m256i above = _mm256_set1_epi32(now->surely_above - 1),
		below = _mm256_set1_epi32(now->surely_below - 1);
	verdict found = {
		.passed = bits_of(_mm256_cmpgt_epi32(sum.low, above), _mm256_cmpgt_epi32(sum.high, above)),
		.unsure = bits_of(_mm256_cmpgt_epi32(sum.low, below), _mm256_cmpgt_epi32(sum.high, below))};
	found.unsure &= ~found.passed;
	return found;
}

/* Of four windows; `sum` and `square` are exact. */
AVX2_INLINE __m128 factor_of(__m128i sums, __m128i squares, double area_px)
{
	__m256d area = _mm256_set1_pd(area_px), sum = _mm256_cvtepi32_pd(sums),
		square = _mm256_cvtepi32_pd(squares);
	__m256d spread = _mm256_sub_pd(_mm256_mul_pd(area, square), _mm256_mul_pd(sum, sum));
	__m128 factor = _mm256_cvtpd_ps(_mm256_div_pd(_mm256_set1_pd(1.0), _mm256_sqrt_pd(spread)));
	__m256d product = _mm256_mul_pd(area, _mm256_cvtps_pd(factor));
	__m256d seen = _mm256_and_pd(_mm256_cmp_pd(spread, _mm256_setzero_pd(), _CMP_GT_OQ),
				     _mm256_cmp_pd(product, _mm256_set1_pd(1e-1), _CMP_LT_OQ));
	__m128 mask = _mm_castsi128_ps(_mm256_castsi256_si128(_mm256_permutevar8x32_epi32(
		_mm256_castpd_si256(seen), _mm256_setr_epi32(0, 2, 4, 6, 0, 2, 4, 6))));
	return _mm_and_ps(factor, mask);
}

AVX2_INLINE __m256i squares_8(const pf_haar_piece *whole, const uint32_t *squares)
{
	const int32_t *at = whole->corners;
	__m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(squares + at[0])),
		b = _mm256_loadu_si256((const __m256i *)(const void *)(squares + at[1])),
		c = _mm256_loadu_si256((const __m256i *)(const void *)(squares + at[2])),
		d = _mm256_loadu_si256((const __m256i *)(const void *)(squares + at[3]));
	return _mm256_add_epi32(_mm256_sub_epi32(a, b), _mm256_sub_epi32(d, c));
}

/* 0 for windows with next to no contrast. */
AVX2_INLINE factors factors_of(const pf_haar_norm *norm, const uint16_t *sums, const uint32_t *squares)
{
	const __m256i none = _mm256_setzero_si256();
	wide sum = {none, none};
	for (uint32_t i = 0; i < norm->count; i++) {
		__m256i part = sum_16(&norm->pieces[i], sums, 1);
		sum.low = _mm256_add_epi32(sum.low, _mm256_unpacklo_epi16(part, none));
		sum.high = _mm256_add_epi32(sum.high, _mm256_unpackhi_epi16(part, none));
	}
	__m256i first = squares_8(&norm->whole, squares), second = squares_8(&norm->whole, squares + 8);
	double area = norm->area_px;
	return (factors){
		_mm256_set_m128(
			factor_of(_mm256_extracti128_si256(sum.low, 1), _mm256_castsi256_si128(second), area),
			factor_of(_mm256_castsi256_si128(sum.low), _mm256_castsi256_si128(first), area)),
		_mm256_set_m128(factor_of(_mm256_extracti128_si256(sum.high, 1),
					  _mm256_extracti128_si256(second, 1), area),
				factor_of(_mm256_castsi256_si128(sum.high),
					  _mm256_extracti128_si256(first, 1), area))};
}

AVX2_INLINE void store_factors(factors factor, float out[LANES])
{
	_mm_store_ps(out, _mm256_castps256_ps128(factor.low));
	_mm_store_ps(out + 8, _mm256_extractf128_ps(factor.low, 1));
	_mm_store_ps(out + 4, _mm256_castps256_ps128(factor.high));
	_mm_store_ps(out + 12, _mm256_extractf128_ps(factor.high, 1));
}

AVX2_INLINE factors load_factors(const float in[LANES])
{
	return (factors){_mm256_set_m128(_mm_load_ps(in + 8), _mm_load_ps(in)),
			 _mm256_set_m128(_mm_load_ps(in + 12), _mm_load_ps(in + 4))};
}

/* The exact sum decides for windows that are unsure: the bits of those that pass. */
static uint32_t settle(const run *r, uint32_t stage, uint32_t unsure, const uint32_t at[LANES],
		       const float factor[LANES])
{
	uint32_t passed = 0;
	for (; unsure; unsure &= unsure - 1) {
		uint32_t i = (uint32_t)__builtin_ctz(unsure);
		bool passes = pf_haar_passes(r->cascade, stage, r->level->program, r->level->sums + at[i],
					     factor[i]);
		passed |= (uint32_t)passes << i;
	}
	return passed;
}

/* Samples of 8 columns of 16 windows, each lane of 128 bits by itself. */
AVX2_INLINE void transpose(__m256i rows[8])
{
	__m256i turned[8];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 4; i++) {
			turned[2 * i] = _mm256_unpacklo_epi16(rows[i], rows[i + 4]);
			turned[2 * i + 1] = _mm256_unpackhi_epi16(rows[i], rows[i + 4]);
		}
		for (int i = 0; i < 8; i++) {
			rows[i] = turned[i];
		}
	}
}

/* 8 neighbouring samples of each window at `offset` become columns `column`, `column` + `step`, ... of the
 * patch's row that begins at `out`. */
AVX2_INLINE void copy_8(const uint16_t *sums, const uint32_t at[LANES], size_t offset, uint16_t *out,
			uint32_t column, uint32_t step, uint32_t columns)
{
	__m256i rows[8];
	for (int i = 0; i < 8; i++) {
		const __m128i *first = (const __m128i *)(const void *)(sums + at[i] + offset);
		const __m128i *second = (const __m128i *)(const void *)(sums + at[i + 8] + offset);
		rows[i] = _mm256_set_m128i(_mm_loadu_si128(second), _mm_loadu_si128(first));
	}
	transpose(rows);
	for (uint32_t i = 0; i < 8 && column < columns; i++, column += step) {
		_mm256_store_si256((__m256i *)(void *)(out + (size_t)column * LANES), rows[i]);
	}
}

/* Copies the integral image of 16 windows, so that a sample of all of them is one vector. */
__attribute__((target("avx2"))) static void make_patch(const run *r, const uint32_t at[LANES])
{
	const pf_haar_layout *layout = r->level->layout;
	const uint16_t *sums = r->level->sums;
	uint32_t columns = r->cascade->window_width_px + 1, rows = r->cascade->window_height_px + 1;
	for (uint32_t y = 0; y < rows; y++) {
		uint16_t *out = r->own->patch + (size_t)y * columns * LANES;
		size_t row = (size_t)y * layout->stride;
		for (uint32_t x = 0; x < columns && layout->step == 1; x += 8) {
			copy_8(sums, at, row + x, out, x, 1, columns);
		}
		for (uint32_t x = 0; x < columns && layout->step == 2; x += 16) {
			copy_8(sums, at, row + x / 2, out, x, 2, columns);
			copy_8(sums, at, row + layout->plane + x / 2, out, x + 1, 2, columns);
		}
	}
}

static void go_on(const run *r, const waiting *window, uint32_t stage);

/* The first 16 windows of a queue, or what is left of it, through a group of stages. */
__attribute__((target("avx2"))) static void work_off(const run *r, uint32_t number)
{
	queue *from = &r->own->queues[number];
	waiting windows[LANES];
	uint32_t at[LANES], count = from->count < LANES ? from->count : LANES, alive = (1u << count) - 1,
			    stage = group_begin[number];
	_Alignas(32) float factor[LANES];
	for (uint32_t i = 0; i < LANES; i++) {
		windows[i] = from->entries[i < count ? i : 0];
		at[i] = windows[i].at;
		factor[i] = windows[i].factor;
	}
	from->count = 0;
	make_patch(r, at);
	factors all = load_factors(factor);
	for (; stage < group_begin[number + 1] && stage < r->cascade->stage_count && alive; stage++) {
		verdict found = judge(r->cascade, stage, r->level->patch_program, r->own->patch, all, LANES);
		found.passed |= settle(r, stage, found.unsure & alive, at, factor);
		alive &= found.passed;
	}
	for (; alive; alive &= alive - 1) {
		go_on(r, &windows[__builtin_ctz(alive)], stage);
	}
}

/* A window that passed all stages before `stage` waits for others, or is finished alone. */
static void go_on(const run *r, const waiting *window, uint32_t stage)
{
	for (uint32_t i = 0; i < QUEUES && stage < r->cascade->stage_count; i++) {
		if (stage == group_begin[i]) {
			queue *to = &r->own->queues[i];
			to->entries[to->count++] = *window;
			if (to->count == LANES) {
				work_off(r, i);
			}
			return;
		}
	}
	while (stage < r->cascade->stage_count) {
		if (!pf_haar_passes(r->cascade, stage, r->level->program, r->level->sums + window->at,
				    window->factor)) {
			return;
		}
		stage++;
	}
	pf_haar_hit_add(r->hits, window->x, window->y);
}

/* After a window that the first stage rejects the next one is not looked at. `skip`: whether that is the
 * first of these 16; becomes so for the next 16. */
static uint32_t looked_at(uint32_t rejected, uint32_t *skip)
{
	uint32_t seen = 0, i = *skip;
	while (i < LANES) {
		seen |= 1u << i;
		i += 1 + (rejected >> i & 1);
	}
	*skip = i - LANES;
	return seen;
}

/* 16 neighbouring windows from window `i` of row y on. */
AVX2_INLINE void search_16(const run *r, uint32_t y, uint32_t i, uint32_t *skip)
{
	const pf_haar_level *level = r->level;
	uint32_t first = y * level->layout->stride + i, at[LANES], left = level->columns - i;
	const uint16_t *sums = level->sums + first;
	factors factor = factors_of(r->norm, sums, level->squares + first);
	const __m256i none = _mm256_setzero_si256();
	uint32_t flat = bits_of(_mm256_cmpeq_epi32(_mm256_castps_si256(factor.low), none),
				_mm256_cmpeq_epi32(_mm256_castps_si256(factor.high), none));
	uint32_t alive = ~flat & (left < LANES ? (1u << left) - 1 : 0xffff), stage = 0;
	_Alignas(32) float factor_at[LANES];
	if (!alive) {
		*skip = 0;
		return;
	}
	store_factors(factor, factor_at);
	for (uint32_t lane = 0; lane < LANES; lane++) {
		at[lane] = first + lane;
	}
	for (; alive && stage < group_begin[0] && stage < r->cascade->stage_count; stage++) {
		verdict found = judge(r->cascade, stage, level->program, sums, factor, 1);
		found.passed |= settle(r, stage, found.unsure & alive, at, factor_at);
		alive &= stage > 0 ? found.passed : found.passed & looked_at(alive & ~found.passed, skip);
	}
	for (; alive; alive &= alive - 1) {
		uint32_t lane = (uint32_t)__builtin_ctz(alive);
		const waiting window = {
			.at = at[lane], .x = (i + lane) * level->step, .y = y, .factor = factor_at[lane]};
		go_on(r, &window, stage);
	}
}

__attribute__((target("avx2"))) static void search(const pf_haar_cascade *cascade, const pf_haar_norm *norm,
						   const pf_haar_level *level, void *own, pf_haar_hits *hits)
{
	const run r = {.cascade = cascade, .norm = norm, .level = level, .own = own, .hits = hits};
	for (uint32_t y = 0; y < level->y_limit; y += level->step) {
		uint32_t skip = 0;
		for (uint32_t i = 0; i < level->columns; i += LANES) {
			search_16(&r, y, i, &skip);
		}
	}
	for (uint32_t i = 0; i < QUEUES; i++) {
		if (r.own->queues[i].count) {
			work_off(&r, i);
		}
	}
}

/* Pairs of 16-bit values: each multiplied by its weight, as signed values after 32,768 was subtracted, which
 * the sum 256 of both weights gives back. */
__attribute__((target("avx2"))) static void shrink_row(const pf_haar_shrink *s, uint8_t *out)
{
	const __m256i upper_weight = _mm256_set1_epi16((int16_t)s->upper_weight),
		      lower_weight = _mm256_set1_epi16((int16_t)s->lower_weight);
	uint32_t x = 0;
	for (; x + 16 <= s->source_width_px; x += 16) {
		__m256i upper = _mm256_cvtepu8_epi16(
				_mm_loadu_si128((const __m128i *)(const void *)(s->upper + x))),
			lower = _mm256_cvtepu8_epi16(
				_mm_loadu_si128((const __m128i *)(const void *)(s->lower + x)));
		_mm256_storeu_si256((__m256i *)(void *)(s->mixed + x),
				    _mm256_add_epi16(_mm256_mullo_epi16(upper, upper_weight),
						     _mm256_mullo_epi16(lower, lower_weight)));
	}
	for (; x < s->source_width_px; x++) {
		s->mixed[x] = (uint16_t)(s->upper[x] * s->upper_weight + s->lower[x] * s->lower_weight);
	}
	s->mixed[s->source_width_px] = 0; /* read with weight 0 */
	const __m256i sign = _mm256_set1_epi16(INT16_MIN),
		      back = _mm256_set1_epi32((32768 * 256) + (1 << 15));
	for (x = 0; x < s->width_px; x += 8) { /* tables and outputs have room for 7 more */
		__m256i at = _mm256_loadu_si256((const __m256i *)(const void *)(s->offsets + x));
		__m256i pairs = _mm256_i32gather_epi32((const int *)(const void *)s->mixed, at, 2);
		__m256i weights = _mm256_loadu_si256((const __m256i *)(const void *)(s->weights + 2 * x));
		__m256i sum = _mm256_madd_epi16(_mm256_xor_si256(pairs, sign), weights);
		sum = _mm256_srli_epi32(_mm256_add_epi32(sum, back), 16);
		__m256i words = _mm256_packus_epi32(sum, sum), bytes = _mm256_packus_epi16(words, words);
		uint32_t first = (uint32_t)_mm_cvtsi128_si32(_mm256_castsi256_si128(bytes)),
			 second = (uint32_t)_mm_cvtsi128_si32(_mm256_extracti128_si256(bytes, 1));
		uint64_t both = first | (uint64_t)second << 32;
		__builtin_memcpy(out + x, &both, sizeof both);
	}
}

/* Sums of all values up to each one. */
AVX2_INLINE __m256i running_16(__m256i v)
{
	v = _mm256_add_epi16(v, _mm256_slli_si256(v, 2));
	v = _mm256_add_epi16(v, _mm256_slli_si256(v, 4));
	v = _mm256_add_epi16(v, _mm256_slli_si256(v, 8));
	__m256i last = _mm256_shuffle_epi8(_mm256_permute2x128_si256(v, v, 0x08), _mm256_set1_epi16(0x0f0e));
	return _mm256_add_epi16(v, last);
}

AVX2_INLINE __m256i running_8(__m256i v)
{
	v = _mm256_add_epi32(v, _mm256_slli_si256(v, 4));
	v = _mm256_add_epi32(v, _mm256_slli_si256(v, 8));
	__m256i last = _mm256_shuffle_epi32(_mm256_permute2x128_si256(v, v, 0x08), 0xff);
	return _mm256_add_epi32(v, last);
}

/* Adds what the row above has at the same place. */
AVX2_INLINE void put_row_16(uint16_t *at, uint32_t stride, __m256i v)
{
	_mm256_storeu_si256((__m256i *)(void *)at, _mm256_add_epi16(v, load(at - stride)));
}

AVX2_INLINE void put_half_16(uint16_t *at, uint32_t stride, __m128i v)
{
	__m128i above = _mm_loadu_si128((const __m128i *)(const void *)(at - stride));
	_mm_storeu_si128((__m128i *)(void *)at, _mm_add_epi16(v, above));
}

AVX2_INLINE void put_row_8(uint32_t *at, uint32_t stride, __m256i v)
{
	__m256i above = _mm256_loadu_si256((const __m256i *)(const void *)(at - stride));
	_mm256_storeu_si256((__m256i *)(void *)at, _mm256_add_epi32(v, above));
}

AVX2_INLINE void put_half_8(uint32_t *at, uint32_t stride, __m128i v)
{
	__m128i above = _mm_loadu_si128((const __m128i *)(const void *)(at - stride));
	_mm_storeu_si128((__m128i *)(void *)at, _mm_add_epi32(v, above));
}

/* Samples x + 1 .. x + 16; the first is in an odd column. */
AVX2_INLINE void put_sums(const pf_haar_layout *layout, uint16_t *sums, uint32_t x, __m256i v)
{
	if (layout->step == 1) {
		put_row_16(sums + x + 1, layout->stride, v);
		return;
	}
	const __m256i apart = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15, 0, 1, 4,
					       5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
	v = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(v, apart), 0xd8);
	put_half_16(sums + layout->plane + x / 2, layout->stride, _mm256_castsi256_si128(v));
	put_half_16(sums + x / 2 + 1, layout->stride, _mm256_extracti128_si256(v, 1));
}

AVX2_INLINE void put_squares(const pf_haar_layout *layout, uint32_t *squares, uint32_t x, __m256i v)
{
	if (layout->step == 1) {
		put_row_8(squares + x + 1, layout->stride, v);
		return;
	}
	v = _mm256_permutevar8x32_epi32(v, _mm256_setr_epi32(0, 2, 4, 6, 1, 3, 5, 7));
	put_half_8(squares + layout->plane + x / 2, layout->stride, _mm256_castsi256_si128(v));
	put_half_8(squares + x / 2 + 1, layout->stride, _mm256_extracti128_si256(v, 1));
}

/* Rows have room for 15 samples more, in both planes. */
__attribute__((target("avx2"))) static void integrate_row(const uint8_t *row, uint32_t width_px,
							  const pf_haar_layout *layout, uint16_t *sums,
							  uint32_t *squares)
{
	__m256i sum = _mm256_setzero_si256(), square = sum;
	const __m256i last = _mm256_set1_epi16(0x0f0e);
	sums[0] = 0;
	squares[0] = 0;
	for (uint32_t x = 0; x < width_px; x += 16) {
		uint8_t tail[16] = {0};
		const uint8_t *from = row + x;
		if (width_px - x < 16) {
			__builtin_memcpy(tail, from, width_px - x);
			from = tail;
		}
		__m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)from);
		__m256i v = _mm256_cvtepu8_epi16(bytes);
		sum = _mm256_add_epi16(running_16(v), sum);
		put_sums(layout, sums, x, sum);
		sum = _mm256_shuffle_epi8(_mm256_permute4x64_epi64(sum, 0xee), last);
		__m256i first = _mm256_cvtepu8_epi32(bytes),
			second = _mm256_cvtepu8_epi32(_mm_srli_si128(bytes, 8));
		square = _mm256_add_epi32(running_8(_mm256_mullo_epi32(first, first)), square);
		put_squares(layout, squares, x, square);
		square = _mm256_shuffle_epi32(_mm256_permute4x64_epi64(square, 0xee), 0xff);
		square = _mm256_add_epi32(running_8(_mm256_mullo_epi32(second, second)), square);
		put_squares(layout, squares, x + 8, square);
		square = _mm256_shuffle_epi32(_mm256_permute4x64_epi64(square, 0xee), 0xff);
	}
}

const pf_haar_kernels pf_haar_avx2 = {.needs = PF_CPU_AVX2,
				      .shrink_row = shrink_row,
				      .integrate_row = integrate_row,
				      .search = search,
				      .memory_bytes = sizeof(memory)};
#endif
