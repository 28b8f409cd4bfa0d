/* Ways to the same outputs: sets of instructions, decoders, backends of networks. */
#include <string.h>

#include "core/workloads/work.h"
#include "photofinish/strategy.h"

#define OWN (PF_STRATEGY_OWN_DECODER | PF_STRATEGY_EXACT_FACES)

/* Networks are oneDNN's in all of the photo's: that has a choice of its own by the processor. */
static const pf_work_way ways[] = {
	{"plain", .kernels = "plain", .backend = "plain"},
	{"avx2", .kernels = "avx2"},
	{"avx512", .kernels = "avx512"},
	{"libjpeg"},
	{"opencv"},
	{"own-plain", .kernels = "plain", .strategy = OWN},
	{"own-avx2", .kernels = "avx2", .strategy = OWN},
	{"own-avx512", .kernels = "avx512", .strategy = OWN},
	{"plain-path"},
	{"onednn", .backend = "onednn"},
	{"cudnn-fp32", .backend = "cudnn-fp32"},
};

const char *const pf_work_cpu_ways[] = {"plain", "avx2", "avx512", NULL};
const char *const pf_work_decode_ways[] = {"libjpeg", "own-plain", "own-avx2", "own-avx512", NULL};
const char *const pf_work_face_ways[] = {"opencv", "own-plain", "own-avx2", "own-avx512", NULL};
const char *const pf_work_photo_ways[] = {"plain-path", "own-plain", "own-avx2", "own-avx512", NULL};
const char *const pf_work_network_ways[] = {"plain", "onednn", "cudnn-fp32", NULL};

pf_work_way pf_work_way_of(const pf_workload_input *input)
{
	for (size_t i = 0; input->way && i < sizeof ways / sizeof *ways; i++) {
		if (strcmp(ways[i].name, input->way) == 0) {
			return ways[i];
		}
	}
	return (pf_work_way){0};
}
