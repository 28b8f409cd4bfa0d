#include "harness/cli/journey_choice.h"

#include <stdlib.h>
#include <string.h>

#include "harness/registry/known.h"
#include "harness/registry/outside.h"
#include "harness/run/contestant.h"

/* Cuts the next item off `*rest`: up to a comma, and on over the commas that part its options. */
static char *next_item(char **rest)
{
	char *item = *rest, *end = item + strcspn(item, ",");
	while (*end) {
		const char *next = end + 1;
		size_t length = strcspn(next, ",");
		bool option = memchr(next, '=', length) && !memchr(next, ':', length);
		if (!option) {
			break;
		}
		end += 1 + length;
	}
	*rest = *end ? end + 1 : NULL;
	*end = '\0';
	return item;
}

static size_t rank_of(const struct pf_variant *const *order, const struct pf_variant *variant)
{
	size_t rank = 0;
	while (order[rank] && order[rank] != variant) {
		rank++;
	}
	return rank;
}

/* Puts the contestant where its variant stands in `order`, behind equals. */
static pf_status insert(const struct pf_variant *const *order, const pf_contestant *contestant,
			pf_contestant *list, size_t *count, pf_error *error)
{
	size_t rank = rank_of(order, contestant->variant), at = *count;
	for (size_t i = 0; i < *count; i++) {
		if (strcmp(list[i].label, contestant->label) == 0) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "\"%s\" stands twice", contestant->label);
		}
	}
	for (; at > 0 && rank_of(order, list[at - 1].variant) > rank; at--) {
		list[at] = list[at - 1];
	}
	list[at] = *contestant;
	(*count)++;
	return PF_OK;
}

static pf_status choose_listed(const char *only, const struct pf_variant *const *order, uint32_t workers,
			       pf_contestant *list, size_t *count, pf_error *error)
{
	pf_status status = PF_OK;
	char *copy = strdup(only), *rest = copy;
	if (!copy) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	while (rest && status == PF_OK) {
		pf_contestant contestant;
		status = pf_contestant_parse(next_item(&rest), workers, &contestant, error);
		if (status == PF_OK) {
			status = insert(order, &contestant, list, count, error);
		}
	}
	free(copy);
	return status;
}

/* Who brings a variant in wants it run: a list that leaves it out is a mistake. */
static pf_status check_outside(const struct pf_variant *variant, const pf_contestant *list, size_t count,
			       pf_error *error)
{
	const pf_outside *outside = pf_outside_of(variant);
	for (size_t i = 0; i < count; i++) {
		outside = list[i].variant == variant ? NULL : outside;
	}
	return outside ? pf_fail(error, PF_ERR_USAGE, NULL, "--only leaves out %s, which %s brings in",
				 variant->name, outside->command ? "--command" : "--plugin")
		       : PF_OK;
}

pf_status pf_journey_choose(const char *only, uint32_t workers, pf_contestant **out, size_t *count,
			    pf_error *error)
{
	const struct pf_variant **order = pf_variants_in_order();
	pf_status status = PF_OK;
	size_t most = 1;
	for (const char *at = only ? only : ""; *at; at++) {
		most += *at == ',';
	}
	for (size_t i = 0; order[i] && !only; i++) {
		most++;
	}
	*count = 0;
	*out = calloc(most, sizeof **out);
	if (!*out) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	} else if (only) {
		status = choose_listed(only, order, workers, *out, count, error);
	}
	for (size_t i = 0; order[i] && !only && status == PF_OK; i++) {
		status = pf_contestant_parse(order[i]->name, workers, &(*out)[(*count)++], error);
	}
	for (size_t i = 0; order[i] && only && status == PF_OK; i++) {
		status = check_outside(order[i], *out, *count, error);
	}
	free(order);
	return status;
}
