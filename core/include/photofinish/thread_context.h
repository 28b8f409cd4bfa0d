/* What each thread is doing, for profilers that look from outside: OpenTelemetry's thread context (OTEP 4947:
 * the thread-local pointer otel_thread_ctx_v1) and process context (OTEP 4719: the mapping OTEL_CTX), as
 * their texts stand in 2026. The attributes are stage, variant, worker, photo (its index in the manifest).
 * https://github.com/open-telemetry/opentelemetry-specification/tree/main/oteps/profiles */
#ifndef PHOTOFINISH_THREAD_CONTEXT_H
#define PHOTOFINISH_THREAD_CONTEXT_H

#include <stdint.h>

#include "photofinish/trace.h"

enum { PF_CONTEXT_STAGE, PF_CONTEXT_VARIANT, PF_CONTEXT_WORKER, PF_CONTEXT_PHOTO, PF_CONTEXT_KEYS };

/* As OTEP 4947 has it, without padding. */
typedef struct pf_thread_context {
	uint8_t trace_id[16], span_id[8]; /* zero: there is no distributed trace */
	uint8_t valid;                    /* 1: the rest is of one instant */
	uint8_t trace_flags;
	uint16_t attrs_data_size;
	uint8_t attrs_data[484]; /* key, length, value; again and again */
} pf_thread_context;

/* Of the calling thread; NULL while it is in no span, and where nothing is published. */
extern PF_API _Thread_local pf_thread_context *otel_thread_ctx_v1;

/* From now on each span of `traces`, `count` of them, is published by the thread that is in it, here and in
 * processes that are forked. A hook of spans: without this call they cost nothing. Once in a process, before
 * its workers start. `variant` is copied. */
PF_API void pf_thread_context_publish(const char *variant, const pf_trace *traces, uint32_t count);

#endif
