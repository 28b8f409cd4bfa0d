/* A micro-benchmark: how fast memory is copied. photofinish bench --plugin copy.so */
#include <photofinish/gbench.h>
#include <string.h>

static char from[1 << 20], to[1 << 20];

static void copy(pf_gbench_state *state, void *context)
{
	(void)context;
	uint64_t bytes = (uint64_t)pf_gbench_range(state, 0);
	while (pf_gbench_keep_running(state, 1))
		pf_gbench_keep(memcpy(to, from, bytes));
	pf_gbench_bytes(state, pf_gbench_iterations(state) * bytes);
}
PF_GBENCH_PLUGIN(void) { pf_gbench_arg_range(pf_gbench_register("copy", copy, NULL), 1024, 1 << 20, 32); }
