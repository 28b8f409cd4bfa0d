/* Which variants there are, and how they are named on a command line. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/measure/contestant.h"
#include "harness/measure/outside.h"
#include "harness/measure/reference.h"

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
	if (variant->parent && variant->caps & PF_CAP_FLOOR) {
		return "a floor has no parent";
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

/* Value of option `name` in `value`. */
static pf_status set_option(pf_contestant *contestant, const char *name, const char *value, pf_error *error)
{
	static const struct pf_option workers = {.name = "workers", .least = 1, .most = 1024};
	const struct pf_option *known = contestant->variant->options, *option = NULL;
	int index = 0;
	for (int i = 0; known && known[i].name; i++) {
		if (strcmp(known[i].name, name) == 0) {
			option = &known[i];
			index = i;
		}
	}
	bool is_workers = !option && strcmp(name, "workers") == 0 &&
			  contestant->variant->caps & PF_CAP_WORKERS;
	if (is_workers) {
		option = &workers;
	}
	if (!option) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "variant %s has no option \"%s\"",
			       contestant->variant->name, name);
	}
	char *end;
	errno = 0;
	long long number = strtoll(value, &end, 10);
	if (strspn(value, "-0123456789") != strlen(value) || errno || end == value || *end ||
	    number < option->least || number > option->most) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "option %s takes a whole number from %lld to %lld, not \"%s\"", name,
			       (long long)option->least, (long long)option->most, value);
	}
	if (is_workers) {
		contestant->workers = (uint32_t)number;
	} else {
		contestant->options[index] = number;
	}
	return PF_OK;
}

pf_status pf_contestant_parse(const char *text, uint32_t workers, pf_contestant *out, pf_error *error)
{
	char copy[sizeof out->label];
	*out = (pf_contestant){0};
	if (snprintf(copy, sizeof copy, "%s", text) >= (int)sizeof copy) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "the variant's options are too long");
	}
	memcpy(out->label, copy, sizeof copy);
	char *options = strchr(copy, ':');
	if (options) {
		*options++ = '\0';
	}
	out->variant = pf_variant_find(copy);
	if (!out->variant || !strcmp(copy, pf_reference_variant.name)) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "there is no variant \"%s\"; photofinish variants lists them", copy);
	}
	const char *fault = pf_variant_fault(out->variant);
	if (fault) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "variant %s cannot be run: %s", copy, fault);
	}
	const struct pf_option *known = out->variant->options;
	for (int i = 0; known && known[i].name; i++) {
		out->options[i] = known[i].default_value;
	}
	out->workers = out->variant->caps & PF_CAP_WORKERS ? workers : 1;
	pf_status status = PF_OK;
	if (options && !*options) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "write options as NAME:option=value,...");
	}
	while (options && *options && status == PF_OK) {
		char *pair = strsep(&options, ",");
		char *value = strchr(pair, '=');
		if (value) {
			*value++ = '\0';
		}
		status = value ? set_option(out, pair, value, error)
			       : pf_fail(error, PF_ERR_USAGE, NULL, "write options as NAME:option=value,...");
	}
	return status;
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
