/* Waiting on a word of shared memory. Unlike a condition variable of several processes it keeps nothing that
 * a killed waiter could leave behind; and every wait is short, so that a killed waker holds nobody up. */
#ifndef PHOTOFINISH_FUTEX_H
#define PHOTOFINISH_FUTEX_H

#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define PF_FUTEX_WAIT_NS 50000000

/* Returns once the word is not `value` any more, that time has passed (50 ms at most), or for no reason: look
 * again. */
static inline void pf_futex_wait_ns(const _Atomic uint32_t *word, uint32_t value, uint64_t ns)
{
	struct timespec limit = {.tv_nsec = (long)(ns < PF_FUTEX_WAIT_NS ? ns : PF_FUTEX_WAIT_NS)};
	syscall(SYS_futex, word, FUTEX_WAIT, value, &limit, NULL, 0);
}

static inline void pf_futex_wait(const _Atomic uint32_t *word, uint32_t value)
{
	pf_futex_wait_ns(word, value, PF_FUTEX_WAIT_NS);
}

static inline void pf_futex_wake_all(const _Atomic uint32_t *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

#endif
