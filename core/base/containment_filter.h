/* The parts of containment that are not for others. */
#ifndef PHOTOFINISH_CONTAINMENT_FILTER_H
#define PHOTOFINISH_CONTAINMENT_FILTER_H

#include "photofinish/containment.h"

/* Puts a filter of system calls in force for this process and what it forks. Where `listener` is not NULL,
 * calls that are refused wait for an answer that comes through *listener. Returns 0 or an errno: EBUSY where
 * somebody listens already. */
int pf_filter_install(const pf_containment_order *order, int *listener);

/* In force beside the first one: no process is started any more. */
int pf_filter_install_worker(void);

/* In force beside the first one: what was let through for these of enum pf_allowed is refused. */
int pf_filter_install_without(uint32_t allowed);

/* Whether this kernel has filters. */
bool pf_filter_available(void);

#endif
