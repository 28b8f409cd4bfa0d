#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/device/device.h"

enum { COPIES, COMPUTES, DECODES, KINDS };

/* One more, or one less, of a kind is at work from `ns` on. */
typedef struct change {
	uint64_t ns;
	int kind, by;
} change;

typedef struct changes {
	change *all;
	size_t count;
	uint64_t (*columns)[PF_DEVICE_PARTS]; /* of the timeline: how long each part took there */
	uint64_t begin_ns, wall_ns, lost_ns;  /* what came before lost_ns is not known of all workers */
} changes;

static int by_time(const void *left, const void *right)
{
	const change *a = left, *b = right;
	return a->ns != b->ns ? (a->ns < b->ns ? -1 : 1) : a->by - b->by;
}

static int kind_of(const pf_span *span, pf_device_part *part)
{
	*part = PF_DEVICE_PARTS;
	if (span->stage == PF_STAGE_DECODE) {
		return DECODES;
	}
	if (span->stage < PF_DEVICE_SPAN || span->stage - PF_DEVICE_SPAN >= PF_DEVICE_PARTS) {
		return KINDS;
	}
	*part = (pf_device_part)(span->stage - PF_DEVICE_SPAN);
	return *part == PF_DEVICE_UPLOAD || *part == PF_DEVICE_DOWNLOAD ? COPIES : COMPUTES;
}

static void draw(changes *c, pf_device_part part, uint64_t from_ns, uint64_t to_ns)
{
	double column_ns = (double)c->wall_ns / PF_DEVICE_COLUMNS;
	for (double at = (double)from_ns; at < (double)to_ns;) {
		int column = (int)(at / column_ns);
		double end = (column + 1) * column_ns;
		end = end < (double)to_ns ? end : (double)to_ns;
		if (column >= PF_DEVICE_COLUMNS || end <= at) {
			break;
		}
		c->columns[column][part] += (uint64_t)(end - at);
		at = end;
	}
}

static void add_span(changes *c, const pf_span *span)
{
	pf_device_part part;
	int kind = kind_of(span, &part);
	uint64_t from = span->begin_ns > c->begin_ns ? span->begin_ns - c->begin_ns : 0;
	uint64_t to = span->end_ns > c->begin_ns ? span->end_ns - c->begin_ns : 0;
	from = from > c->lost_ns ? from : c->lost_ns;
	to = to < c->wall_ns ? to : c->wall_ns;
	if (kind == KINDS || from >= to) {
		return;
	}
	c->all[c->count++] = (change){from, kind, 1};
	c->all[c->count++] = (change){to, kind, -1};
	if (part != PF_DEVICE_PARTS) {
		draw(c, part, from, to);
	}
}

static void sum(const changes *c, pf_device_overlap *out)
{
	int at_work[KINDS] = {0};
	uint64_t before = 0;
	for (size_t i = 0; i < c->count; i++) {
		uint64_t ns = c->all[i].ns - before;
		bool copies = at_work[COPIES] > 0, computes = at_work[COMPUTES] > 0;
		out->copy_ns += copies ? ns : 0;
		out->compute_ns += computes ? ns : 0;
		out->both_ns += copies && computes ? ns : 0;
		out->busy_ns += copies || computes ? ns : 0;
		out->with_decode_ns += (copies || computes) && at_work[DECODES] > 0 ? ns : 0;
		at_work[c->all[i].kind] += c->all[i].by;
		before = c->all[i].ns;
	}
}

static void put_timeline(const changes *c, char *out)
{
#define LETTER(constant, name, letter, text) letter,
	static const char letters[] = {PF_DEVICE_PART_LIST(LETTER)};
	for (int i = 0; i < PF_DEVICE_COLUMNS; i++) {
		uint64_t most = 0;
		out[i] = ' ';
		for (int part = 0; part < PF_DEVICE_PARTS; part++) {
			if (c->columns[i][part] > most) {
				most = c->columns[i][part];
				out[i] = letters[part];
			}
		}
	}
	out[PF_DEVICE_COLUMNS] = '\0';
}

static void add_work(pf_device_work *to, const pf_device_work *from)
{
	pf_device_work one = *from; /* whose texts may have no end */
	one.name[PF_DEVICE_NAME - 1] = one.bus[PF_DEVICE_BUS - 1] = one.why[PF_DEVICE_WHY - 1] = '\0';
	for (int part = 0; part < PF_DEVICE_PARTS; part++) {
		to->parts[part].count += one.parts[part].count;
		to->parts[part].ns += one.parts[part].ns;
		to->parts[part].bytes += one.parts[part].bytes;
	}
	to->untimed += one.untimed;
	to->photos += one.photos;
	to->fallen += one.fallen;
	if (!to->name[0]) {
		pf_plain_text(one.name, to->name, sizeof to->name);
		pf_plain_text(one.bus, to->bus, sizeof to->bus);
	}
	if (!to->why[0]) {
		pf_plain_text(one.why, to->why, sizeof to->why);
	}
}

/* The oldest span of a ring that lost others: what ended before it is gone. */
static void lose(changes *c, const pf_span *oldest)
{
	uint64_t lost = oldest->end_ns > c->begin_ns ? oldest->end_ns - c->begin_ns : 0;
	lost = lost < c->wall_ns ? lost : c->wall_ns;
	c->lost_ns = lost > c->lost_ns ? lost : c->lost_ns;
}

static bool find_overlap(pf_device_found *found, const pf_trace *traces, uint32_t workers,
			 const pf_span *rings, uint32_t capacity, changes *c)
{
	size_t spans = 0;
	uint64_t *kept = calloc(workers + 1, sizeof *kept);
	for (uint32_t i = 0; kept && i <= workers; i++) { /* counted once: who is left may go on writing */
		uint64_t ended = __atomic_load_n(&traces[i].ended, __ATOMIC_RELAXED);
		kept[i] = ended < capacity ? ended : capacity;
		spans += (size_t)kept[i];
		if (ended > capacity) {
			lose(c, &rings[(size_t)i * capacity + ended % capacity]);
		}
	}
	c->all = calloc(2 * spans + 1, sizeof *c->all);
	c->columns = calloc(PF_DEVICE_COLUMNS, sizeof *c->columns);
	if (!kept || !c->all || !c->columns) {
		free(kept);
		return false;
	}
	for (uint32_t i = 0; i <= workers; i++) {
		for (uint64_t k = 0; k < kept[i]; k++) {
			const pf_span span = rings[(size_t)i * capacity + k];
			add_span(c, &span);
		}
	}
	free(kept);
	qsort(c->all, c->count, sizeof *c->all, by_time);
	sum(c, &found->overlap);
	found->overlap.wall_ns = c->wall_ns - c->lost_ns;
	put_timeline(c, found->timeline);
	return true;
}

pf_device_found *pf_device_find(const pf_trace *traces, uint32_t workers, const pf_span *rings,
				uint32_t ring_capacity, uint64_t begin_ns, uint64_t wall_ns)
{
	pf_device_found *found = calloc(1, sizeof *found);
	changes c = {.begin_ns = begin_ns, .wall_ns = wall_ns};
	for (uint32_t i = 0; found && i <= workers; i++) {
		add_work(&found->work, &traces[i].device);
	}
	if (!found || !(found->work.name[0] || found->work.photos || found->work.why[0])) {
		free(found);
		return NULL;
	}
	found->overlap.wall_ns = wall_ns;
	bool fine = !rings || !wall_ns || find_overlap(found, traces, workers, rings, ring_capacity, &c);
	free(c.all);
	free(c.columns);
	if (!fine) {
		free(found);
		return NULL;
	}
	return found;
}
