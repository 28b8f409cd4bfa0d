/* Two photos side by side: the coefficients of their batches come by lanes (kernels/entropy.h), all else is
 * each one's own. */
#include <stdlib.h>
#include <string.h>

#include "core/photo/baseline_parts.h"

enum { BLOCKS_MOST = PF_BASELINE_BATCH_MCUS * PF_MCU_BLOCKS_MAX };

/* One photo of the two. */
typedef struct runner {
	pf_baseline *baseline;
	bool runs; /* by its lane */
	bool done; /* well */
	pf_lane lane;
	pf_lane_block blocks[BLOCKS_MOST + 1];
	int16_t spare[64 + 1]; /* of the last block, which is none */
	uint32_t stops;        /* the block whose next table stops the lane */
} runner;

struct pf_baseline_pair {
	pf_lane_tables tables;
	runner runners[2];
};

pf_status pf_baseline_pair_create(pf_baseline_pair **out, pf_error *error)
{
	*out = aligned_alloc(64, (sizeof **out + 63) / 64 * 64);
	if (!*out) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a decoder");
	}
	memset(*out, 0, sizeof **out);
	return PF_OK;
}

void pf_baseline_pair_destroy(pf_baseline_pair *pair)
{
	free(pair);
}

static bool same_tables(const pf_baseline *a, uint32_t i, const pf_baseline *b, uint32_t k)
{
	const pf_dc_table *dc = a->entropy.component[i].dc, *other_dc = b->entropy.component[k].dc;
	const pf_ac_table *ac = a->entropy.component[i].ac, *other_ac = b->entropy.component[k].ac;
	return (dc == other_dc || memcmp(dc, other_dc, sizeof *dc) == 0) &&
	       (ac == other_ac || memcmp(ac, other_ac, sizeof *ac) == 0);
}

/* Which of the two sets a component has. */
static uint32_t set_of(uint32_t component)
{
	return component > 0;
}

/* Both photos have the same tables, the chroma components share theirs, and there is a loop for it. */
static bool can_pair(const pf_baseline *a, const pf_baseline *b)
{
	const uint32_t components = a->head->components;
	bool same = a->kernels->decode_pair && a->kernels == b->kernels && b->head->components == components;
	for (uint32_t i = 0; i < components && same; i++) {
		same = same_tables(a, i, b, i) && (i < 2 || same_tables(a, 1, a, i));
	}
	return same;
}

static void make_tables(pf_lane_tables *tables, const pf_baseline *b)
{
	for (uint32_t i = 0; i < b->head->components && i < PF_LANE_SETS; i++) {
		pf_lane_ac_make(b->entropy.component[i].ac, tables->entries[PF_LANE_AC + i]);
		pf_lane_dc_make(b->entropy.component[i].dc, tables->entries[PF_LANE_DC + i]);
	}
}

/* The blocks of a whole batch, in the order of the data. */
static void list_blocks(const pf_lane_tables *tables, runner *r)
{
	const pf_entropy *e = &r->baseline->entropy;
	const uint32_t blocks = e->blocks;
	for (uint32_t m = 0; m < PF_BASELINE_BATCH_MCUS; m++) {
		for (uint32_t i = 0; i < blocks; i++) {
			const pf_mcu_block *block = &e->block[i];
			uint32_t next = e->block[(i + 1) % blocks].component;
			r->blocks[m * blocks + i] = (pf_lane_block){
				.coefficients = block->coefficients + 64 * (size_t)m * block->step,
				.ac = tables->entries[PF_LANE_AC + set_of(block->component)],
				.next = tables->entries[PF_LANE_DC + set_of(next)],
				.end = block->component << 8,
			};
		}
	}
	r->blocks[PF_BASELINE_BATCH_MCUS * blocks] = (pf_lane_block){
		.coefficients = r->spare,
		.ac = tables->entries[PF_LANE_STOP],
		.next = tables->entries[PF_LANE_STOP],
	};
	r->stops = PF_BASELINE_BATCH_MCUS * blocks - 1;
}

/* The lane stands before the first block of the batch that was opened. */
static void begin_batch(const pf_lane_tables *tables, runner *r)
{
	const pf_baseline *b = r->baseline;
	uint32_t blocks = b->entropy.blocks, count = b->count * blocks;
	if (r->stops != count - 1) {
		r->blocks[r->stops].next = tables->entries[PF_LANE_DC];
		r->stops = count - 1;
	}
	r->blocks[r->stops].next = tables->entries[PF_LANE_STOP];
	r->lane.block = r->blocks;
	r->lane.last = r->blocks + count;
	r->lane.table = tables->entries[PF_LANE_DC];
	r->lane.place = pf_lane_places + PF_LANE_START;
	r->lane.limit = b->entropy.limit;
	r->lane.state = PF_LANE_GOES;
}

static void begin_lane(const pf_lane_tables *tables, runner *r)
{
	const pf_entropy *e = &r->baseline->entropy;
	list_blocks(tables, r);
	for (uint32_t i = 0; i < r->baseline->head->components; i++) {
		r->lane.component[i].dc = e->component[i].dc;
		r->lane.component[i].ac = e->component[i].ac;
		r->lane.component[i].steps = e->component[i].steps;
	}
	pf_lane_seek(&r->lane, e->at, 0); /* nothing is read ahead at the beginning */
}

/* The window goes on from where the lane is. */
static bool refill(runner *r)
{
	uint32_t skip;
	pf_baseline *b = r->baseline;
	b->entropy.at = pf_lane_tell(&r->lane, &skip);
	if (b->last || !pf_baseline_fill(b)) {
		return false;
	}
	pf_lane_seek(&r->lane, b->entropy.at, skip);
	r->lane.limit = b->entropy.limit;
	r->lane.state = PF_LANE_GOES;
	return true;
}

/* What the lane has left to others: where blocks end, and sums of DC differences. */
static bool collect(const runner *r)
{
	pf_entropy *e = &r->baseline->entropy;
	bool good = true;
	for (uint32_t m = 0; m < r->baseline->count; m++) {
		for (uint32_t i = 0; i < e->blocks; i++) {
			const pf_mcu_block *block = &e->block[i];
			const pf_lane_block *from = &r->blocks[m * e->blocks + i];
			int32_t *predicted = &e->component[block->component].predicted;
			int32_t most = e->component[block->component].dc_most;
			uint32_t end = from->end & 255;
			*predicted += from->coefficients[0];
			good = good && *predicted <= most && *predicted >= -most;
			from->coefficients[0] = (int16_t)*predicted;
			block->ends[(size_t)m * block->step] =
				(uint8_t)(end ? end + 256 - PF_LANE_START - PF_LANE_END : 64);
		}
	}
	return good;
}

/* The bit reader of a single scan goes on where the lane is. */
static void hand_back(runner *r)
{
	pf_entropy *e = &r->baseline->entropy;
	uint32_t skip;
	const uint8_t *at = pf_lane_tell(&r->lane, &skip);
	e->at = at + (skip > 0);
	e->count = (8 - skip) & 7;
	e->bits = skip ? (uint64_t)*at << (56 + skip) : 0;
}

static bool end_batch(runner *r, bool *over)
{
	if (!collect(r)) {
		return false;
	}
	hand_back(r);
	return pf_baseline_close_batch(r->baseline, over);
}

/* Whatever stopped the lane; false once it runs no more. */
static bool go_on(const pf_lane_tables *tables, runner *r)
{
	bool good = true;
	if (r->lane.state == PF_LANE_DONE) {
		good = end_batch(r, &r->done);
		if (good && !r->done) {
			good = pf_baseline_open_batch(r->baseline);
			begin_batch(tables, r);
		}
	} else if (r->lane.state == PF_LANE_EMPTY) {
		good = refill(r);
	} else if (r->lane.state == PF_LANE_ODD) {
		good = false;
	}
	r->runs = good && !r->done;
	if (!good) {
		pf_baseline_give_up(r->baseline);
	}
	return r->runs;
}

/* The other one has ended: this one's batch code by code, what follows as a single scan. */
static void finish(const pf_lane_tables *tables, runner *r)
{
	while (r->runs && r->lane.state != PF_LANE_DONE) {
		pf_lane_take(&r->lane);
		if (r->lane.state != PF_LANE_GOES && r->lane.state != PF_LANE_DONE) {
			go_on(tables, r);
		}
	}
	if (r->runs) {
		r->runs = end_batch(r, &r->done) && !r->done;
		if (!r->done && !r->runs) {
			pf_baseline_give_up(r->baseline);
		}
	}
	if (r->runs) {
		r->done = pf_baseline_finish(r->baseline);
	}
}

static void run_both(pf_baseline_pair *pair)
{
	runner *a = &pair->runners[0], *b = &pair->runners[1];
	make_tables(&pair->tables, a->baseline);
	for (unsigned i = 0; i < 2; i++) {
		runner *r = &pair->runners[i];
		begin_lane(&pair->tables, r);
		r->runs = pf_baseline_open_batch(r->baseline);
		begin_batch(&pair->tables, r);
	}
	bool both = a->runs && b->runs;
	while (both) {
		a->baseline->kernels->decode_pair(&a->lane, &b->lane);
		bool first = go_on(&pair->tables, a), second = go_on(&pair->tables, b);
		both = first && second;
	}
	finish(&pair->tables, a);
	finish(&pair->tables, b);
}

void pf_baseline_pair_rows(pf_baseline_pair *pair, pf_baseline_job jobs[2])
{
	bool begun[2];
	for (unsigned i = 0; i < 2; i++) {
		pf_baseline_job *job = &jobs[i];
		pair->runners[i].baseline = job->baseline;
		pair->runners[i].runs = pair->runners[i].done = false;
		begun[i] = pf_baseline_begin(job->baseline, job->source, job->head, job->fn, job->context);
	}
	if (begun[0] && begun[1] && can_pair(jobs[0].baseline, jobs[1].baseline)) {
		run_both(pair);
	} else {
		for (unsigned i = 0; i < 2; i++) {
			pair->runners[i].done = begun[i] && pf_baseline_finish(jobs[i].baseline);
		}
	}
	for (unsigned i = 0; i < 2; i++) {
		jobs[i].done = pair->runners[i].done;
	}
}
