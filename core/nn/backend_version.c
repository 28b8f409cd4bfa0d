#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "photofinish/workspace.h"

#ifdef PF_WITH_ONEDNN
#include <dnnl.h>

#define TEXT 64

static char onednn[TEXT];

/* The instruction set decides in which order oneDNN sums. */
static void ask_onednn(char out[TEXT])
{
	const dnnl_version_t *version = dnnl_version();
	snprintf(out, TEXT, "oneDNN %d.%d.%d (isa %u)", version->major, version->minor, version->patch,
		 (unsigned)dnnl_get_effective_cpu_isa());
}

/* oneDNN ends the process where its first allocation fails: a child asks it. A process that may not fork (a
 * contained worker) asks for itself, and can be spared. */
static void describe_onednn(void)
{
	char *shared = mmap(NULL, TEXT, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	pid_t pid = shared == MAP_FAILED ? -1 : fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
		close(STDERR_FILENO); /* the runtime of C++ would say there why it ends */
		ask_onednn(shared);
		_exit(0);
	}
	while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
	}
	if (pid < 0 && shared != MAP_FAILED && errno == EPERM) {
		ask_onednn(onednn);
	} else {
		snprintf(onednn, sizeof onednn, "%s",
			 pid > 0 && shared[0] ? shared : "oneDNN (not enough memory to ask which)");
	}
	if (shared != MAP_FAILED) {
		munmap(shared, TEXT);
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
