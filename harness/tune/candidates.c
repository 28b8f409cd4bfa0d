#include "harness/tune/candidates.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "harness/run/contestant.h"

enum { AXES = PF_MAX_OPTIONS + 1, VALUES = 6 };

/* values[0] is the default, and is not written down. */
typedef struct axis {
	const char *name;
	int64_t values[VALUES];
	size_t count;
} axis;

static void add(axis *to, int64_t value, int64_t least, int64_t most)
{
	bool there = value < least || value > most || to->count == VALUES;
	for (size_t i = 0; i < to->count; i++) {
		there = there || to->values[i] == value;
	}
	if (!there) {
		to->values[to->count++] = value;
	}
}

static size_t find_axes(const struct pf_variant *variant, uint32_t workers, uint32_t cores, axis axes[AXES])
{
	size_t count = 0;
	if (variant->caps & PF_CAP_WORKERS) {
		axis *own = &axes[count++];
		const int64_t tried[] = {workers,           1, cores / 2, cores, (int64_t)cores + 1,
					 2 * (int64_t)cores};
		*own = (axis){.name = "workers"};
		for (size_t i = 0; i < sizeof tried / sizeof *tried; i++) {
			add(own, tried[i], 1, 1024);
		}
	}
	for (const struct pf_option *option = variant->options; option && option->name; option++) {
		if (option->type != PF_OPTION_INTEGER) {
			continue;
		}
		axis *own = &axes[count++];
		int64_t usual = option->default_value;
		const int64_t few[] = {4, 16, 64}, near[] = {usual / 2, usual * 2};
		*own = (axis){.name = option->name};
		add(own, usual, option->least, option->most);
		for (size_t i = 0; i < (usual ? 2 : 3); i++) {
			add(own, usual ? near[i] : few[i], option->least, option->most);
		}
	}
	return count;
}

static pf_status take(const char *name, const axis *axes, size_t count, const size_t *at, uint32_t workers,
		      pf_contestant *out, pf_error *error)
{
	char text[sizeof out->label];
	int used = snprintf(text, sizeof text, "%s", name);
	const char *between = ":";
	for (size_t i = 0; i < count && used < (int)sizeof text; i++) {
		if (at[i]) {
			used += snprintf(text + used, sizeof text - (size_t)used, "%s%s=%" PRId64, between,
					 axes[i].name, axes[i].values[at[i]]);
			between = ",";
		}
	}
	return pf_contestant_parse(text, workers, out, error);
}

pf_status pf_tune_candidates(const char *name, uint32_t workers, uint32_t cores, pf_contestant *out,
			     size_t *count, pf_error *error)
{
	axis axes[AXES];
	size_t at[AXES] = {0}, product = 1;
	*count = 0;
	pf_status status = pf_contestant_parse(name, workers, &out[(*count)++], error);
	if (status != PF_OK) {
		return status;
	}
	size_t axis_count = find_axes(out[0].variant, workers, cores, axes);
	for (size_t i = 0; i < axis_count; i++) {
		product *= product <= PF_TUNE_PRODUCT_MOST ? axes[i].count : 1;
	}
	for (size_t n = 1; product <= PF_TUNE_PRODUCT_MOST && n < product && status == PF_OK; n++) {
		size_t rest = n;
		for (size_t i = 0; i < axis_count; i++) {
			at[i] = rest % axes[i].count;
			rest /= axes[i].count;
		}
		status = take(name, axes, axis_count, at, workers, &out[(*count)++], error);
	}
	for (size_t i = 0; product > PF_TUNE_PRODUCT_MOST && i < axis_count; i++) {
		for (size_t v = 1; v < axes[i].count && *count < PF_TUNE_CANDIDATES_MOST && status == PF_OK;
		     v++) {
			memset(at, 0, sizeof at);
			at[i] = v;
			status = take(name, axes, axis_count, at, workers, &out[(*count)++], error);
		}
	}
	return status;
}

const char *pf_tune_settings(const char *label)
{
	const char *colon = strchr(label, ':');
	return colon ? colon + 1 : "";
}
