#include "harness/doctor/noise_floor.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/student.h"
#include "photofinish/placement.h"
#include "photofinish/trace.h"

#define CHUNK_NS 10000              /* of compute */
#define CHUNK_WORDS ((size_t)16384) /* of memory: 128 KiB */
#define LEAST_S 0.1                 /* of a processor */
#define LEAST_BUFFER ((size_t)64 << 20)
#define MOST_BUFFER ((size_t)256 << 20)

#define PF_KERNEL_NAME(constant, name, text) name,
static const char *const names[] = {PF_KERNEL_LIST(PF_KERNEL_NAME)};
#define PF_KERNEL_TEXT(constant, name, text) text,
static const char *const texts[] = {PF_KERNEL_LIST(PF_KERNEL_TEXT)};

const char *pf_kernel_name(pf_kernel kernel)
{
	return names[kernel];
}

const char *pf_kernel_text(pf_kernel kernel)
{
	return texts[kernel];
}

/* What the kernels work on. */
struct bench {
	uint64_t *words;
	size_t word_count, at;
	uint32_t steps; /* of a compute chunk */
	volatile uint64_t sum;
	uint32_t *chunks[PF_KERNEL_COUNT];
	size_t capacity, used;
};

static void compute_chunk(struct bench *bench)
{
	uint64_t x = bench->sum | 1;
	for (uint32_t i = 0; i < bench->steps; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
	}
	bench->sum = x;
}

static void memory_chunk(struct bench *bench)
{
	const uint64_t *from = bench->words + bench->at;
	uint64_t sum = 0;
	for (size_t i = 0; i < CHUNK_WORDS; i++) {
		sum += from[i];
	}
	bench->sum += sum;
	bench->at = bench->at + 2 * CHUNK_WORDS > bench->word_count ? 0 : bench->at + CHUNK_WORDS;
}

/* Makes a compute chunk last about CHUNK_NS, by the shortest of some tries. */
static void calibrate(struct bench *bench)
{
	bench->steps = 256;
	for (;;) {
		uint64_t shortest = UINT64_MAX;
		for (int i = 0; i < 8; i++) {
			uint64_t begin = pf_now_ns();
			compute_chunk(bench);
			uint64_t ns = pf_now_ns() - begin;
			shortest = ns < shortest ? ns : shortest;
		}
		if (shortest >= CHUNK_NS || bench->steps > 1u << 24) {
			return;
		}
		bench->steps += bench->steps / 2;
	}
}

static void time_slot(struct bench *bench, pf_kernel kernel)
{
	uint32_t *chunks = bench->chunks[kernel] + bench->used;
	uint64_t before = pf_now_ns();
	for (int i = 0; i < PF_NOISE_CHUNKS; i++) {
		kernel == PF_KERNEL_COMPUTE ? compute_chunk(bench) : memory_chunk(bench);
		uint64_t now = pf_now_ns(), ns = now - before;
		chunks[i] = ns < UINT32_MAX ? (uint32_t)ns : UINT32_MAX;
		before = now;
	}
}

/* The kernels take turns, so that both see the same of what the machine does. */
static void run_slots(struct bench *bench, double seconds)
{
	uint64_t end_ns = pf_now_ns() + (uint64_t)(seconds * 1e9);
	bench->used = 0;
	time_slot(bench, PF_KERNEL_COMPUTE); /* once for caches and clock rate; overwritten */
	time_slot(bench, PF_KERNEL_MEMORY);
	while (!pf_interrupts && pf_now_ns() < end_ns && bench->used + PF_NOISE_CHUNKS <= bench->capacity) {
		time_slot(bench, PF_KERNEL_COMPUTE);
		time_slot(bench, PF_KERNEL_MEMORY);
		bench->used += PF_NOISE_CHUNKS;
	}
}

static void add_levels(const double *slots, size_t count, pf_slot_noise *out)
{
	out->level_count = 0;
	for (size_t group = 1;
	     out->level_count < PF_NOISE_LEVELS && count / (2 * group) >= PF_NOISE_LEAST_PAIRS; group *= 2) {
		size_t pairs = count / (2 * group);
		double squares = 0, total = 0;
		for (size_t i = 0; i < pairs; i++) {
			double first = 0, second = 0;
			for (size_t k = 0; k < group; k++) {
				first += slots[(2 * i) * group + k];
				second += slots[(2 * i + 1) * group + k];
			}
			double ratio = log(first / second);
			squares += ratio * ratio;
			total += first + second;
		}
		out->levels[out->level_count++] = (pf_noise_level){.length_ns = total / (double)(2 * pairs),
								   .deviation = sqrt(squares / (double)pairs),
								   .pairs = pairs};
	}
}

void pf_noise_summarise(const uint32_t *chunks, size_t count, double *scratch, pf_slot_noise *out)
{
	double total = 0, lost = 0;
	*out = (pf_slot_noise){.cpu = out->cpu, .slots = count / PF_NOISE_CHUNKS, .chunks = count};
	if (!out->slots) {
		return;
	}
	for (size_t i = 0; i < count; i++) {
		scratch[i] = chunks[i];
	}
	double usual = pf_median_reorder(scratch, count);
	for (size_t i = 0; i < count; i++) {
		double beyond = chunks[i] - usual;
		total += chunks[i];
		if (beyond > 0.5 * usual + 1000) {
			out->interruptions++;
			lost += beyond;
			out->longest_ns = beyond > out->longest_ns ? beyond : out->longest_ns;
		}
	}
	out->stolen = lost / total;
	for (size_t slot = 0; slot < out->slots; slot++) {
		scratch[slot] = 0;
		for (int i = 0; i < PF_NOISE_CHUNKS; i++) {
			scratch[slot] += chunks[slot * PF_NOISE_CHUNKS + (size_t)i];
		}
	}
	add_levels(scratch, out->slots, out);
	pf_sort(scratch, out->slots);
	out->median_ns = pf_quantile(scratch, out->slots, 0.5);
	out->low_ns = pf_quantile(scratch, out->slots, 0.05);
	out->high_ns = pf_quantile(scratch, out->slots, 0.95);
}

static size_t buffer_bytes(void)
{
	long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
	size_t bytes = cache > 0 ? 4 * (size_t)cache : LEAST_BUFFER;
	return bytes < LEAST_BUFFER ? LEAST_BUFFER : bytes > MOST_BUFFER ? MOST_BUFFER : bytes;
}

static bool open_bench(struct bench *bench, double seconds)
{
	size_t bytes = buffer_bytes();
	bench->words = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (bench->words == MAP_FAILED) {
		bench->words = NULL;
		return false;
	}
	memset(bench->words, 1, bytes); /* or all of it would be the one page of zeros */
	bench->word_count = bytes / sizeof *bench->words;
	/* A machine that is twice as fast as it was calibrated for still has room. */
	bench->capacity = ((size_t)(seconds * 1e9 / CHUNK_NS) / PF_NOISE_CHUNKS + 1) * PF_NOISE_CHUNKS;
	bool all = true;
	for (int i = 0; i < PF_KERNEL_COUNT; i++) {
		bench->chunks[i] = malloc(bench->capacity * sizeof *bench->chunks[i]);
		all = all && bench->chunks[i];
		if (bench->chunks[i]) {
			memset(bench->chunks[i], 1, bench->capacity * sizeof *bench->chunks[i]);
		}
	}
	return all;
}

static void close_bench(struct bench *bench)
{
	for (int i = 0; i < PF_KERNEL_COUNT; i++) {
		free(bench->chunks[i]);
	}
	if (bench->words) {
		munmap(bench->words, bench->word_count * sizeof *bench->words);
	}
}

/* One processor: bound, measured, summed up. */
static void measure_on(struct bench *bench, uint32_t cpu, double seconds, double *scratch, pf_slot_noise *out)
{
	cpu_set_t only;
	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	sched_setaffinity(0, sizeof only, &only); /* it was among the allowed a moment ago */
	run_slots(bench, seconds);
	for (int kernel = 0; kernel < PF_KERNEL_COUNT; kernel++) {
		out[kernel].cpu = cpu;
		pf_noise_summarise(bench->chunks[kernel], bench->used, scratch, &out[kernel]);
	}
}

pf_status pf_noise_measure(double seconds, void (*tell)(size_t done, size_t total), pf_noise_floor *out,
			   pf_error *error)
{
	struct bench bench = {0};
	cpu_set_t before;
	pf_cpus allowed = pf_cpus_allowed();
	size_t count = pf_cpus_count(&allowed);
	*out = (pf_noise_floor){0};
	if (!count || sched_getaffinity(0, sizeof before, &before)) {
		return pf_fail(
			error, PF_ERR_UNAVAILABLE, NULL,
			"the noise floor cannot be measured: this process's processors cannot be read");
	}
	double each = seconds / (double)count > LEAST_S ? seconds / (double)count : LEAST_S;
	uint64_t begin_ns = pf_now_ns();
	bool ready = open_bench(&bench, each);
	double *scratch = ready ? malloc(bench.capacity * sizeof *scratch) : NULL;
	out->noises = calloc(count * PF_KERNEL_COUNT, sizeof *out->noises);
	if (!scratch || !out->noises) {
		free(scratch);
		close_bench(&bench);
		pf_noise_release(out);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the noise floor");
	}
	calibrate(&bench);
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS && !pf_interrupts; cpu++) {
		if (pf_cpus_has(&allowed, cpu)) {
			if (tell) {
				tell(out->processors, count);
			}
			measure_on(&bench, cpu, each, scratch,
				   out->noises + out->processors * PF_KERNEL_COUNT);
			out->processors += bench.used > 0;
		}
	}
	sched_setaffinity(0, sizeof before, &before);
	out->buffer_bytes = (double)(bench.word_count * sizeof *bench.words);
	out->seconds = (double)(pf_now_ns() - begin_ns) * 1e-9;
	out->complete = out->processors == count && !pf_interrupts;
	free(scratch);
	close_bench(&bench);
	if (!out->processors) {
		pf_noise_release(out);
		return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	}
	return PF_OK;
}

void pf_noise_release(pf_noise_floor *floor)
{
	free(floor->noises);
	*floor = (pf_noise_floor){0};
}

const pf_noise_level *pf_noise_longest(const pf_slot_noise *noise)
{
	return noise->level_count ? &noise->levels[noise->level_count - 1] : NULL;
}

const pf_slot_noise *pf_noise_worst(const pf_noise_floor *floor, pf_kernel kernel)
{
	const pf_slot_noise *worst = NULL;
	for (size_t i = 0; i < floor->processors; i++) {
		const pf_slot_noise *noise = &floor->noises[i * PF_KERNEL_COUNT + (size_t)kernel];
		const pf_noise_level *level = pf_noise_longest(noise);
		if (level && (!worst || level->deviation > pf_noise_longest(worst)->deviation)) {
			worst = noise;
		}
	}
	return worst;
}

double pf_noise_margin(double deviation, size_t n, double alpha)
{
	double free = (double)n - 1, t = pf_student_quantile(1 - alpha / 2, free);
	/* Chi-squared's 95 % point by Wilson and Hilferty (1931): what the samples' own deviation may reach.
	 */
	double root = 1 - 2 / (9 * free) + 1.645 * sqrt(2 / (9 * free));
	double most = sqrt(root * root * root);
	return expm1((t * most + 1.96) * deviation / sqrt((double)n));
}
