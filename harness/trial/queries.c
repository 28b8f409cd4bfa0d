#include "harness/trial/queries.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "photofinish/exec.h"

/* Passes on outcomes under the session's indices. */
struct query_sink {
	struct pf_sink sink; /* first: the functions cast back */
	struct pf_pipe_sink *pipe;
	const pf_query *query;
};

static pf_status keep_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	return PF_OK;
}

static pf_status keep_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	(void)sink;
	(void)burst;
	(void)ranks;
	return PF_OK;
}

/* What malloc has handed out in this process. Nothing where another allocator has taken its place. */
static uint64_t heap_in_use(void)
{
#ifdef PF_SANITIZED
	return 0;
#else
	struct mallinfo2 info = mallinfo2();
	return (uint64_t)info.uordblks + (uint64_t)info.hblkhd;
#endif
}

static pf_status photo_done(struct pf_sink *sink, const pf_photo_result *result)
{
	struct query_sink *own = (struct query_sink *)sink;
	pf_photo_result translated = *result;
	if (result->index >= (uint64_t)own->query->count * own->query->repeats) {
		return PF_ERR_INVALID; /* it would be taken for another photo's */
	}
	translated.index = own->query->first + result->index % own->query->count;
	pf_status status = own->pipe->sink.photo_done(&own->pipe->sink, &translated);
	return status == PF_OK && own->query->samples
		       ? pf_pipe_sink_process(own->pipe, result->pid ? result->pid : (int32_t)getpid(),
					      translated.index,
					      result->pid ? result->heap_bytes : heap_in_use())
		       : status;
}

/* Nobody may see more of the dataset than the query is about. */
static pf_status make_part(const pf_dataset *dataset, const pf_query *query, pf_dataset *part,
			   pf_error *error)
{
	uint64_t photos = (uint64_t)query->count * query->repeats;
	if (!query->count || !query->repeats || query->first >= dataset->count ||
	    query->count > dataset->count - query->first || photos > PF_QUERY_PHOTOS_MOST) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "query %u asks for photos that are not there",
			       query->number);
	}
	*part = *dataset;
	part->count = (size_t)photos;
	part->photos = calloc(part->count, sizeof *part->photos);
	if (!part->photos) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a query");
	}
	for (size_t i = 0; i < part->count; i++) {
		part->photos[i] = dataset->photos[query->first + i % query->count];
	}
	return PF_OK;
}

static void wait_until(uint64_t time_ns)
{
	const struct timespec time = {.tv_sec = (time_t)(time_ns / 1000000000u),
				      .tv_nsec = (long)(time_ns % 1000000000u)};
	while (time_ns && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &time, NULL) == EINTR) {
	}
}

/* What a slot did so far. */
struct slot_sums {
	uint64_t startup_ns, work_ns;
};

static void sum_slots(const struct pf_env *env, struct slot_sums *slots)
{
	pf_stage_sum sum;
	for (uint32_t i = 0; i <= env->workers; i++) {
		pf_trace_sum(&env->traces[i], PF_STAGE_STARTUP, &sum);
		slots[i] = (struct slot_sums){.startup_ns = sum.wall_ns};
		for (pf_stage stage = PF_STAGE_READ; stage <= PF_STAGE_SCORE; stage++) {
			pf_trace_sum(&env->traces[i], stage, &sum);
			slots[i].work_ns += sum.own_ns;
		}
	}
}

/* Opening of scorers that the photo waited for: in the variant's own process, then in the worker that did
 * most of it. Other workers open theirs beside that, and may be at it when the photo is done. */
static uint64_t startup_since(const struct pf_env *env, const struct slot_sums *before,
			      struct slot_sums *after)
{
	uint64_t most_ns = 0, startup_ns = 0;
	sum_slots(env, after);
	for (uint32_t i = 1; i <= env->workers; i++) {
		uint64_t work_ns = after[i].work_ns - before[i].work_ns;
		if (work_ns > most_ns) {
			most_ns = work_ns;
			startup_ns = after[i].startup_ns - before[i].startup_ns;
		}
	}
	return after[0].startup_ns - before[0].startup_ns + startup_ns;
}

/* 1, 0 at the end of the stream, -1. */
static int take_query(pf_query *query)
{
	ssize_t got = TEMP_FAILURE_RETRY(read(PF_TRIAL_FD_QUERIES, query, sizeof *query));
	return got == (ssize_t)sizeof *query ? 1 : got == 0 ? 0 : -1;
}

pf_status pf_queries_run(const struct pf_variant *variant, const struct pf_env *env,
			 const pf_dataset *dataset, struct pf_pipe_sink *pipe, pf_error *error)
{
	pf_query query;
	struct query_sink sink = {.sink = {.struct_size = sizeof(struct pf_sink),
					   .burst_found = keep_burst,
					   .photo_done = photo_done,
					   .burst_ranked = keep_ranks},
				  .pipe = pipe,
				  .query = &query};
	struct slot_sums *before = calloc(2 * ((size_t)env->workers + 1), sizeof *before);
	if (!before) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for queries");
	}
	pf_status status = PF_OK;
	int taken = 0;
	while (status == PF_OK && (taken = take_query(&query)) > 0) {
		pf_dataset part;
		status = make_part(dataset, &query, &part, error);
		if (status != PF_OK) {
			break;
		}
		pf_result_heap = query.samples ? heap_in_use : NULL;
		sum_slots(env, before);
		wait_until(query.not_before_ns);
		status = variant->run(env, &part, &sink.sink, error);
		if (status == PF_OK) {
			status = pf_pipe_sink_query(pipe, query.number,
						    startup_since(env, before, before + env->workers + 1));
		}
		free(part.photos);
	}
	free(before);
	return taken < 0 ? pf_fail_errno(error, NULL, "cannot take a query") : status;
}

pf_status pf_queries_open(int *read_end, int *write_end, pf_error *error)
{
	int ends[2];
	*read_end = *write_end = -1;
	if (pipe2(ends, O_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot open a pipe");
	}
	*read_end = ends[0];
	*write_end = ends[1];
	fcntl(ends[1], F_SETPIPE_SZ, 1 << 20); /* best effort: arrivals are issued ahead */
	return PF_OK;
}

bool pf_query_issue(int write_end, const pf_query *query)
{
	return TEMP_FAILURE_RETRY(write(write_end, query, sizeof *query)) == (ssize_t)sizeof *query;
}
