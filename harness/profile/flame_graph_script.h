/* What runs inside a flame graph: zooming on a click, searching; #search=PATTERN searches from the start. */
#ifndef HARNESS_FLAME_GRAPH_SCRIPT_H
#define HARNESS_FLAME_GRAPH_SCRIPT_H

extern const char pf_flame_graph_script[];

#endif
