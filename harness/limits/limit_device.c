/* A device: convolutions, and copies over its bus. */
#include <stdio.h>

#include "harness/limits/limit_job.h"
#include "photofinish/gpu.h"
#include "photofinish/gpu_rate.h"

static void *open_rate(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	pf_gpu_rate_kind kind = id == PF_LIMIT_GPU_FP16     ? PF_GPU_RATE_FP16
				: id == PF_LIMIT_GPU_UPLOAD ? PF_GPU_RATE_UPLOAD
							    : PF_GPU_RATE_DOWNLOAD;
	pf_gpu_facts facts;
	pf_gpu_rate *rate = NULL;
	pf_error error = {.code = PF_OK};
	(void)setting;
	pf_gpu_look(&facts);
	if (facts.why_not[0]) {
		snprintf(why, 200, "not measured: %.180s", facts.why_not);
	} else if (pf_gpu_rate_open(kind, &rate, &error) != PF_OK) {
		snprintf(why, 200, "not measured: %.180s", error.message);
	}
	return rate;
}

static double run_rate(void *state)
{
	return pf_gpu_rate_run(state);
}

static void close_rate(void *state)
{
	pf_gpu_rate_close(state);
}

const pf_limit_job pf_limit_device_job = {
	.open = open_rate, .run = run_rate, .close = close_rate, .scale = 1e-9, .single = true};
