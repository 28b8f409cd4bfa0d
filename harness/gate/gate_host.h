/* The process in which workloads run: what the hidden command "gate-host" does. Its order comes on descriptor
 * 3, its frames go to descriptor 4 (gate_protocol.h). A library that ends or kills it ends no more than this.
 */
#ifndef HARNESS_GATE_HOST_H
#define HARNESS_GATE_HOST_H

/* Returns the exit status. */
int pf_gate_host(void);

#endif
