#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/nearest.h"
#include "harness/registry/known.h"
#include "harness/registry/reference_variant.h"
#include "harness/run/contestant.h"

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
		char hint[PF_NEAREST + 32];
		pf_nearest nearest = {.word = name};
		for (int i = 0; known && known[i].name; i++) {
			pf_nearest_try(&nearest, known[i].name);
		}
		if (contestant->variant->caps & PF_CAP_WORKERS) {
			pf_nearest_try(&nearest, workers.name);
		}
		return pf_fail(error, PF_ERR_USAGE, NULL, "variant %s has no option \"%s\"%s",
			       contestant->variant->name, name, pf_nearest_hint(&nearest, hint));
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

static pf_status fail_unknown(const char *name, pf_error *error)
{
	char hint[PF_NEAREST + 32];
	pf_nearest nearest = {.word = name};
	const struct pf_variant **known = pf_variants_in_order();
	for (size_t i = 0; known[i]; i++) {
		pf_nearest_try(&nearest, known[i]->name);
	}
	free(known);
	pf_nearest_hint(&nearest, hint);
	return pf_fail(error, PF_ERR_USAGE, NULL, "there is no variant \"%s\"%s", name,
		       hint[0] ? hint : "; photofinish variants lists them");
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
		return fail_unknown(copy, error);
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
