/* A thread beside a pool of processes. A fork copies the locks that other threads hold at that moment (an
 * allocator's, a decoder's), and nobody opens them in the child: so the pool forks only while the thread is
 * outside of libraries. */
#ifndef PHOTOFINISH_SIDE_THREAD_H
#define PHOTOFINISH_SIDE_THREAD_H

#include "photofinish/status.h"

typedef struct pf_side_thread pf_side_thread;

/* Calls run(context) in a thread of its own. Before it has begun, and while it ends, nothing can be forked
 * either: start waits for the one, the thread waits for join before the other. */
PF_API pf_status pf_side_thread_start(void (*run)(void *context), void *context, pf_side_thread **out,
				      pf_error *error);
PF_API void pf_side_thread_join(pf_side_thread *thread); /* also frees it; NULL is fine */

/* Around what the thread does that allocates or calls libraries, and not around waiting; and around a fork.
 * Fair: who forks waits for one stay of the thread at most. The child's copy stays closed and is not to be
 * used. */
PF_API void pf_side_thread_enter(pf_side_thread *thread);
PF_API void pf_side_thread_leave(pf_side_thread *thread);

#endif
