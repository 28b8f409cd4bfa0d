/* What others may time of this library. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <photofinish/workload.h>

#include "sums.h"

typedef struct adler {
	size_t count;
	uint32_t sum;
	unsigned char bytes[];
} adler;

static int set_up(const pf_workload *self, const pf_workload_input *input, void **state, char *error,
		  size_t error_bytes)
{
	adler *own = *state = calloc(1, sizeof *own + (size_t)input->size);
	uint32_t random = input->seed;
	if (!own) {
		snprintf(error, error_bytes, "%s: no memory", self->name);
		return 1;
	}
	own->count = (size_t)input->size;
	for (size_t i = 0; i < own->count; i++) {
		own->bytes[i] = (unsigned char)((random = random * 1664525u + 1013904223u) >> 24);
	}
	return 0;
}

static int run(void *state, uint64_t n)
{
	adler *own = state;
	while (n-- > 0) {
		own->sum = sums_adler32(own->bytes, own->count);
	}
	return 0;
}

static void digest(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	memset(out, 0, PF_WORKLOAD_DIGEST_BYTES);
	memcpy(out, &((const adler *)state)->sum, sizeof(uint32_t));
}

static const pf_workload workloads[] = {
	{.name = "adler32", .what = "Adler-32 of random bytes", .unit = "checksum", .size_unit = "bytes",
	 .size_least = 1, .size_most = 1u << 30, .size_default = 1u << 20,
	 .set_up = set_up, .run = run, .digest = digest, .tear_down = free},
};

const pf_workloads pf_workloads_v1 = {PF_WORKLOADS_VERSION, sizeof(pf_workloads), sizeof(pf_workload), 1,
				      workloads, "sums 1.0.0"};
