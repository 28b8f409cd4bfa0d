#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/registry/known.h"
#include "harness/run/contestant.h"
#include "harness/run/decision.h"
#include "harness/scores/tolerance.h"

/* "workers, may crash": what the flags say. */
static const char *caps_text(unsigned caps, char *out, size_t capacity)
{
	static const struct {
		unsigned cap;
		const char *text;
	} names[] = {
		{PF_CAP_FLOOR, "floor"},     {PF_CAP_WORKERS, "N workers"},   {PF_CAP_THREADS, "threads"},
		{PF_CAP_GPU, "needs a GPU"}, {PF_CAP_MAY_CRASH, "may crash"}, {PF_CAP_APPROX, "approximate"},
		{PF_CAP_SERVER, "server"},
	};
	size_t used = 0;
	snprintf(out, capacity, "%s", caps & PF_CAP_WORKERS ? "" : "1 worker");
	used = strlen(out);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (caps & names[i].cap && used < capacity) {
			used += (size_t)snprintf(out + used, capacity - used, "%s%s", used ? ", " : "",
						 names[i].text);
		}
	}
	return out;
}

static void list(void)
{
	static const bool left[4] = {false};
	const char *heads[] = {"variant", "changes", "runs with", "summary"};
	const struct pf_variant **order = pf_variants_in_order();
	pf_table *table = pf_table_create(4, left);
	pf_table_row(table, heads, 4);
	for (size_t i = 0; order[i]; i++) {
		char caps[128];
		const char *cells[] = {order[i]->name, order[i]->parent ? order[i]->parent : "-",
				       caps_text(order[i]->caps, caps, sizeof caps), order[i]->summary};
		pf_table_row(table, cells, 4);
		if (order[i]->tolerance) {
			char limits[PF_TOLERANCE_TEXT], text[PF_TOLERANCE_TEXT + 32];
			pf_tolerance tolerance;
			pf_tolerance_take(order[i]->tolerance, &tolerance);
			snprintf(text, sizeof text, "approximate: %s",
				 pf_tolerance_text(&tolerance, limits, sizeof limits));
			const char *more[] = {"", "", "", text};
			pf_table_row(table, more, 4);
		}
		if (order[i]->purpose != PF_PURPOSE_TIME) {
			char text[64];
			snprintf(text, sizeof text, "there for: %s", pf_purpose_name(order[i]->purpose));
			const char *more[] = {"", "", "", text};
			pf_table_row(table, more, 4);
		}
		for (const struct pf_option *option = order[i]->options; option && option->name; option++) {
			char text[256];
			snprintf(text, sizeof text, "%s:%s=%lld (%lld to %lld): %s", order[i]->name,
				 option->name, (long long)option->default_value, (long long)option->least,
				 (long long)option->most, option->help);
			const char *more[] = {"", "", "", text};
			pf_table_row(table, more, 4);
		}
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
	free(order);
}

static bool descends(const struct pf_variant *variant, const struct pf_variant *ancestor)
{
	while (variant && variant != ancestor) {
		variant = variant->parent ? pf_variant_find(variant->parent) : NULL;
	}
	return variant;
}

/* The steps from ancestor `a` down to `b`, one change each; false if `a` is no ancestor. */
static bool print_steps(const struct pf_variant *a, const struct pf_variant *b)
{
	if (a == b) {
		return true;
	}
	const struct pf_variant *parent = b->parent ? pf_variant_find(b->parent) : NULL;
	if (!parent || !print_steps(a, parent)) {
		return false;
	}
	pf_text_say(stdout, "  %s -> %s: %s\n", parent->name, b->name, b->change);
	return true;
}

static void diff(const struct pf_variant *a, const struct pf_variant *b)
{
	static const bool left[3] = {false};
	char caps[2][128];
	const char *rows[][3] = {
		{"summary", a->summary, b->summary},
		{"change", a->change, b->change},
		{"principle", a->principle, b->principle},
		{"hypothesis", a->hypothesis, b->hypothesis},
		{"expected", a->expected, b->expected},
		{"there for", pf_purpose_name(a->purpose), pf_purpose_name(b->purpose)},
		{"runs with", caps_text(a->caps, caps[0], sizeof caps[0]),
		 caps_text(b->caps, caps[1], sizeof caps[1])},
	};
	printf("Changed from %s to %s, one thing at a time:\n", a->name, b->name);
	if (descends(a, b)) {
		printf("  %s\n",
		       a == b ? "nothing" : "the other way round: it is the second that came first");
	} else if (!print_steps(a, b)) {
		pf_text_say(
			stdout,
			"  %s does not descend from %s: they differ in more than a chain of single changes\n",
			b->name, a->name);
	}
	printf("\n");
	pf_table *table = pf_table_create(3, left);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *first[] = {rows[i][0], a->name, rows[i][1]},
			   *second[] = {"", b->name, rows[i][2]};
		pf_table_row(table, first, 3);
		pf_table_row(table, second, 3);
	}
	pf_table_print(table, stdout, "");
	pf_table_free(table);
}

int pf_cmd_variants(const pf_command *command, int argc, char **argv)
{
	bool compare = false;
	pf_texts plugins = {0};
	const pf_arg table[] = {
		{"diff", 0, PF_ARG_FLAG, &compare, NULL, "show what changes from variant A to variant B", 0,
		 0},
		PF_PLUGIN_ARG(plugins),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (compare != (count == 2) || count == 1) {
		return pf_usage_error(command, "--diff takes two variants");
	}
	pf_error error = {0};
	if (pf_common_outside(&plugins, NULL, &(pf_allowance){0}, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	if (!compare) {
		list();
		return pf_common_report_faults() ? PF_EXIT_ERROR : PF_EXIT_OK;
	}
	pf_contestant a, b;
	if (pf_contestant_parse(operands[0], 1, &a, &error) != PF_OK ||
	    pf_contestant_parse(operands[1], 1, &b, &error) != PF_OK) {
		return pf_report_error(&error);
	}
	diff(a.variant, b.variant);
	return PF_EXIT_OK;
}
