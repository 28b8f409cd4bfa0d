#include "harness/serve/serve_metrics.h"

#include <inttypes.h>

static const double bounds_s[PF_SERVE_BUCKETS] = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
						  0.25,  0.5,    1,     2.5,  5,     10,   30};

void pf_serve_times_add(pf_serve_times *times, uint64_t ns)
{
	unsigned bucket = 0;
	while (bucket < PF_SERVE_BUCKETS && (double)ns > bounds_s[bucket] * 1e9) {
		bucket++;
	}
	times->buckets[bucket]++;
	times->count++;
	times->sum_ns += ns;
}

void pf_serve_count_response(pf_serve_counts *counts, unsigned code)
{
	for (int i = 0; i < PF_SERVE_CODES; i++) {
		if (counts->responses[i].code == code || counts->responses[i].count == 0) {
			counts->responses[i].code = code;
			counts->responses[i].count++;
			return;
		}
	}
}

const char *pf_denial_name(pf_denial refusal)
{
	static const char *const names[PF_DENIED_KINDS] = {
		[PF_DENIED_NOT] = "not-refused",   [PF_DENIED_MALFORMED] = "malformed",
		[PF_DENIED_TOKEN] = "token",       [PF_DENIED_PATH] = "path",
		[PF_DENIED_METHOD] = "method",     [PF_DENIED_TOO_LARGE] = "too-large",
		[PF_DENIED_QUEUE] = "queue",       [PF_DENIED_BUFFER] = "buffer",
		[PF_DENIED_DEADLINE] = "deadline", [PF_DENIED_DRAINING] = "draining",
		[PF_DENIED_EXPIRED] = "expired",   [PF_DENIED_LOST] = "lost",
	};
	return names[refusal];
}

/* Who writes, and how. */
struct writing {
	FILE *stream;
	bool open_metrics;
};

/* In the older format a counter's family has the name of its samples. */
static void family(const struct writing *to, const char *name, const char *type, const char *help)
{
	bool total = !to->open_metrics && type[0] == 'c';
	fprintf(to->stream, "# HELP photofinish_%s%s %s\n", name, total ? "_total" : "", help);
	fprintf(to->stream, "# TYPE photofinish_%s%s %s\n", name, total ? "_total" : "", type);
}

static void counter(const struct writing *to, const char *name, const char *help, uint64_t value)
{
	family(to, name, "counter", help);
	fprintf(to->stream, "photofinish_%s_total %" PRIu64 "\n", name, value);
}

static void gauge(const struct writing *to, const char *name, const char *help, double value)
{
	family(to, name, "gauge", help);
	fprintf(to->stream, "photofinish_%s %.9g\n", name, value);
}

/* `label`: "stage=\"pose\"" or "". */
static void times(const struct writing *to, const char *name, const char *label, const pf_serve_times *from)
{
	uint64_t count = 0;
	for (int i = 0; i <= PF_SERVE_BUCKETS; i++) {
		char bound[24] = "+Inf";
		count += from->buckets[i];
		if (i < PF_SERVE_BUCKETS) {
			snprintf(bound, sizeof bound, "%g", bounds_s[i]);
		}
		fprintf(to->stream, "photofinish_%s_bucket{%s%sle=\"%s\"} %" PRIu64 "\n", name, label,
			label[0] ? "," : "", bound, count);
	}
	const char *open = label[0] ? "{" : "", *close = label[0] ? "}" : "";
	fprintf(to->stream, "photofinish_%s_sum%s%s%s %.9g\n", name, open, label, close,
		(double)from->sum_ns * 1e-9);
	fprintf(to->stream, "photofinish_%s_count%s%s%s %" PRIu64 "\n", name, open, label, close,
		from->count);
}

static void write_counters(const struct writing *to, const pf_serve_counts *counts)
{
	family(to, "responses", "counter", "Answers by HTTP's number.");
	for (int i = 0; i < PF_SERVE_CODES && counts->responses[i].count; i++) {
		fprintf(to->stream, "photofinish_responses_total{code=\"%u\"} %" PRIu64 "\n",
			counts->responses[i].code, counts->responses[i].count);
	}
	family(to, "refused", "counter", "Requests that were answered without a score, by reason.");
	for (int i = PF_DENIED_NOT + 1; i < PF_DENIED_KINDS; i++) {
		fprintf(to->stream, "photofinish_refused_total{reason=\"%s\"} %" PRIu64 "\n",
			pf_denial_name((pf_denial)i), counts->refused[i]);
	}
	family(to, "photos", "counter", "Photos that workers had, by what became of them.");
	for (int i = 0; i < PF_STATUS_COUNT; i++) {
		if (i == PF_OK || i == PF_ERR_CRASHED || counts->photos[i]) {
			fprintf(to->stream, "photofinish_photos_total{status=\"%s\"} %" PRIu64 "\n",
				pf_status_name((pf_status)i), counts->photos[i]);
		}
	}
	counter(to, "worker_deaths", "Workers that died and were replaced.", counts->deaths);
	counter(to, "restarts", "Times that the process which has the workers ended and was started again.",
		counts->restarts);
	counter(to, "degraded_photos", "Photos scored by the faster preset.", counts->degraded);
	counter(to, "poisoned_photos", "Photos refused because the same bytes had killed a worker before.",
		counts->poisoned);
}

static void write_now(const struct writing *to, const pf_serve_now *now)
{
	const pf_intake_state *workers = &now->workers;
	uint32_t starting = workers->workers > workers->ready ? workers->workers - workers->ready : 0;
	gauge(to, "queue_photos", "Photos that wait for a worker.", (double)now->queued_photos);
	gauge(to, "queue_age_seconds", "How long the oldest request in the queue has waited.",
	      (double)now->queue_age_ns * 1e-9);
	gauge(to, "buffered_bytes", "What bodies of requests take.", (double)now->buffered_bytes);
	gauge(to, "poison_photos", "Photos that are known to kill a worker.", (double)now->poison);
	family(to, "workers", "gauge", "Worker processes by state.");
	fprintf(to->stream, "photofinish_workers{state=\"busy\"} %u\n", workers->busy);
	fprintf(to->stream, "photofinish_workers{state=\"idle\"} %u\n", workers->ready - workers->busy);
	fprintf(to->stream, "photofinish_workers{state=\"starting\"} %u\n", starting);
	gauge(to, "ready", "1 while requests are taken.", now->ready);
	gauge(to, "connections", "Connections that are open.", (double)now->connections);
	gauge(to, "viewers", "Those that watch the live page.", (double)now->viewers);
	gauge(to, "resident_bytes", "Memory of the process that speaks HTTP.", (double)now->resident_bytes);
	gauge(to, "open_fds", "Its descriptors.", (double)now->open_fds);
}

void pf_serve_metrics_write(FILE *stream, const pf_serve_counts *counts, const pf_serve_now *now,
			    bool open_metrics)
{
	const struct writing to = {.stream = stream, .open_metrics = open_metrics};
	write_counters(&to, counts);
	write_now(&to, now);
	family(&to, "latency_seconds", "histogram",
	       "From a request's head to its answer, of those with scores.");
	times(&to, "latency_seconds", "", &counts->latency);
	family(&to, "waiting_seconds", "histogram", "Of photos in the queue, until a worker had them.");
	times(&to, "waiting_seconds", "", &counts->waiting);
	family(&to, "service_seconds", "histogram", "Of photos, from then until their score.");
	times(&to, "service_seconds", "", &counts->service);
	family(&to, "stage_seconds", "histogram", "Of photos in each stage of scoring.");
	for (int i = 0; i < PF_STAGE_COUNT; i++) {
		char label[64];
		if (counts->stages[i].count) {
			snprintf(label, sizeof label, "stage=\"%s\"", pf_stage_name((pf_stage)i));
			times(&to, "stage_seconds", label, &counts->stages[i]);
		}
	}
	if (open_metrics) {
		fputs("# EOF\n", stream);
	}
}
