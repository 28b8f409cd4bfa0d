/* Ranges of NVTX version 3, which is headers alone: they load the library that the tool names. */
#include <stdlib.h>

#include "photofinish/gpu.h"
#include "photofinish/trace.h"

#if defined(PF_WITH_CUDA) && __has_include(<nvtx3/nvToolsExt.h>)
#include <nvtx3/nvToolsExt.h>

enum { MOST_OPEN = 2 * PF_SPAN_DEPTH };

static _Thread_local uint32_t open_depths[MOST_OPEN], open_count;

/* A span that ends takes those with it that were begun in it. */
static void leave(uint32_t depth)
{
	while (open_count && open_depths[open_count - 1] >= depth) {
		open_count--;
		nvtxRangePop();
	}
}

static void begin(pf_trace *trace, pf_stage stage)
{
	leave(trace->depth);
	if (open_count < MOST_OPEN) {
		open_depths[open_count++] = trace->depth;
		nvtxRangePushA(pf_stage_name(stage));
	}
}

static void end(pf_trace *trace, pf_stage stage)
{
	(void)stage;
	leave(trace->depth);
}

void pf_gpu_ranges(void)
{
	static pf_span_hook hook = {.begin = begin, .end = end};
	const char *tool = getenv("NVTX_INJECTION64_PATH");
	if (tool && tool[0] && pf_span_hooks != &hook) {
		nvtxInitialize(NULL); /* loads the tool's library now, before the process is contained */
		hook.next = pf_span_hooks;
		pf_span_hooks = &hook;
	}
}
#else
void pf_gpu_ranges(void)
{
}
#endif
