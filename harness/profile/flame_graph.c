/* Flame graphs: one SVG with all that it needs inside. Widths are shares of the samples; the order from left
 * to right is that of names. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/plain_text.h"
#include "harness/profile/flame_graph_script.h"
#include "harness/profile/profile_files.h"
#include "harness/profile/profile_tree.h"

enum { WIDTH = 1200, ROW = 17, TOP = 58, BOTTOM = 24, MARGIN = 10 };

#define LEAST_SHARE 0.0002 /* of the width: what is less cannot be seen */

struct drawing {
	const pf_profile_tree *tree;
	bool difference; /* widths are of the first profile, colours compare it with the second */
	double whole[2];
	FILE *stream;
	uint32_t *order; /* room to sort children in */
};

/* A warm colour that a name always has. */
static void put_warm(const char *name, FILE *stream)
{
	uint32_t hash = 2166136261u;
	for (const char *at = name; *at; at++) {
		hash = (hash ^ (unsigned char)*at) * 16777619u;
	}
	fprintf(stream, "hsl(%u,%u%%,%u%%)", 18 + hash % 36, 78 + (hash >> 8) % 14, 62 + (hash >> 16) % 12);
}

/* Red for more, blue for less; white where it is the same. 10 points of all samples are the full colour. */
static void put_compared(double more, FILE *stream)
{
	double strength = fmin(fabs(more) / 0.1, 1);
	fprintf(stream, "hsl(%d,85%%,%.0f%%)", more > 0 ? 8 : 215, 97 - 42 * sqrt(strength));
}

static double share(const struct drawing *drawing, const pf_tree_node *node, int which)
{
	return drawing->whole[which] > 0 ? (double)node->total[which] / drawing->whole[which] : 0;
}

static void put_node(const struct drawing *drawing, const pf_tree_node *node, double begin, double width)
{
	FILE *stream = drawing->stream;
	double own = share(drawing, node, 0), base = share(drawing, node, 1);
	fprintf(stream, "<g class=\"f\" data-x=\"%.6f\" data-w=\"%.6f\" data-d=\"%u\"><title>", begin, width,
		node->depth);
	pf_xml_text(stream, node->name);
	if (drawing->difference) {
		fprintf(stream, ": %.2f %% of samples, %+.2f points against %.2f %%", 100 * own,
			100 * (own - base), 100 * base);
	} else {
		fprintf(stream, ": %llu samples, %.2f %%, self %.2f %%", (unsigned long long)node->total[0],
			100 * own,
			drawing->whole[0] > 0 ? 100 * (double)node->self[0] / drawing->whole[0] : 0);
	}
	fprintf(stream, "</title><rect x=\"%.2f\" y=\"%u\" width=\"%.2f\" height=\"%d\" fill=\"",
		MARGIN + begin * (WIDTH - 2 * MARGIN), TOP + node->depth * ROW, width * (WIDTH - 2 * MARGIN),
		ROW - 1);
	if (drawing->difference) {
		put_compared(own - base, stream);
	} else {
		put_warm(node->name, stream);
	}
	fprintf(stream, "\"/><text x=\"%.2f\" y=\"%u\" data-n=\"", MARGIN + 3 + begin * (WIDTH - 2 * MARGIN),
		TOP + node->depth * ROW + 12);
	pf_xml_text(stream, node->name);
	fputs("\"></text></g>\n", stream);
}

static int by_name(const void *a, const void *b, void *nodes)
{
	const pf_tree_node *all = nodes;
	return strcmp(all[*(const uint32_t *)a].name, all[*(const uint32_t *)b].name);
}

static void draw(const struct drawing *drawing, uint32_t index, double begin, uint32_t *room)
{
	pf_tree_node *nodes = drawing->tree->nodes;
	const pf_tree_node *node = &nodes[index];
	double width = share(drawing, node, 0);
	if (width < LEAST_SHARE) {
		return;
	}
	put_node(drawing, node, begin, width);
	uint32_t count = 0;
	for (uint32_t i = node->first; i; i = nodes[i].next) {
		room[count++] = i;
	}
	qsort_r(room, count, sizeof *room, by_name, nodes);
	for (uint32_t i = 0; i < count; i++) {
		draw(drawing, room[i], begin, room + count); /* at most all nodes are in it at once */
		begin += share(drawing, &nodes[room[i]], 0);
	}
}

static void put_head(const struct drawing *drawing, const char *title, const char *under)
{
	unsigned height = TOP + (drawing->tree->deepest + 1) * ROW + BOTTOM;
	fprintf(drawing->stream,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %u\" width=\"%d\" height=\"%u\" "
		"font-family=\"DejaVu Sans, Verdana, sans-serif\" font-size=\"12\">\n"
		"<style>.f{cursor:pointer}.f rect{stroke:#fff;stroke-width:.3}.f.hit rect{fill:#b02ad0}"
		".f.above rect{opacity:.5}.b{cursor:pointer;fill:#0645ad}.f text{pointer-events:none}</style>\n"
		"<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n"
		"<text x=\"%d\" y=\"20\" font-size=\"16\">",
		WIDTH, height, WIDTH, height, MARGIN);
	pf_xml_text(drawing->stream, title);
	fprintf(drawing->stream, "</text>\n<text x=\"%d\" y=\"40\" fill=\"#444\">", MARGIN);
	pf_xml_text(drawing->stream, under);
	fprintf(drawing->stream,
		"</text>\n<text id=\"reset\" class=\"b\" x=\"%d\" y=\"20\" text-anchor=\"end\" "
		"visibility=\"hidden\">whole</text>\n"
		"<text id=\"search\" class=\"b\" x=\"%d\" y=\"20\" text-anchor=\"end\">search</text>\n"
		"<text id=\"told\" x=\"%d\" y=\"%u\"></text>\n"
		"<text id=\"found\" x=\"%d\" y=\"%u\" text-anchor=\"end\"></text>\n",
		WIDTH - MARGIN - 60, WIDTH - MARGIN, MARGIN, height - 8, WIDTH - MARGIN, height - 8);
}

static pf_status write_graph(const pf_profile *a, const pf_profile *b, const char *title, const char *under,
			     FILE *stream, pf_error *error)
{
	pf_profile_tree tree;
	int failed = pf_profile_tree_create(a, b, &tree);
	struct drawing drawing = {.tree = &tree, .difference = b != NULL, .stream = stream};
	drawing.order = failed ? NULL : calloc(tree.count + 1, sizeof *drawing.order);
	if (!drawing.order) {
		pf_profile_tree_release(&tree);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a flame graph");
	}
	drawing.whole[0] = (double)tree.nodes[0].total[0];
	drawing.whole[1] = (double)tree.nodes[0].total[1];
	put_head(&drawing, title, under);
	draw(&drawing, 0, 0, drawing.order);
	fprintf(stream, "<script><![CDATA[\n%s]]></script>\n</svg>\n", pf_flame_graph_script);
	free(drawing.order);
	pf_profile_tree_release(&tree);
	return fflush(stream) || ferror(stream) ? pf_fail_errno(error, NULL, "cannot write the flame graph")
						: PF_OK;
}

pf_status pf_profile_write_flame_graph(const pf_profile *profile, FILE *stream, pf_error *error)
{
	char under[256];
	snprintf(under, sizeof under, "%llu samples of CPU time; %s", (unsigned long long)profile->samples,
		 profile->method);
	return write_graph(profile, NULL, profile->label, under, stream, error);
}

pf_status pf_profile_write_difference(const pf_profile *profile, const pf_profile *base, FILE *stream,
				      pf_error *error)
{
	char title[300];
	snprintf(title, sizeof title, "%s against %s", profile->label, base->label);
	return write_graph(profile, base, title,
			   "widths: shares of the first; red: more than in the second, blue: less", stream,
			   error);
}
