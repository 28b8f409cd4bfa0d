/* One child process: how it is started, watched, asked to end, killed and reaped, and what it used. */
#ifndef HARNESS_CHILD_H
#define HARNESS_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>

#include "photofinish/status.h"

/* A descriptor of this process under the number that the child finds it at. */
typedef struct pf_child_fd {
	int own; /* -1: /dev/null */
	int number;
} pf_child_fd;

typedef enum pf_child_kind {
	/* A program of ours, which asks for its own death when its parent dies (PR_SET_PDEATHSIG). It leads a
	 * session of its own, and so a process group: it has no terminal. */
	PF_CHILD_OWN,
	/* Any command. The launcher (harness/launcher/) stands between: the command leads a process group of
	 * its own, its peak memory is its own, and it dies when this process is killed. It is given the
	 * terminal if it asks for it while this process is in the foreground; later ones then have it from
	 * their start. */
	PF_CHILD_COMMAND,
	/* The same in this process's group and without the terminal: whoever kills that kills it. */
	PF_CHILD_COMMAND_IN_GROUP,
} pf_child_kind;

typedef struct pf_child_order {
	pf_child_kind kind;
	const char *program;      /* searched in PATH where it has no slash */
	char *const *arguments;   /* ended by NULL; the first one is its name */
	char *const *environment; /* NULL: this process's */
	const pf_child_fd *fds;   /* numbers below 10; all that are not closed by exec are inherited, too */
	size_t fd_count;          /* at most PF_CHILD_FDS */
	bool held;                /* a command: its launcher is there, it itself starts by pf_child_go */
} pf_child_order;

enum { PF_CHILD_FDS = 9 };

typedef struct pf_child {
	pf_child_kind kind;
	const char *program; /* the order's: for messages */
	pid_t pid;           /* of the process started, the launcher's where there is one; 0: none */
	int life;            /* a pidfd: readable once the process has ended; -1: none, or reaped */
	int report;          /* of the launcher; -1: none */
	uint64_t asked_ns;   /* when it was asked to end; 0: it was not */
	/* Filled in by pf_child_reap. */
	int ending;          /* as wait4 has it */
	struct rusage usage; /* of it and of those it waited for */
	uint64_t begin_ns,
		end_ns; /* on pf_now_ns's clock: before its start; when it was seen to have ended */
	bool had_terminal;
} pf_child;

/* Starts it. On failure (its program is not there, cannot be executed) nothing is left, but for commands:
 * that theirs cannot be executed is told by pf_child_reap. One thread at a time. */
pf_status pf_child_start(const pf_child_order *order, pf_child *out, pf_error *error);

/* Lets a command start that was held. */
void pf_child_go(const pf_child *child);

/* The same without another program: returns 0 in the child (a fork in a group of its own that dies with its
 * parent), the process's id in the parent, -1 with errno. */
pid_t pf_child_fork(pf_child *out);

/* True once it has ended; for one that was not reaped yet. Does not wait. */
bool pf_child_has_ended(pf_child *child);

/* Asks its group to end (SIGTERM, and SIGCONT: one that is stopped hears nothing); a call `grace_ns` after
 * the first one, or one with `now`, kills it. To be called from time to time until it has ended. */
void pf_child_stop(pf_child *child, uint64_t grace_ns, bool now);

/* Waits for its end, kills what it left behind (its group; of a command also the other groups of its session,
 * but nothing where it is in this process's group), reaps it and fills in the rest of *child.
 * PF_ERR_INTERNAL: somebody else reaped it, and its ending is unknown. A command that could not be executed:
 * why. One that asked for a terminal that this process does not have: PF_ERR_UNAVAILABLE. In any case *child
 * is done with. */
pf_status pf_child_reap(pf_child *child, pf_error *error);

static inline uint64_t pf_child_user_ns(const pf_child *child)
{
	return (uint64_t)child->usage.ru_utime.tv_sec * 1000000000u +
	       (uint64_t)child->usage.ru_utime.tv_usec * 1000u;
}

static inline uint64_t pf_child_system_ns(const pf_child *child)
{
	return (uint64_t)child->usage.ru_stime.tv_sec * 1000000000u +
	       (uint64_t)child->usage.ru_stime.tv_usec * 1000u;
}

#endif
