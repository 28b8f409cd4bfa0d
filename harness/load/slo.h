/* Service-level objectives, as --slo p95=200ms names them, judged by what the sample can prove. */
#ifndef HARNESS_SLO_H
#define HARNESS_SLO_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/stats/histogram.h"
#include "harness/stats/student.h"

typedef enum pf_slo_metric { PF_SLO_PERCENTILE, PF_SLO_MAX, PF_SLO_THROUGHPUT, PF_SLO_OK } pf_slo_metric;
typedef enum pf_slo_verdict { PF_SLO_MET, PF_SLO_MISSED, PF_SLO_UNDECIDED } pf_slo_verdict;

typedef struct pf_slo {
	char text[48];
	pf_slo_metric metric;
	double p;     /* of a percentile: 0.95 */
	double limit; /* ns, photos/s, or a share */
	pf_slo_verdict verdict;
	char why[96];
} pf_slo;

/* Parses "p50=80ms", "p99.9=1.5s", "max=300us", "throughput=12" (photos/s, at least),
 * "ok=99%" (of requests to a server, at least). False: it is none. */
bool pf_slo_parse(const char *text, pf_slo *out);

/* By latencies in ns: met where the whole interval lies within, missed where it lies beyond, else undecided,
 * as where the sample is too small for one. "max" is of this sample and proves nothing about others. */
void pf_slo_judge_latency(pf_slo *slo, const pf_histogram *latency, double level);

/* By a rate with its interval. */
void pf_slo_judge_throughput(pf_slo *slo, const pf_interval *rate);

/* By how many of `n` requests were answered in time, with the share's exact interval. */
void pf_slo_judge_share(pf_slo *slo, size_t ok, size_t n, double level);

const char *pf_slo_verdict_name(pf_slo_verdict verdict);

/* Fewest values for which the percentile has an interval: 73 for 0.95 at the level 0.95. */
size_t pf_slo_least_count(double p, double level);

#endif
