/* Keeps a thread away from libraries while its process forks. A fork copies the locks that other threads hold
 * at that moment (an allocator's, a decoder's), and nobody opens them in the child. */
#ifndef PHOTOFINISH_FORK_GATE_H
#define PHOTOFINISH_FORK_GATE_H

#include <pthread.h>

#include "photofinish/status.h"

/* The two sides are fair: who forks waits for one stay of the other thread at most. */
typedef struct pf_fork_gate {
	pthread_mutex_t turnstile, inside;
} pf_fork_gate;

#define PF_FORK_GATE_INIT                                            \
	{                                                            \
		PTHREAD_MUTEX_INITIALIZER, PTHREAD_MUTEX_INITIALIZER \
	}

/* Around what the thread does that allocates or calls libraries; not around waiting. Who forks does the same
 * around the fork; the child's copy stays closed and is not to be used. */
PF_API void pf_fork_gate_enter(pf_fork_gate *gate);
PF_API void pf_fork_gate_leave(pf_fork_gate *gate);

#endif
