/* `load --url`: what the command line says of a server to be loaded. */
#ifndef HARNESS_LOAD_URL_H
#define HARNESS_LOAD_URL_H

#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/load/slo.h"
#include "harness/load/url_load.h"

typedef struct pf_load_url_order {
	const char *url, *rate, *token_file; /* rate NULL: users */
	const struct pf_variant *variant;    /* whose tolerance holds for the answers; NULL: none */
	uint32_t users, least_requests;      /* users 0: one, where there is no rate */
	double duration_s, deadline_s;
	bool stress, unchecked, remote;
	uint64_t seed;
	pf_slo *slos; /* judged here; room for one more */
	size_t slo_count;
	const pf_delivery *delivery;
} pf_load_url_order;

/* Returns the command's exit status. */
int pf_load_url(pf_load_url_order *order, const pf_common *common, const char *dataset,
		const pf_scorer_config *config);

#endif
