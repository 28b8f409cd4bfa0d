/* A pool of processes whose loop is the caller's: what pf_pool_run does, step by step. */
#ifndef CORE_EXEC_POOL_STEPS_H
#define CORE_EXEC_POOL_STEPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/exec.h"

typedef struct pf_pool pf_pool;

/* job->units: there will be no end of units, and deaths outside of them count from the last unit that was
 * done. */
#define PF_POOL_ENDLESS SIZE_MAX

/* Forks the workers, which have nothing to do yet. `env` and `job` must outlive the pool. */
pf_status pf_pool_open(const struct pf_env *env, const pf_pool_job *job, pf_pool **out, pf_error *error);

/* There are so many units by now, never fewer than before; without `more` that is all there will be. Workers
 * that wait for some get them. */
void pf_pool_offer(pf_pool *pool, size_t units, bool more);

/* Waits until a worker says something or ends, `fd` (-1: none) can be read, or wait_ms passed (-1: never),
 * and deals with what workers did. A failure of the pool as a whole; a request to stop is none. */
pf_status pf_pool_step(pf_pool *pool, int fd, int wait_ms, pf_error *error);

bool pf_pool_alive(const pf_pool *pool);      /* there are workers */
bool pf_pool_cancelled(const pf_pool *pool);  /* one has stopped on request */
uint64_t pf_pool_deaths(const pf_pool *pool); /* workers that were replaced */
void pf_pool_count(const pf_pool *pool, uint32_t *ready, uint32_t *busy);

void pf_pool_close(pf_pool *pool); /* kills who is left; NULL is fine */

#endif
