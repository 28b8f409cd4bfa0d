#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "core/base/ask_child.h"
#include "photofinish/workspace.h"

#ifdef PF_WITH_ONEDNN
#include <dnnl.h>

#define TEXT 64

static char onednn[TEXT];

/* The instruction set decides in which order oneDNN sums. */
static void ask_onednn(const void *context, void *answer)
{
	(void)context;
	const dnnl_version_t *version = dnnl_version();
	snprintf(answer, TEXT, "oneDNN %d.%d.%d (isa %u)", version->major, version->minor, version->patch,
		 (unsigned)dnnl_get_effective_cpu_isa());
}

/* oneDNN ends the process where its first allocation fails. */
static void describe_onednn(void)
{
	pf_status status = pf_ask_child(ask_onednn, NULL, onednn, sizeof onednn, NULL);
	if (status == PF_ERR_UNAVAILABLE) {
		ask_onednn(NULL, onednn);
	} else if (status != PF_OK) {
		snprintf(onednn, sizeof onednn, "oneDNN (not enough memory to ask which)");
	}
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
