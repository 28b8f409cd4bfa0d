#include "photofinish/trace.h"

#include <string.h>

const pf_span_hook *pf_span_hooks;

#define PF_STAGE_NAME(constant, name, text) name,
static const char *const stage_names[] = {PF_STAGE_LIST(PF_STAGE_NAME)};
#define PF_STAGE_TEXT(constant, name, text) text,
static const char *const stage_texts[] = {PF_STAGE_LIST(PF_STAGE_TEXT)};

const char *pf_stage_name(pf_stage stage)
{
	return (unsigned)stage < PF_STAGE_COUNT ? stage_names[stage] : "none";
}

const char *pf_stage_text(pf_stage stage)
{
	return (unsigned)stage < PF_STAGE_COUNT ? stage_texts[stage] : "outside of all stages";
}

void pf_trace_reset(pf_trace *trace)
{
	memset(trace, 0, sizeof *trace);
	atomic_store(&trace->stage, (uint32_t)PF_STAGE_COUNT);
	atomic_store(&trace->photo, PF_NO_PHOTO);
}
