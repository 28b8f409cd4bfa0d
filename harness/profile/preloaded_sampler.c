#include "harness/profile/preloaded_sampler.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/own_object.h"
#include "photofinish/file.h"

#define LIBRARY "photofinish_samples.so"

pf_status pf_preloaded_open(pf_preloaded_sampler *sampler, const char *executable, uint32_t hz,
			    pf_error *error)
{
	*sampler = (pf_preloaded_sampler){.fd = -1};
	if (!pf_own_object(executable, LIBRARY, sampler->library, sizeof sampler->library)) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, sampler->library,
			       "no samples can be taken: perf events are not allowed here, and " LIBRARY
			       " is neither here nor in " PF_PRELOAD_FROM_PROGRAM);
	}
	if (strpbrk(sampler->library, " :")) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, sampler->library,
			       "no samples can be taken: a path with blanks or colons cannot be preloaded");
	}
	sampler->fd = pf_memory_file("samples", sizeof *sampler->board);
	void *at = sampler->fd < 0 ? MAP_FAILED
				   : mmap(NULL, sizeof *sampler->board, PROT_READ | PROT_WRITE, MAP_SHARED,
					  sampler->fd, 0);
	if (at == MAP_FAILED) {
		pf_preloaded_close(sampler);
		return pf_fail_errno(error, NULL, "cannot make room for samples");
	}
	sampler->board = at;
	sampler->board->hz = hz;
	for (uint64_t i = 0; i < PF_SAMPLE_SLOTS; i++) {
		atomic_store(&sampler->board->slots[i].turn, i);
	}
	sampler->board->magic = PF_SAMPLE_MAGIC;
	return PF_OK;
}

/* Whoever writes there may be killed in the middle, or write anything: what is read is a copy. */
void pf_preloaded_drain(pf_preloaded_sampler *sampler, bool last,
			void (*take)(void *context, const pf_sample *sample), void *context)
{
	uint64_t end = atomic_load(&sampler->board->next);
	end = end - sampler->next > PF_SAMPLE_SLOTS ? sampler->next + PF_SAMPLE_SLOTS : end;
	for (; sampler->next < end; sampler->next++) {
		pf_sample_slot *slot = &sampler->board->slots[sampler->next % PF_SAMPLE_SLOTS];
		if (atomic_load_explicit(&slot->turn, memory_order_acquire) == sampler->next + 1) {
			pf_sample sample = slot->sample;
			sample.count = sample.count < PF_SAMPLE_FRAMES ? sample.count : PF_SAMPLE_FRAMES;
			if (sample.count) {
				take(context, &sample);
			}
		} else if (last || end - sampler->next > PF_SAMPLE_SLOTS / 2) {
			sampler->skipped++;
		} else {
			break; /* it is being written */
		}
		atomic_store_explicit(&slot->turn, sampler->next + PF_SAMPLE_SLOTS, memory_order_release);
	}
}

uint64_t pf_preloaded_lost(const pf_preloaded_sampler *sampler)
{
	return atomic_load(&sampler->board->lost) + sampler->skipped;
}

void pf_preloaded_close(pf_preloaded_sampler *sampler)
{
	if (sampler->board) {
		munmap(sampler->board, sizeof *sampler->board);
	}
	if (sampler->fd >= 0) {
		close(sampler->fd);
	}
	*sampler = (pf_preloaded_sampler){.fd = -1};
}
