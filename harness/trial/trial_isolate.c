#include "harness/trial/trial_isolate.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/trial/photo_stream.h"
#include "harness/trial/queries.h"

static struct {
	struct pf_trial_shared *shared;
	int read_fd; /* of the block, opened for reading alone: what is mapped from it stays so */
} own = {NULL, -1};

pf_status pf_trial_isolate_prepare(struct pf_trial_shared *shared, pf_error *error)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/self/fd/%d", PF_TRIAL_FD_SHARED);
	own.shared = shared;
	own.read_fd = open(path, O_RDONLY | O_CLOEXEC);
	return own.read_fd < 0 ? pf_fail_errno(error, NULL, "cannot open the trial's memory again") : PF_OK;
}

/* Maps a part of the block anew, where it lies; whole pages. */
static bool map_again(const void *from, size_t bytes, int protection, int fd)
{
	char *at = (char *)own.shared + ((const char *)from - (const char *)own.shared);
	return mmap(at, bytes, protection, MAP_SHARED | MAP_FIXED, fd, at - (char *)own.shared) != MAP_FAILED;
}

/* The parts of probes begin behind everything else: whoever is looked into writes there. */
static bool map_probes(size_t page)
{
	uint64_t first = own.shared->bytes;
	for (size_t i = 0; i < PF_PROBE_COUNT; i++) {
		uint64_t offset = own.shared->probe_offsets[i];
		first = offset && offset < first ? offset : first;
	}
	first = first / page * page;
	return first >= own.shared->bytes ||
	       map_again((const char *)own.shared + first, own.shared->bytes - first, PROT_READ | PROT_WRITE,
			 PF_TRIAL_FD_SHARED);
}

static bool map_parts(uint32_t slot, uint32_t workers)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	int both = PROT_READ | PROT_WRITE, fd = PF_TRIAL_FD_SHARED;
	return page > PF_SLOT_ALIGNMENT || /* several slots lie in one page: it stays as it is */
	       (map_again(own.shared, own.shared->bytes, PROT_READ, own.read_fd) &&
		map_again(&own.shared->traces[slot], sizeof(pf_trace), both, fd) &&
		map_again(pf_trial_rings(own.shared, workers) + slot, sizeof(pf_trial_ring), both, fd) &&
		map_again(pf_trial_places(own.shared, workers) + slot, sizeof(pf_place), both, fd) &&
		map_probes(page));
}

pf_status pf_trial_isolate(const struct pf_env *env, uint32_t slot, pf_error *error)
{
	if (!map_parts(slot, own.shared->order.workers)) {
		return pf_fail_errno(error, NULL, "cannot give up the trial's memory");
	}
	(void)env;
	close(own.read_fd);
	close(PF_TRIAL_FD_SHARED);
	close(PF_TRIAL_FD_EVENTS);
	close(PF_TRIAL_FD_MANIFEST);
	if (own.shared->takes_queries) {
		close(PF_TRIAL_FD_QUERIES);
	}
	if (own.shared->inbox_slots) {
		close(PF_TRIAL_FD_INBOX);
	}
	return PF_OK;
}
