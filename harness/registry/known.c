#include "harness/registry/known.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/registry/outside.h"
#include "harness/registry/reference_variant.h"
#include "harness/scores/tolerance.h"
#include "harness/stats/enough.h"

const struct pf_variant *pf_variant_find(const char *name)
{
	const struct pf_variant *variant;
	for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
		if (strcmp(variant->name, name) == 0) {
			return variant;
		}
	}
	return strcmp(name, pf_reference_variant.name) == 0 ? &pf_reference_variant : NULL;
}

static const char *approximation_fault(const struct pf_variant *variant)
{
	bool approximate = variant->caps & PF_CAP_APPROX;
	if (approximate != (variant->tolerance != NULL)) {
		return approximate ? "it is approximate (PF_CAP_APPROX) and states no tolerance"
				   : "it states a tolerance without PF_CAP_APPROX";
	}
	if (approximate && variant->caps & PF_CAP_FLOOR) {
		return "a floor has no scores that could be approximate";
	}
	return approximate ? pf_tolerance_fault(variant->tolerance) : NULL;
}

const char *pf_variant_fault(const struct pf_variant *variant)
{
	if (variant->abi_version != PF_ABI_VERSION || variant->struct_size != sizeof *variant) {
		return "it was built for another version";
	}
	if (!variant->name || !variant->summary || !variant->change || !variant->principle ||
	    !variant->hypothesis || !variant->expected || !variant->run) {
		return "its description is not complete";
	}
	for (int count = 0; variant->options && variant->options[count].name; count++) {
		if (count == PF_MAX_OPTIONS) {
			return "it has too many options";
		}
	}
	if (variant->purpose < PF_PURPOSE_TIME || variant->purpose > PF_PURPOSE_MEMORY) {
		return "its purpose is none of enum pf_purpose";
	}
	if (variant->parent && variant->caps & PF_CAP_FLOOR) {
		return "a floor has no parent";
	}
	const char *fault = approximation_fault(variant);
	if (fault) {
		return fault;
	}
	/* Up to the baseline in fewer steps than there are variants. */
	size_t steps = 0;
	for (const struct pf_variant *at = variant; at->parent; steps++) {
		at = pf_variant_find(at->parent);
		if (!at) {
			return "its parent is not there";
		}
		if (!pf_variant_at(steps)) {
			return "it is its own ancestor";
		}
	}
	return NULL;
}

static bool is_child(const struct pf_variant *variant, const char *parent)
{
	return !pf_variant_fault(variant) && (parent ? variant->parent && strcmp(variant->parent, parent) == 0
						     : !variant->parent && !(variant->caps & PF_CAP_FLOOR));
}

/* The most strategies that a variant or one of its descendants has; 0 where it has none itself. */
static int strategies_of(const struct pf_variant *variant)
{
	int most = __builtin_popcount(variant->strategy);
	const struct pf_variant *child;
	for (size_t i = 0; most > 0 && (child = pf_variant_at(i)); i++) {
		int below = is_child(child, variant->name) ? strategies_of(child) : 0;
		most = below > most ? below : most;
	}
	return most;
}

/* Children without strategies come first; those with few in their branch before those with many. */
static size_t add_children(const struct pf_variant **order, size_t count, const char *parent)
{
	const struct pf_variant *variant;
	size_t left = 0;
	for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
		left += is_child(variant, parent);
	}
	for (int strategies = 0; left > 0; strategies++) {
		for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
			if (is_child(variant, parent) && strategies_of(variant) == strategies) {
				left--;
				order[count++] = variant;
				count = add_children(order, count, variant->name);
			}
		}
	}
	return count;
}

const struct pf_variant **pf_variants_in_order(void)
{
	size_t total = 0;
	while (pf_variant_at(total)) {
		total++;
	}
	const struct pf_variant **order = calloc(total + 1, sizeof *order);
	if (!order) {
		pf_out_of_memory();
	}
	size_t count = add_children(order, 0, NULL);
	for (size_t i = 0; i < total; i++) {
		const struct pf_variant *variant = pf_variant_at(i);
		if (variant->caps & PF_CAP_FLOOR && !pf_variant_fault(variant)) {
			order[count++] = variant;
		}
	}
	return order;
}

size_t pf_variants_with_faults(void (*tell)(const char *name, const char *fault))
{
	size_t count = 0;
	const struct pf_variant *variant;
	for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
		const char *fault = pf_variant_fault(variant);
		for (size_t k = 0; k < i && !fault; k++) {
			fault = strcmp(pf_variant_at(k)->name, variant->name) == 0
					? "another one has its name"
					: NULL;
		}
		if (fault) {
			tell(variant->name ? variant->name : "(no name)", fault);
			count++;
		}
	}
	return count;
}
