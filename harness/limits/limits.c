#include "harness/limits/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/limits/limit_job.h"

#define LEAST_MEMORY (32u << 20) /* of a worker that has to be beyond the caches */

static const struct {
	const char *name, *unit, *text;
} words[PF_LIMIT_COUNT] = {
#define PF_LIMIT_WORDS(constant, name, unit, text) [constant] = {name, unit, text},
	PF_LIMIT_LIST(PF_LIMIT_WORDS)};

static const pf_limit_job *const jobs[PF_LIMIT_COUNT] = {[PF_LIMIT_DECODE] = &pf_limit_decode_job,
							 [PF_LIMIT_DECODE_OWN] = &pf_limit_decode_job,
							 [PF_LIMIT_MEMORY_READ] = &pf_limit_read_job,
							 [PF_LIMIT_MEMORY_COPY] = &pf_limit_copy_job,
							 [PF_LIMIT_FP32_PLAIN] = &pf_limit_fp32_job,
							 [PF_LIMIT_FP32_AVX2] = &pf_limit_fp32_job,
							 [PF_LIMIT_FP32_AVX512] = &pf_limit_fp32_job,
							 [PF_LIMIT_BF16] = &pf_limit_fp32_job,
							 [PF_LIMIT_INT8] = &pf_limit_int8_job,
							 [PF_LIMIT_STORAGE_READ] = &pf_limit_storage_job,
							 [PF_LIMIT_STORAGE_LATENCY] = &pf_limit_latency_job,
							 [PF_LIMIT_PIPE] = &pf_limit_pipe_job,
							 [PF_LIMIT_SHARED] = &pf_limit_shared_job,
							 [PF_LIMIT_GPU_FP16] = &pf_limit_device_job,
							 [PF_LIMIT_GPU_UPLOAD] = &pf_limit_device_job,
							 [PF_LIMIT_GPU_DOWNLOAD] = &pf_limit_device_job};

const char *pf_limit_name(pf_limit_id id)
{
	return words[id].name;
}

const char *pf_limit_unit(pf_limit_id id)
{
	return words[id].unit;
}

const char *pf_limit_text(pf_limit_id id)
{
	return words[id].text;
}

double pf_limit_value(const pf_limit *limit)
{
	return limit->all.count ? limit->all.best : limit->one.count ? limit->one.best : 0;
}

pf_limit_id pf_limits_best_fp32(const pf_limits *limits)
{
	pf_limit_id best = PF_LIMIT_COUNT;
	for (pf_limit_id id = PF_LIMIT_FP32_PLAIN; id <= PF_LIMIT_FP32_AVX512; id++) {
		double value = pf_limit_value(&limits->limits[id]);
		if (value > 0 && (best == PF_LIMIT_COUNT || value > pf_limit_value(&limits->limits[best]))) {
			best = id;
		}
	}
	return best;
}

pf_status pf_limits_choose(const char *list, uint64_t *ids, pf_error *error)
{
	for (const char *at = list; *at;) {
		size_t length = strcspn(at, ",");
		int found = PF_LIMIT_COUNT;
		for (int i = 0; i < PF_LIMIT_COUNT; i++) {
			bool same = strlen(words[i].name) == length && !strncmp(words[i].name, at, length);
			found = same ? i : found;
		}
		if (found == PF_LIMIT_COUNT) {
			return pf_fail(error, PF_ERR_USAGE, NULL,
				       "there is no limit \"%.*s\"; there are %s to %s", (int)length, at,
				       words[0].name, words[PF_LIMIT_COUNT - 1].name);
		}
		*ids |= (uint64_t)1 << found;
		at += length + (at[length] == ',');
	}
	return PF_OK;
}

/* Four times the last cache, in all; a worker's part of that, but no less than a private cache is. */
static size_t memory_of_each(uint32_t workers)
{
	long cache = sysconf(_SC_LEVEL3_CACHE_SIZE);
	size_t each = (cache > 0 ? 4 * (size_t)cache : (size_t)256 << 20) / workers;
	return each > LEAST_MEMORY ? each : LEAST_MEMORY;
}

static void describe(const pf_limits_question *question, pf_limit_id id, pf_limit *limit)
{
	bool decodes = id == PF_LIMIT_DECODE || id == PF_LIMIT_DECODE_OWN;
	if (decodes && question->dataset) {
		snprintf(limit->beside, sizeof limit->beside, "photos of the dataset");
	} else if (decodes) {
		snprintf(limit->beside, sizeof limit->beside, "made photos of 12 MP");
	}
}

/* One pass of a limit. */
static void measure(const pf_limits_question *question, const pf_topology *topology, pf_limit_id id,
		    pf_limit *limit)
{
	const pf_limit_job *job = jobs[id];
	uint32_t cores = topology->cores ? topology->cores : 1;
	pf_limit_setting setting = {.question = question, .topology = topology, .workers = 1};
	if (limit->why[0]) { /* of an earlier pass */
		return;
	}
	if (job->is_here && !job->is_here(id)) {
		snprintf(limit->why, sizeof limit->why, "%s", job->missing);
		return;
	}
	bool all = !job->single, good = true;
	describe(question, id, limit);
	if (!all || !question->all_only) {
		setting.memory_bytes = memory_of_each(1);
		good = pf_limit_run(job, id, &setting, &limit->one, limit->why);
	}
	if (good && all && !pf_interrupts) {
		setting.workers = cores;
		setting.memory_bytes = memory_of_each(cores);
		pf_limit_run(job, id, &setting, &limit->all, limit->why);
	}
}

pf_status pf_limits_measure(const pf_limits_question *question, pf_limits *out, pf_error *error)
{
	pf_topology *topology = calloc(1, sizeof *topology);
	if (!topology) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the topology");
	}
	pf_status status = pf_topology_read(NULL, NULL, topology, error);
	*out = (pf_limits){0};
	if (status == PF_OK) {
		out->processes = topology->cores ? topology->cores : 1;
	}
	for (size_t k = 0; k < (size_t)PF_LIMIT_PASSES * PF_LIMIT_COUNT && status == PF_OK; k++) {
		size_t i = k % PF_LIMIT_COUNT;
		if (pf_interrupts) {
			break;
		}
		if (question->ids && !(question->ids >> i & 1)) {
			continue;
		}
		if (question->tell) {
			question->tell(words[i].name, k, (size_t)PF_LIMIT_PASSES * PF_LIMIT_COUNT);
		}
		measure(question, topology, (pf_limit_id)i, &out->limits[i]);
	}
	out->complete = !pf_interrupts;
	free(topology);
	return status;
}
