/* What a trace says of one stage, for assertions. */
#ifndef TRACE_FIXTURE_H
#define TRACE_FIXTURE_H

#include "photofinish/trace.h"

static inline uint64_t pf_fixture_spans(const pf_trace *trace, pf_stage stage)
{
	pf_stage_sum sum;
	pf_trace_sum(trace, stage, &sum);
	return sum.spans;
}

static inline uint64_t pf_fixture_own_ns(const pf_trace *trace, pf_stage stage)
{
	pf_stage_sum sum;
	pf_trace_sum(trace, stage, &sum);
	return sum.own_ns;
}

#endif
