/* The spans of many traces as one tree: their paths merged, and a table of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/span_report.h"

enum { NO_ROW = -1, MARGIN = 2 };

/* A row before it has its place in the tree. */
typedef struct node {
	pf_span_row row;
	int outer; /* index of a node, NO_ROW for what none encloses */
} node;

typedef struct merge {
	node *nodes;
	size_t count;
} merge;

static const char *engine_name(const void *context, pf_stage stage)
{
	(void)context;
	return pf_stage_name(stage);
}

static pf_wait_kind engine_wait(const void *context, pf_stage stage)
{
	(void)context;
	switch (pf_stage_whole(stage)) {
	case PF_STAGE_WAIT:
		return PF_WAIT_QUEUE;
	case PF_STAGE_READ:
	case PF_STAGE_DETECT:
	case PF_STAGE_TRANSFER:
		return PF_WAIT_IO;
	default:
		return PF_WAIT_BLOCKED;
	}
}

const pf_stage_words pf_engine_stages = {.name = engine_name, .wait = engine_wait};

static int node_of(merge *into, int outer, uint16_t stage)
{
	for (size_t i = 0; i < into->count; i++) {
		if (into->nodes[i].outer == outer && into->nodes[i].row.stage == (pf_stage)stage) {
			return (int)i;
		}
	}
	into->nodes[into->count] = (node){
		.row = {.stage = (pf_stage)stage, .depth = outer < 0 ? 0 : into->nodes[outer].row.depth + 1},
		.outer = outer};
	return (int)into->count++;
}

static void add_sum(pf_span_row *row, const pf_span_sum *sum)
{
	row->spans += sum->spans;
	row->wall_ns += sum->wall_ns;
	row->own_ns += sum->wall_ns > sum->inner_ns ? sum->wall_ns - sum->inner_ns : 0;
	row->cpu_ns += sum->cpu_ns;
	row->run_delay_ns += sum->run_delay_ns;
}

/* What encloses a sum has a lower index, so its node is there already. */
static void add_trace(merge *into, const pf_trace *trace)
{
	int places[PF_STAGES_MAX + PF_SPAN_PATHS];
	uint32_t paths = trace->paths < PF_SPAN_PATHS ? trace->paths : PF_SPAN_PATHS;
	for (int i = 0; i < PF_STAGES_MAX + (int)paths; i++) {
		const pf_span_sum *sum = &trace->sums[i];
		bool inner = i >= PF_STAGES_MAX && sum->outer < i;
		places[i] = NO_ROW;
		if (i >= PF_STAGES_MAX || sum->spans || sum->inner_ns || sum->cpu_ns) {
			places[i] = node_of(into, inner ? places[sum->outer] : NO_ROW, sum->stage);
			add_sum(&into->nodes[places[i]].row, sum);
		}
	}
}

/* Takes the nodes within `outer` in the order of their stages, each followed by what it encloses. */
static void put_rows(const merge *from, int outer, pf_span_tree *tree)
{
	for (int last = -1;;) {
		int next = NO_ROW;
		for (size_t i = 0; i < from->count; i++) {
			const node *one = &from->nodes[i];
			if (one->outer == outer && (int)one->row.stage > last &&
			    (next < 0 || one->row.stage < from->nodes[next].row.stage)) {
				next = (int)i;
			}
		}
		if (next < 0) {
			return;
		}
		last = (int)from->nodes[next].row.stage;
		if (from->nodes[next].row.spans || from->nodes[next].row.cpu_ns) {
			tree->rows[tree->count++] = from->nodes[next].row;
		}
		put_rows(from, next, tree);
	}
}

static void add_outside(pf_span_tree *tree, const pf_trace *trace)
{
	uint64_t lifetime_ns = pf_trace_lifetime_ns(trace), in_spans_ns = trace->outside.inner_ns;
	tree->lifetime_ns += lifetime_ns;
	tree->unattributed.own_ns += lifetime_ns > in_spans_ns ? lifetime_ns - in_spans_ns : 0;
	tree->unattributed.cpu_ns += trace->outside.cpu_ns;
	tree->unattributed.run_delay_ns += trace->outside.run_delay_ns;
	tree->ended += trace->ended;
	tree->overwritten += trace->ring && trace->ended > trace->ring_capacity
				     ? trace->ended - trace->ring_capacity
				     : 0;
	tree->too_deep += trace->too_deep;
	tree->unbalanced += trace->unbalanced;
	tree->lost_paths += trace->lost_paths;
	tree->run_delay_known = tree->run_delay_known && (!trace->entered_ns || trace->run_delay_known);
}

pf_status pf_span_tree_create(const pf_trace *traces, size_t count, pf_span_tree *out, pf_error *error)
{
	size_t most = PF_STAGES_MAX + count * (PF_STAGES_MAX + PF_SPAN_PATHS);
	merge merged = {.nodes = malloc(most * sizeof *merged.nodes)};
	*out = (pf_span_tree){.rows = malloc(most * sizeof *out->rows), .run_delay_known = true};
	if (!merged.nodes || !out->rows) {
		free(merged.nodes);
		pf_span_tree_release(out);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a report of spans");
	}
	for (size_t i = 0; i < count; i++) {
		add_trace(&merged, &traces[i]);
		add_outside(out, &traces[i]);
	}
	put_rows(&merged, NO_ROW, out);
	free(merged.nodes);
	return PF_OK;
}

void pf_span_tree_release(pf_span_tree *tree)
{
	free(tree->rows);
	*tree = (pf_span_tree){0};
}

/* "12.3 ms"; "-" for nothing. */
static const char *duration(uint64_t ns, char out[16])
{
	double s = (double)ns * 1e-9;
	const char *unit = s >= 1 ? "s" : ns >= 1000000 ? "ms" : ns >= 1000 ? "us" : "ns";
	double value = s >= 1 ? s : ns >= 1000000 ? s * 1e3 : ns >= 1000 ? s * 1e6 : (double)ns;
	snprintf(out, 16, ns ? "%.*f %s" : "-",
		 ns < 1000      ? 0
		 : value >= 100 ? 0
		 : value >= 10  ? 1
				: 2,
		 value, unit);
	return out;
}

/* The cells of one line after its name; kind PF_WAIT_KINDS: what it waited for is not known. */
static void print_times(const pf_span_row *row, pf_wait_kind kind, const pf_span_tree *tree, FILE *stream)
{
	char text[6][16];
	uint64_t wait_ns = pf_span_row_wait_ns(row);
	double share = tree->lifetime_ns ? 100.0 * (double)row->own_ns / (double)tree->lifetime_ns : 0;
	fprintf(stream, " %8s %8s", duration(row->own_ns, text[0]), duration(row->cpu_ns, text[1]));
	for (int i = 0; i < PF_WAIT_KINDS; i++) {
		fprintf(stream, " %8s", duration(i == (int)kind ? wait_ns : 0, text[2]));
	}
	fprintf(stream, " %8s %6.1f %%\n", tree->run_delay_known ? duration(row->run_delay_ns, text[3]) : "?",
		share);
}

static void print_losses(const pf_span_tree *tree, FILE *stream)
{
	if (tree->overwritten) {
		fprintf(stream,
			"%" PRIu64 " of %" PRIu64
			" spans are no longer kept one by one (the sums above have them all)\n",
			tree->overwritten, tree->ended);
	}
	if (tree->too_deep) {
		fprintf(stream,
			"%" PRIu64 " spans within more than %d others were left to the enclosing one\n",
			tree->too_deep, PF_SPAN_DEPTH);
	}
	if (tree->unbalanced) {
		fprintf(stream, "%" PRIu64 " spans were not ended, or ended twice\n", tree->unbalanced);
	}
	if (tree->lost_paths) {
		fprintf(stream, "%" PRIu64 " spans are shown outside of what encloses them: too many ways\n",
			tree->lost_paths);
	}
}

void pf_span_tree_print(const pf_span_tree *tree, const pf_stage_words *words, FILE *stream)
{
	char text[16];
	int width = (int)strlen("unattributed");
	for (size_t i = 0; i < tree->count; i++) {
		const pf_span_row *row = &tree->rows[i];
		int own = (int)strlen(words->name(words->context, row->stage)) + MARGIN * (int)row->depth;
		width = own > width ? own : width;
	}
	fprintf(stream, "%-*s %8s %8s %8s %8s %8s %8s %8s %8s %8s\n", width, "stage", "spans", "wall", "own",
		"CPU", "queue", "I/O", "blocked", "no CPU", "share");
	for (size_t i = 0; i < tree->count; i++) {
		const pf_span_row *row = &tree->rows[i];
		int indent = MARGIN * (int)row->depth;
		fprintf(stream, "%*s%-*s %8" PRIu64 " %8s", indent, "", width - indent,
			words->name(words->context, row->stage), row->spans, duration(row->wall_ns, text));
		print_times(row, words->wait(words->context, row->stage), tree, stream);
	}
	fprintf(stream, "%-*s %8s %8s", width, "unattributed", "", "");
	print_times(&tree->unattributed, PF_WAIT_BLOCKED, tree, stream);
	print_losses(tree, stream);
}
