/* The cells of a calibration: which difference there is between the two arms, what runs beside, which way. */
#ifndef HARNESS_CELL_H
#define HARNESS_CELL_H

#include <stdbool.h>
#include <stddef.h>

#include "harness/gate/gate_protocol.h"

/* X(constant, name, what it is) */
#define PF_SLOWDOWN_LIST(X)                                                                             \
	X(PF_SLOWDOWN_IDENTICAL, "identical", "no difference: the same bytes in both arms")             \
	X(PF_SLOWDOWN_LAYOUTS, "layouts", "no difference but other layouts of one source in both arms") \
	X(PF_SLOWDOWN_COMPUTE, "compute", "slower by arithmetic in each unit")                          \
	X(PF_SLOWDOWN_MEMORY, "memory", "slower by memory that each unit reads")                        \
	X(PF_SLOWDOWN_RARE, "rare", "slower by arithmetic in 1 % of the units")

#define PF_SLOWDOWN_ENUM(constant, name, what) constant,
typedef enum pf_slowdown { PF_SLOWDOWN_LIST(PF_SLOWDOWN_ENUM) PF_SLOWDOWNS } pf_slowdown;
#undef PF_SLOWDOWN_ENUM
const char *pf_slowdown_name(pf_slowdown slowdown);
pf_slowdown pf_slowdown_from_name(const char *name); /* PF_SLOWDOWNS: none */
const char *pf_slowdown_text(pf_slowdown slowdown);

typedef struct pf_cell {
	pf_slowdown slowdown;
	unsigned percent; /* 0 where there is no difference */
	bool neighbour;
	pf_gate_way way;
} pf_cell;

enum { PF_CELLS = 2 * 2 * (2 + 3 * 4), PF_CELL_NAME = 64 };

/* Cell 0 .. PF_CELLS - 1, the most telling ones first. */
pf_cell pf_cell_at(size_t i);
size_t pf_cell_index(const pf_cell *cell); /* PF_CELLS: none of them */

/* "compute-3/quiet/one-process". Returns `out`. */
char *pf_cell_name(const pf_cell *cell, char out[PF_CELL_NAME]);

/* How many gates of it are wanted: as many as its target needs. */
size_t pf_cell_wanted(const pf_cell *cell);

static inline bool pf_cell_is_null(const pf_cell *cell)
{
	return cell->percent == 0;
}

#endif
