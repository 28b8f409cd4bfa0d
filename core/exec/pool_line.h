/* The line between a pool's parent and one of its workers: units one way, what the worker says the other way.
 * Whatever a worker says is taken to be hostile: the parent reads it without waiting, and checks it. */
#ifndef CORE_EXEC_POOL_LINE_H
#define CORE_EXEC_POOL_LINE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/exec.h"
#include "photofinish/status.h"

#define PF_POOL_NO_UNIT UINT64_MAX

enum pf_pool_word {
	PF_POOL_READY = 1, /* it has opened what it needs */
	PF_POOL_TOLD,      /* pf_pool_tell: payload as there */
	PF_POOL_DONE,      /* with the unit */
	PF_POOL_FAILED,    /* it gives up: payload pf_error */
};

typedef struct pf_pool_head {
	uint32_t bytes, word; /* bytes: with this head, at most PIPE_BUF: one write, which nothing parts */
	uint64_t unit;        /* that it speaks of, or has at hand */
} pf_pool_head;

_Static_assert(PF_POOL_TOLD_MOST + sizeof(pf_pool_head) <= PIPE_BUF, "what is told comes in one piece");

/* The parent's side. */
typedef struct pf_pool_line {
	int said;        /* is read from; -1: there is no worker */
	int given;       /* is written to */
	int worker_says; /* both of the worker's until the fork */
	int worker_given;
	size_t used;
	unsigned char bytes[2 * PIPE_BUF];
} pf_pool_line;

/* Opens both pipes. After the fork the parent calls forked, and the worker enter, which closes all that
 * belongs to the parent or to others: lines[count], its own is lines[own]. */
pf_status pf_pool_line_open(pf_pool_line *line, pf_error *error);
void pf_pool_line_forked(pf_pool_line *line);
void pf_pool_line_close(pf_pool_line *line);
void pf_pool_line_enter(pf_pool_line *lines, size_t count, size_t own);

/* The parent gives a unit, or PF_POOL_NO_UNIT: there are no more. False where the worker took none of those
 * before. */
bool pf_pool_line_give(const pf_pool_line *line, uint64_t unit);

/* Reads once, and hands what is complete to `take` until that returns false. 1: there may be more; 0: the
 * worker is gone; -1: it wrote what makes no sense. */
int pf_pool_line_hear(pf_pool_line *line,
		      bool (*take)(void *context, const pf_pool_head *head, const void *payload),
		      void *context);

/* In a worker. */
bool pf_pool_in_worker(void);
pf_status pf_pool_say(enum pf_pool_word word, const void *payload, size_t bytes);
/* The next unit once there is one: true; after wait_ms at most: false. */
bool pf_pool_take(uint64_t *unit, int wait_ms);

#endif
