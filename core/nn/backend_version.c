#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "photofinish/workspace.h"

#ifdef PF_WITH_ONEDNN
#include <dnnl.h>

static char onednn[64];

/* The instruction set decides in which order oneDNN sums. */
static void describe_onednn(void)
{
	const dnnl_version_t *version = dnnl_version();
	snprintf(onednn, sizeof onednn, "oneDNN %d.%d.%d (isa %u)", version->major, version->minor,
		 version->patch, (unsigned)dnnl_get_effective_cpu_isa());
}
#endif

const char *pf_network_backend_version(size_t index)
{
	const char *name = pf_network_backend(index);
#ifdef PF_WITH_ONEDNN
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	if (name && strcmp(name, "onednn") == 0) {
		pthread_once(&once, describe_onednn);
		return onednn;
	}
#endif
	return name ? "plain C" : NULL;
}
