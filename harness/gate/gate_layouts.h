/* What a process of a gate loads: each arm in a layout that no other process had. Linked just before the
 * process starts, removed when the next one is: no more than two are there. */
#ifndef HARNESS_GATE_LAYOUTS_H
#define HARNESS_GATE_LAYOUTS_H

#include "harness/gate/gate_build.h"

typedef struct pf_gate_layouts pf_gate_layouts;

/* Layouts are numbered 100,000,000 .. 999,999,999: names of files are equally long. */
enum { PF_GATE_LAYOUT_FIRST = 100000000, PF_GATE_LAYOUT_COUNT = 900000000 };

/* For arms that were made; they live on. Removes what killed gates left in the arms' folders. */
pf_status pf_gate_layouts_open(const pf_gate_arm arms[2], pf_gate_layouts **out, pf_error *error);

/* Links `layout` of each arm that relinks; a finished library is as it is. libraries[arm] is good until the
 * next call. The same layout of one tree in both arms: equal bytes in two files. */
pf_status pf_gate_layouts_make(pf_gate_layouts *layouts, const unsigned layout[2],
			       char libraries[2][PATH_MAX], pf_error *error);

void pf_gate_layouts_close(pf_gate_layouts *layouts); /* NULL allowed; removes the files */

#endif
