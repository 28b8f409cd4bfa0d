#include "harness/registry/known.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "harness/registry/outside.h"
#include "harness/registry/reference_variant.h"
#include "harness/scores/tolerance.h"

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

static size_t add_children(const struct pf_variant **order, size_t count, const char *parent)
{
	const struct pf_variant *variant;
	for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
		if (pf_variant_fault(variant)) {
			continue;
		}
		bool is_child = parent ? variant->parent && strcmp(variant->parent, parent) == 0
				       : !variant->parent && !(variant->caps & PF_CAP_FLOOR);
		if (is_child) {
			order[count++] = variant;
			count = add_children(order, count, variant->name);
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
		abort();
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
