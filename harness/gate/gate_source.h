/* Trees of sources, put where they can be built. */
#ifndef HARNESS_GATE_SOURCE_H
#define HARNESS_GATE_SOURCE_H

#include <limits.h>
#include <stddef.h>

#include "photofinish/status.h"

/* The identity of a revision (by git in the working folder) or of a folder as it is now: 40 hexadecimal
 * digits, git's name of the tree where git knows it. PF_ERR_NOT_FOUND: `given` is neither. */
pf_status pf_gate_source_id(const char *given, char id[41], pf_error *error);

/* Unpacks that tree into the new folder `target`. */
pf_status pf_gate_source_unpack(const char *given, const char *id, const char *target, pf_error *error);

/* The path of gate_tree.sh, installed or in the tree that this was built from. Returns `path`. */
char *pf_gate_script(char path[PATH_MAX]);

/* Runs a program, its output into the file `log` (appended). PF_ERR_INVALID if it fails, PF_ERR_CANCELLED. */
pf_status pf_gate_tool(char *const *words, const char *log, pf_error *error);

/* The first line that a program prints, without its end. */
pf_status pf_gate_tool_line(char *const *words, char *line, size_t capacity, pf_error *error);

#endif
