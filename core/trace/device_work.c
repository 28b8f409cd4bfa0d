#include "photofinish/device_work.h"

#include "photofinish/trace.h"

#define PART_NAME(constant, name, letter, text) name,
static const char *const names[] = {PF_DEVICE_PART_LIST(PART_NAME)};

const char *pf_device_part_name(pf_device_part part)
{
	return (unsigned)part < PF_DEVICE_PARTS ? names[part] : "none";
}

void pf_trace_device(pf_trace *trace, pf_device_part part, uint64_t begin_ns, uint64_t end_ns, uint64_t bytes)
{
	if (!trace || (unsigned)part >= PF_DEVICE_PARTS || end_ns < begin_ns) {
		return;
	}
	pf_device_time *sum = &trace->device.parts[part];
	sum->count++;
	sum->ns += end_ns - begin_ns;
	sum->bytes += bytes;
	if (trace->ring) {
		trace->ring[trace->ended & (trace->ring_capacity - 1)] = (pf_span){
			.begin_ns = begin_ns,
			.end_ns = end_ns,
			.photo = atomic_load_explicit(&trace->photo, memory_order_relaxed),
			.stage = (uint16_t)(PF_DEVICE_SPAN + part),
		};
		trace->ended++;
	}
}
