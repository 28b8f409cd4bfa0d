/* What a process takes from itself before it runs code, or reads bytes, that may be hostile: no_new_privs, a
 * seccomp filter and a Landlock domain. All that it forks inherits it, and nobody gives anything back.
 * docs/containment.md says what is left. */
#ifndef PHOTOFINISH_CONTAINMENT_H
#define PHOTOFINISH_CONTAINMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* What is allowed beyond what scoring needs, as bits. */
enum pf_allowed {
	PF_ALLOW_NETWORK = 1u << 0,  /* sockets */
	PF_ALLOW_EXEC = 1u << 1,     /* other programs */
	PF_ALLOW_WRITE = 1u << 2,    /* opening for writing, where Landlock's rules allow it */
	PF_ALLOW_COUNTERS = 1u << 3, /* perf_event_open */
	PF_ALLOW_DEVICES = 1u << 4,  /* the same, and requests to device files (ioctl) */
	PF_ALLOW_ALL = 1u << 5,      /* nothing is taken away */
};

/* One path that may be used, with all that lies below it. One that is not there is left out. */
typedef struct pf_contained_path {
	const char *path;
	bool writable; /* also created, renamed and removed there; else it may only be read */
} pf_contained_path;

typedef struct pf_containment_order {
	uint32_t allow;                 /* of enum pf_allowed */
	const pf_contained_path *paths; /* beside the system's libraries, /proc and /sys */
	size_t path_count;
	pid_t protected_pid; /* a process that gets no signal, also where Landlock cannot see to it; 0: none
			      */
	int refusals; /* a Unix socket to who answers each call that is refused (pf_refusal_answer) and so
			 learns of it; -1: nobody does, it fails with EPERM all the same */
} pf_containment_order;

/* What is in force. Plain data. */
typedef struct pf_containment {
	uint32_t allowed; /* of enum pf_allowed */
	bool no_new_privs, seccomp;
	bool told;         /* calls that are refused are told of, see order->refusals */
	int32_t landlock;  /* its ABI; 0: the kernel has none */
	char why_not[128]; /* why one of them, or all, is not in force; "" where there is nothing to say */
} pf_containment;

/* Contains the calling process, which has one thread so far. Fails only where the kernel has what is needed
 * and refuses it; what the kernel lacks is told by *in_force. Under a sanitizer nothing is done: those need
 * calls (ptrace, writing) that this takes away. */
PF_API pf_status pf_contain(const pf_containment_order *order, pf_containment *in_force, pf_error *error);

/* In a process that was contained: from here on it forks nothing, cannot look into the one that forked it,
 * and signals only itself where the kernel can see to that (Landlock 6). Threads may be started. For one
 * worker of several; does nothing in a process that is not contained. */
PF_API pf_status pf_contain_worker(pf_error *error);

/* In a process that was contained: from here on it, and what it forks, is not allowed these of enum
 * pf_allowed (network, exec, write) any more. Does nothing in a process that is not contained. */
PF_API pf_status pf_contain_without(uint32_t allowed, pf_error *error);

/* What this kernel could put in force, without doing so. */
PF_API void pf_containment_look(pf_containment *out);

/* "no_new_privs, seccomp, Landlock 7"; what is not in force, with the reason; what was allowed beyond. */
#define PF_CONTAINMENT_TEXT 256
PF_API const char *pf_containment_text(const pf_containment *containment, char out[PF_CONTAINMENT_TEXT]);

/* At the other end of order->refusals: takes what the contained process told, once that can be read. Its
 * *listener (-1: there is none), owned by the caller, can be read when a call waits for an answer. */
PF_API pf_status pf_containment_receive(int socket, pf_containment *in_force, int *listener, pf_error *error);

/* Answers one call that waits, with EPERM: returns its number, or -1 where none waits any more. */
PF_API int pf_refusal_answer(int listener);

/* Of a system call: "socket"; "call 321" (in `out`) for one that has no name here. */
#define PF_CALL_NAME 32
PF_API const char *pf_call_name(int number, char out[PF_CALL_NAME]);
PF_API int pf_call_number(const char *name); /* the reverse; -1: none has that name */

#ifdef __cplusplus
}
#endif

#endif
