/* Questions to libraries that end their process where an allocation fails: a child asks them. */
#ifndef PHOTOFINISH_ASK_CHILD_H
#define PHOTOFINISH_ASK_CHILD_H

#include <stddef.h>

#include "photofinish/status.h"

/* Forks a child that runs ask(context, answer), and copies the `bytes` of the answer (zeroes at first) into
 * *answer. What the child says on standard error is dropped, and what it loads is gone with it.
 * PF_ERR_CRASHED: it died, *answer is as it was. PF_ERR_UNAVAILABLE: this process may not fork (a contained
 * worker), nothing was asked; who can bear that it ends may ask here. PF_ERR_NO_MEMORY, PF_ERR_IO. Any
 * thread. */
pf_status pf_ask_child(void (*ask)(const void *context, void *answer), const void *context, void *answer,
		       size_t bytes, pf_error *error);

#endif
