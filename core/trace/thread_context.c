#include "photofinish/thread_context.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#define PR_SET_VMA_ANON_NAME 0
#endif

#define CONTEXT_BYTES 4096u

_Thread_local pf_thread_context *otel_thread_ctx_v1;

static _Thread_local pf_thread_context own;
static const pf_trace *first_trace;
static uint32_t trace_count;
static char variant_name[64];
static atomic_bool has_process_context;

static const char *const keys[PF_CONTEXT_KEYS] = {"photofinish.stage", "photofinish.variant",
						  "photofinish.worker", "photofinish.photo"};

/* OTEP 4719's header. */
struct process_context {
	_Atomic uint64_t signature; /* the letters OTEL_CTX; written last */
	uint32_t version, payload_size;
	_Atomic uint64_t published_at_ns;
	const unsigned char *payload;
};

/* Protobuf fields that are texts or messages, none of 128 bytes or more but the outermost. */
static size_t put(unsigned char *to, unsigned field, const void *data, size_t count)
{
	size_t used = 0;
	to[used++] = (unsigned char)(field << 3 | 2);
	if (count > 127) {
		to[used++] = (unsigned char)((count & 127) | 128);
	}
	to[used++] = (unsigned char)(count > 127 ? count >> 7 : count);
	memcpy(to + used, data, count);
	return used + count;
}

/* An attribute of the resource: KeyValue{key = 1, value = 2: AnyValue}. */
static size_t put_attribute(unsigned char *to, const char *key, const void *value, size_t count)
{
	unsigned char pair[512];
	size_t used = put(pair, 1, key, strlen(key));
	used += put(pair + used, 2, value, count);
	return put(to, 1, pair, used);
}

static size_t put_text_attribute(unsigned char *to, const char *key, const char *text)
{
	unsigned char value[128];
	return put_attribute(to, key, value, put(value, 1, text, strlen(text))); /* string_value = 1 */
}

static size_t put_key_map(unsigned char *to)
{
	unsigned char array[256], value[300];
	size_t used = 0;
	for (int i = 0; i < PF_CONTEXT_KEYS; i++) {
		unsigned char text[256];
		used += put(array + used, 1, text, put(text, 1, keys[i], strlen(keys[i])));
	}
	return put_attribute(to, "threadlocal.attribute_key_map", value,
			     put(value, 5, array, used)); /* array_value */
}

/* Once in each process; forks do not inherit it. The mapping stays as long as the process. */
static void publish_process(void)
{
	struct timespec now;
	int fd = memfd_create("OTEL_CTX", MFD_CLOEXEC);
	void *at = fd < 0 || ftruncate(fd, CONTEXT_BYTES)
			   ? MAP_FAILED
			   : mmap(NULL, CONTEXT_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (fd >= 0) {
		close(fd);
	}
	if (at == MAP_FAILED) {
		return;
	}
	madvise(at, CONTEXT_BYTES, MADV_DONTFORK);
	struct process_context *context = at;
	unsigned char *payload = (unsigned char *)at + 64;
	size_t used = put_text_attribute(payload, "service.name", "photofinish");
	used += put_text_attribute(payload + used, "threadlocal.schema_version", "tlsdesc_v1_dev");
	used += put_key_map(payload + used);
	clock_gettime(CLOCK_REALTIME, &now);
	context->version = 2;
	context->payload_size = (uint32_t)used;
	context->payload = payload;
	atomic_store(&context->published_at_ns, (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
	uint64_t signature;
	memcpy(&signature, "OTEL_CTX", sizeof signature);
	atomic_store(&context->signature, signature);
	prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, at, CONTEXT_BYTES, "OTEL_CTX");
}

static void add_attribute(uint8_t key, const char *value)
{
	size_t length = strlen(value), used = own.attrs_data_size;
	if (length < 256 && used + 2 + length <= sizeof own.attrs_data) {
		own.attrs_data[used] = key;
		own.attrs_data[used + 1] = (uint8_t)length;
		memcpy(own.attrs_data + used + 2, value, length);
		own.attrs_data_size = (uint16_t)(used + 2 + length);
	}
}

/* Who reads does so while this thread stands still: the compiler has to keep the order, the processor does.
 */
static void write_record(const pf_trace *trace, pf_stage stage)
{
	char number[12];
	own.valid = 0;
	atomic_signal_fence(memory_order_seq_cst);
	own.attrs_data_size = 0;
	add_attribute(PF_CONTEXT_STAGE, pf_stage_name(stage));
	add_attribute(PF_CONTEXT_VARIANT, variant_name);
	snprintf(number, sizeof number, "%u", (unsigned)(trace - first_trace));
	add_attribute(PF_CONTEXT_WORKER, number);
	uint32_t photo = atomic_load_explicit(&trace->photo, memory_order_relaxed);
	if (photo != PF_NO_PHOTO) {
		snprintf(number, sizeof number, "%u", (unsigned)photo);
		add_attribute(PF_CONTEXT_PHOTO, number);
	}
	atomic_signal_fence(memory_order_seq_cst);
	own.valid = 1;
	otel_thread_ctx_v1 = &own;
}

static bool is_ours(const pf_trace *trace)
{
	return trace >= first_trace && trace < first_trace + trace_count;
}

static void begin(pf_trace *trace, pf_stage stage)
{
	if (!is_ours(trace)) {
		return;
	}
	if (!atomic_exchange(&has_process_context, true)) {
		publish_process();
	}
	write_record(trace, stage);
}

/* Back in the enclosing one. */
static void end(pf_trace *trace, pf_stage stage)
{
	(void)stage;
	uint32_t depth = trace->depth < PF_SPAN_DEPTH ? trace->depth : PF_SPAN_DEPTH;
	if (!is_ours(trace)) {
		return;
	}
	if (depth) {
		write_record(trace, (pf_stage)trace->open[depth - 1].stage);
	} else {
		otel_thread_ctx_v1 = NULL;
	}
}

static void after_fork(void)
{
	atomic_store(&has_process_context, false);
	otel_thread_ctx_v1 = NULL;
}

void pf_thread_context_publish(const char *variant, const pf_trace *traces, uint32_t count)
{
	static pf_span_hook hook = {.begin = begin, .end = end};
	snprintf(variant_name, sizeof variant_name, "%s", variant);
	first_trace = traces;
	trace_count = count;
	pthread_atfork(NULL, NULL, after_fork);
	hook.next = pf_span_hooks;
	pf_span_hooks = &hook;
}
