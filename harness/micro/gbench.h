/* Micro-benchmarks written in C, executed by Google Benchmark: what its State and its registration offer, as
 * functions. It is installed as photofinish/gbench.h. A shared object that defines
 *
 *     PF_GBENCH_PLUGIN(void) { pf_gbench_register("copy", copy, NULL); }
 *
 * is taken in by `photofinish bench --plugin FILE.so`; it links nothing: the program has these functions.
 * docs/examples/bench/ is one. See Google Benchmark's user guide for what they do. */
#ifndef PHOTOFINISH_GBENCH_H
#define PHOTOFINISH_GBENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define PF_GBENCH_API __attribute__((visibility("default")))
#define PF_GBENCH_SYMBOL "pf_gbench_plugin_v1" /* for dlsym; void (*)(void) */
#define PF_GBENCH_PLUGIN(arguments)                        \
	PF_GBENCH_API void pf_gbench_plugin_v1(arguments); \
	void pf_gbench_plugin_v1(arguments)

/* One execution of a benchmark by one thread. */
typedef struct pf_gbench_state pf_gbench_state;

/* A benchmark: prepares, loops `while (pf_gbench_keep_running(state, 1))`, reports, cleans up. It is called
 * several times, with more and more iterations; of several threads, in each of them at the same time. */
typedef void (*pf_gbench_function)(pf_gbench_state *state, void *context);

/* True as long as `batch` more iterations are wanted; timing begins with the first call and ends when it
 * returns false. May overshoot by what is left of a batch. Only with the loop's end, or after
 * pf_gbench_refuse, may the function return. */
PF_GBENCH_API bool pf_gbench_keep_running(pf_gbench_state *state, uint64_t batch);

/* Stops and goes on with the clock, within the loop: costs some 100 ns each time. */
PF_GBENCH_API void pf_gbench_pause(pf_gbench_state *state);
PF_GBENCH_API void pf_gbench_resume(pf_gbench_state *state);

PF_GBENCH_API int64_t pf_gbench_range(const pf_gbench_state *state, size_t index); /* argument; 0: none */
PF_GBENCH_API unsigned pf_gbench_thread(const pf_gbench_state *state);             /* from 0 */
PF_GBENCH_API unsigned pf_gbench_threads(const pf_gbench_state *state);
PF_GBENCH_API uint64_t pf_gbench_iterations(const pf_gbench_state *state); /* done, after the loop */

/* After the loop; of all its iterations. */
PF_GBENCH_API void pf_gbench_label(pf_gbench_state *state, const char *label);
PF_GBENCH_API void pf_gbench_bytes(pf_gbench_state *state, uint64_t bytes);
PF_GBENCH_API void pf_gbench_items(pf_gbench_state *state, uint64_t items);
PF_GBENCH_API void pf_gbench_complexity_n(pf_gbench_state *state, int64_t n);

enum {                                   /* bits of how */
       PF_GBENCH_RATE = 1,               /* divided by the time */
       PF_GBENCH_AVERAGE_THREADS = 2,    /* divided by the threads */
       PF_GBENCH_AVERAGE_ITERATIONS = 4, /* divided by the iterations */
};
PF_GBENCH_API void pf_gbench_counter(pf_gbench_state *state, const char *name, double value, unsigned how);

/* Before the loop: it gets no time, and `why` (one line) is shown. Then the loop is not begun. */
PF_GBENCH_API void pf_gbench_refuse(pf_gbench_state *state, const char *why);

/* Keeps the compiler from leaving out what computes *value, or writes that nobody reads. */
static inline void pf_gbench_keep(const void *value)
{
	__asm__ volatile("" : : "r"(value) : "memory");
}

/* Registration. The handle is Google Benchmark's; never NULL. `name` is copied. */
typedef struct pf_gbench pf_gbench;
PF_GBENCH_API pf_gbench *pf_gbench_register(const char *name, pf_gbench_function function, void *context);

/* Executed once for each that was added; none: once, without arguments. */
PF_GBENCH_API void pf_gbench_args(pf_gbench *of, const int64_t *values, size_t count);
PF_GBENCH_API void pf_gbench_arg_names(pf_gbench *of, const char *const *names, size_t count);
/* One argument: low, high, and the powers of `multiplier` between them. */
PF_GBENCH_API void pf_gbench_arg_range(pf_gbench *of, int64_t low, int64_t high, int multiplier);
PF_GBENCH_API void pf_gbench_with_threads(pf_gbench *of, int threads);
PF_GBENCH_API void pf_gbench_by_wall_time(pf_gbench *of); /* as many iterations as wall time asks for */

typedef enum pf_gbench_order {
	PF_GBENCH_AUTO, /* what fits best */
	PF_GBENCH_1,
	PF_GBENCH_LOG_N,
	PF_GBENCH_N,
	PF_GBENCH_N_LOG_N,
	PF_GBENCH_N2,
	PF_GBENCH_N3,
} pf_gbench_order;
/* Fits times over pf_gbench_complexity_n of all arguments. */
PF_GBENCH_API void pf_gbench_complexity(pf_gbench *of, pf_gbench_order order);

typedef enum pf_gbench_unit { PF_GBENCH_NS, PF_GBENCH_US, PF_GBENCH_MS, PF_GBENCH_S } pf_gbench_unit;
PF_GBENCH_API void pf_gbench_show_in(pf_gbench *of, pf_gbench_unit unit);

#ifdef __cplusplus
}
#endif

#endif
