/* The gate for whole programs: what cannot be sliced is run as a whole, four runs an observation (ABBA or
 * BAAB). */
#ifndef HARNESS_GATE_COMMANDS_H
#define HARNESS_GATE_COMMANDS_H

#include "harness/gate/gate.h"

/* Judges two lines for /bin/sh, gate->arms[].given, by wall time, as the one workload "command". A candidate
 * that fails FAILs, a baseline that fails is INVALID; what they compute is not checked. */
pf_status pf_gate_run_commands(pf_gate *gate, const char *const commands[2], pf_gate_progress progress,
			       void *context, pf_error *error);

#endif
