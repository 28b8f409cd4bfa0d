#include "harness/calibrate/cell.h"

#include <stdio.h>
#include <string.h>

static const unsigned percents[] = {3, 2, 5, 1};
enum { EFFECTS = sizeof percents / sizeof *percents, KINDS = 2 + 3 * EFFECTS };
static const pf_slowdown null_slowdowns[2] = {PF_SLOWDOWN_LAYOUTS, PF_SLOWDOWN_IDENTICAL};

#define NAME(constant, name, what) name,
#define WHAT(constant, name, what) what,
static const char *const names[] = {PF_SLOWDOWN_LIST(NAME)};
static const char *const texts[] = {PF_SLOWDOWN_LIST(WHAT)};
#undef NAME
#undef WHAT

const char *pf_slowdown_name(pf_slowdown slowdown)
{
	return (unsigned)slowdown < PF_SLOWDOWNS ? names[slowdown] : "?";
}

const char *pf_slowdown_text(pf_slowdown slowdown)
{
	return (unsigned)slowdown < PF_SLOWDOWNS ? texts[slowdown] : "?";
}

pf_slowdown pf_slowdown_from_name(const char *name)
{
	int i = 0;
	while (i < PF_SLOWDOWNS && strcmp(names[i], name) != 0) {
		i++;
	}
	return (pf_slowdown)i;
}

pf_cell pf_cell_at(size_t i)
{
	size_t kind = i / 4;
	pf_cell cell = {.neighbour = i / 2 % 2 == 1,
			.way = i % 2 ? PF_GATE_TWO_PROCESSES : PF_GATE_ONE_PROCESS};
	if (kind < 2) {
		cell.slowdown = null_slowdowns[kind];
	} else {
		cell.slowdown = (pf_slowdown)(PF_SLOWDOWN_COMPUTE + (kind - 2) % 3);
		cell.percent = percents[(kind - 2) / 3];
	}
	return cell;
}

size_t pf_cell_index(const pf_cell *cell)
{
	for (size_t i = 0; i < PF_CELLS; i++) {
		pf_cell other = pf_cell_at(i);
		if (other.slowdown == cell->slowdown && other.percent == cell->percent &&
		    other.way == cell->way && other.neighbour == cell->neighbour) {
			return i;
		}
	}
	return PF_CELLS;
}

char *pf_cell_name(const pf_cell *cell, char out[PF_CELL_NAME])
{
	char percent[16] = "";
	if (cell->percent) {
		snprintf(percent, sizeof percent, "-%u", cell->percent);
	}
	snprintf(out, PF_CELL_NAME, "%s%s/%s/%s", pf_slowdown_name(cell->slowdown), percent,
		 cell->neighbour ? "neighbour" : "quiet",
		 cell->way == PF_GATE_ONE_PROCESS ? "one-process" : "two-processes");
	return out;
}

/* 0 of 300 proves at most 1 %; 0 of 59 at most 5 %. Three workloads of a gate are three chances to miss. */
size_t pf_cell_wanted(const pf_cell *cell)
{
	size_t wanted = cell->slowdown == PF_SLOWDOWN_LAYOUTS ? 300 : pf_cell_is_null(cell) ? 60 : 100;
	return cell->neighbour || cell->way == PF_GATE_TWO_PROCESSES ? wanted / 5 : wanted;
}
