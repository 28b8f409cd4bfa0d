#include "harness/profile/perf_sampler.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define RING_PAGES 64u /* a power of two; within what the kernel lets everybody lock */
#define RECORD_MOST 65536u

static size_t ring_bytes(void)
{
	return (RING_PAGES + 1) * (size_t)sysconf(_SC_PAGESIZE);
}

struct clock {
	pid_t pid;
	int cpu;
	uint64_t period_ns;
	bool on_exec, user_only, tells; /* tells: of mappings and processes, too */
};

static int open_clock(const struct clock *clock)
{
	struct perf_event_attr attributes = {
		.size = sizeof attributes,
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = clock->period_ns,
		.sample_type = PERF_SAMPLE_IP | PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN,
		.inherit = 1,
		.disabled = clock->on_exec,
		.enable_on_exec = clock->on_exec,
		.exclude_kernel = clock->user_only,
		.exclude_hv = 1,
		.exclude_callchain_kernel = 1,
		.mmap = clock->tells,
		.mmap2 = clock->tells,
		.comm = clock->tells,
		.comm_exec = clock->tells,
		.task = clock->tells,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
		.sample_max_stack = PF_SAMPLE_FRAMES,
	};
	return (int)syscall(SYS_perf_event_open, &attributes, clock->pid, clock->cpu, -1,
			    PERF_FLAG_FD_CLOEXEC);
}

static void close_cpu(pf_perf_cpu *cpu)
{
	if (cpu->ring) {
		munmap(cpu->ring, ring_bytes());
	}
	for (int i = 0; i < PF_PERF_PERIODS; i++) {
		if (cpu->fds[i] >= 0) {
			close(cpu->fds[i]);
		}
	}
	*cpu = (pf_perf_cpu){.fds = {-1, -1, -1}};
}

/* Rates of the three clocks that add up to one, in ratios near 1 that no small numbers make. */
static const double shares[PF_PERF_PERIODS] = {0.3333, 0.3052, 0.3615};

/* Returns 0 or an errno. */
static int open_cpu(pf_perf_cpu *cpu, struct clock clock, uint32_t hz)
{
	*cpu = (pf_perf_cpu){.fds = {-1, -1, -1}};
	for (int i = 0; i < PF_PERF_PERIODS; i++) {
		clock.period_ns = (uint64_t)(1e9 / (hz * shares[i]));
		clock.tells = i == 0;
		cpu->fds[i] = open_clock(&clock);
		if (cpu->fds[i] < 0) {
			return errno;
		}
		if (i == 0) {
			void *ring = mmap(NULL, ring_bytes(), PROT_READ | PROT_WRITE, MAP_SHARED, cpu->fds[0],
					  0);
			cpu->ring = ring == MAP_FAILED ? NULL : ring;
		}
		if (!cpu->ring || (i > 0 && ioctl(cpu->fds[i], PERF_EVENT_IOC_SET_OUTPUT, cpu->fds[0]))) {
			return errno;
		}
	}
	return 0;
}

int pf_perf_open(pf_perf_sampler *sampler, pid_t pid, bool on_exec, uint32_t hz)
{
	long count = sysconf(_SC_NPROCESSORS_CONF);
	*sampler = (pf_perf_sampler){.cpus = calloc((size_t)count, sizeof *sampler->cpus)};
	int failed = sampler->cpus ? ENODEV : ENOMEM;
	for (int i = 0; sampler->cpus && i < count; i++) {
		pf_perf_cpu *cpu = &sampler->cpus[sampler->cpu_count];
		struct clock clock = {.pid = pid, .cpu = i, .on_exec = on_exec};
		clock.user_only = sampler->user_only;
		int why = open_cpu(cpu, clock, hz);
		if ((why == EACCES || why == EPERM) && !sampler->user_only) {
			close_cpu(cpu);
			sampler->user_only = clock.user_only = true;
			why = open_cpu(cpu, clock, hz);
		}
		if (why == 0) {
			sampler->cpu_count++;
			failed = 0;
			continue;
		}
		close_cpu(cpu);
		if (why != ENODEV) { /* that processor is off-line */
			failed = why;
			break;
		}
	}
	if (failed) {
		pf_perf_close(sampler);
	}
	return failed;
}

int pf_perf_allowed(bool *user_only)
{
	pf_perf_sampler sampler;
	int why = pf_perf_open(&sampler, 0, true, 1);
	*user_only = why == 0 && sampler.user_only;
	if (why == 0) {
		pf_perf_close(&sampler);
	}
	return why;
}

/* A record that begins anywhere in the ring, in one piece. */
static const struct perf_event_header *copy_record(const pf_perf_cpu *cpu, uint64_t at, uint64_t head,
						   char *copy)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = RING_PAGES * page;
	const char *data = (const char *)cpu->ring + page;
	struct perf_event_header header;
	if (head - at < sizeof header) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof header; i++) {
		copy[i] = data[(at + i) % size];
	}
	memcpy(&header, copy, sizeof header);
	if (header.size < sizeof header || header.size > head - at) {
		return NULL;
	}
	size_t first = size - at % size;
	first = first < header.size ? first : header.size;
	memcpy(copy, data + at % size, first);
	memcpy(copy + first, data, header.size - first);
	return (const struct perf_event_header *)copy;
}

static void take_mapping(pf_maps *maps, const struct perf_event_header *header, const char *body)
{
	struct {
		uint32_t pid, tid;
		uint64_t begin, length, offset;
		uint32_t device[2];
		uint64_t inode[2];
		uint32_t protection, flags;
	} told;
	size_t room = header->size - sizeof *header;
	if (room > sizeof told && memchr(body + sizeof told, '\0', room - sizeof told)) {
		memcpy(&told, body, sizeof told);
		pf_maps_add(maps, (int32_t)told.pid, told.begin, told.length, told.offset,
			    body + sizeof told);
	}
}

static void take_told(pf_perf_sampler *sampler, pf_maps *maps, const struct perf_event_header *header)
{
	const char *body = (const char *)(header + 1);
	size_t room = header->size - sizeof *header;
	uint32_t ids[2] = {0};
	uint64_t words[2] = {0};
	memcpy(ids, body, room < sizeof ids ? room : sizeof ids);
	memcpy(words, body, room < sizeof words ? room : sizeof words);
	switch (header->type) {
	case PERF_RECORD_MMAP2:
		take_mapping(maps, header, body);
		break;
	case PERF_RECORD_FORK: /* pid, parent's pid; of a thread they are the same */
		pf_maps_fork(maps, (int32_t)ids[1], (int32_t)ids[0]);
		break;
	case PERF_RECORD_COMM:
		if (header->misc & PERF_RECORD_MISC_COMM_EXEC) {
			pf_maps_exec(maps, (int32_t)ids[0]);
		}
		break;
	case PERF_RECORD_LOST:
		sampler->lost += words[1];
		break;
	case PERF_RECORD_THROTTLE:
		sampler->slowed++;
		break;
	default:
		break;
	}
}

static bool take_sample(const struct perf_event_header *header, pf_sample *sample)
{
	const char *body = (const char *)(header + 1), *end = (const char *)header + header->size;
	struct {
		uint64_t ip;
		uint32_t pid, tid;
		uint64_t time_ns, count;
	} told;
	if ((size_t)(end - body) < sizeof told) {
		return false;
	}
	memcpy(&told, body, sizeof told);
	body += sizeof told;
	*sample = (pf_sample){.time_ns = told.time_ns, .pid = (int32_t)told.pid, .tid = (int32_t)told.tid};
	bool in_kernel = (header->misc & PERF_RECORD_MISC_CPUMODE_MASK) == PERF_RECORD_MISC_KERNEL;
	if (in_kernel || told.count == 0) {
		sample->ips[sample->count++] = told.ip;
	}
	for (uint64_t i = 0; i < told.count && (size_t)(end - body) >= (i + 1) * sizeof(uint64_t); i++) {
		uint64_t ip;
		memcpy(&ip, body + i * sizeof ip, sizeof ip);
		if (ip >= PERF_CONTEXT_MAX || ip == 0) { /* a mark: whose the next ones are */
			continue;
		}
		if (sample->count == PF_SAMPLE_FRAMES) {
			sample->cut = 1;
			break;
		}
		sample->ips[sample->count++] = ip;
	}
	return told.pid != 0 && sample->count > 0;
}

/* One way through what lies in the rings: what was told, or the samples. */
static void go_through(pf_perf_sampler *sampler, const uint64_t *heads, pf_maps *maps,
		       void (*take)(void *context, const pf_sample *sample), void *context)
{
	static _Alignas(8) char copy[RECORD_MOST];
	pf_sample sample;
	for (size_t i = 0; i < sampler->cpu_count; i++) {
		struct perf_event_mmap_page *page = sampler->cpus[i].ring;
		const struct perf_event_header *header;
		for (uint64_t at = page->data_tail;
		     (header = copy_record(&sampler->cpus[i], at, heads[i], copy)); at += header->size) {
			if (!take) {
				take_told(sampler, maps, header);
			} else if (header->type == PERF_RECORD_SAMPLE && take_sample(header, &sample)) {
				take(context, &sample);
			}
		}
	}
}

void pf_perf_drain(pf_perf_sampler *sampler, pf_maps *maps,
		   void (*take)(void *context, const pf_sample *sample), void *context)
{
	uint64_t *heads = calloc(sampler->cpu_count + 1, sizeof *heads);
	if (!heads) {
		return;
	}
	for (size_t i = 0; i < sampler->cpu_count; i++) {
		struct perf_event_mmap_page *page = sampler->cpus[i].ring;
		heads[i] = __atomic_load_n(&page->data_head, __ATOMIC_ACQUIRE);
	}
	go_through(sampler, heads, maps, NULL, NULL);
	go_through(sampler, heads, maps, take, context);
	for (size_t i = 0; i < sampler->cpu_count; i++) {
		struct perf_event_mmap_page *page = sampler->cpus[i].ring;
		__atomic_store_n(&page->data_tail, heads[i], __ATOMIC_RELEASE);
	}
	free(heads);
}

void pf_perf_close(pf_perf_sampler *sampler)
{
	for (size_t i = 0; i < sampler->cpu_count; i++) {
		close_cpu(&sampler->cpus[i]);
	}
	free(sampler->cpus);
	sampler->cpus = NULL;
	sampler->cpu_count = 0;
}
