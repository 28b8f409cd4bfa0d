/* Memory as a probe, where a session asks for it with the share of a trial's time that looking may take, a
 * double above 0. What it finds is a pf_memory_series. */
#include <stdlib.h>

#include "harness/memory/memory_sampler.h"
#include "harness/probe/probe.h"
#include "photofinish/file.h"

static pf_status open_sampler(pf_probe_look *look, pf_error *error)
{
	look->state = calloc(1, sizeof(pf_memory_sampler));
	return look->state ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

static void begin(pf_probe_look *look)
{
	pf_memory_sampler_open(look->state, *(const double *)look->asked, look->begin_ns);
}

static int wait_ms(const pf_probe_look *look, int most)
{
	const pf_memory_sampler *sampler = look->state;
	return sampler->series ? pf_memory_sampler_wait_ms(sampler, pf_now_ns(), most) : most;
}

static void sample(pf_probe_look *look)
{
	pf_memory_sampler *sampler = look->state;
	if (sampler->series) {
		pf_memory_sampler_look(sampler, look->group, look->traces, look->workers);
	}
}

static void *collect(pf_probe_look *look)
{
	pf_memory_sampler *sampler = look->state;
	pf_memory_series *series = sampler->series;
	sampler->series = NULL;
	return series;
}

static void close_sampler(pf_probe_look *look)
{
	pf_memory_sampler *sampler = look->state;
	pf_memory_series_free(sampler->series);
	free(sampler);
}

static void release(void *series)
{
	pf_memory_series_free(series);
}

const pf_probe pf_probe_memory = {
	.on_request = true,
	.open = open_sampler,
	.begin = begin,
	.wait_ms = wait_ms,
	.tick = sample,
	.collect = collect,
	.close = close_sampler,
	.release = release,
};
