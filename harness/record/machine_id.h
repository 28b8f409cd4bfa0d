/* A machine's fingerprint: which records were taken on machines that are alike. */
#ifndef HARNESS_MACHINE_ID_H
#define HARNESS_MACHINE_ID_H

#include <jansson.h>

#define PF_MACHINE_ID 8 /* characters */

/* First digits of the SHA-256 over what a record's environment says of the machine: processor, cores,
 * hypervisor, memory in GiB, kernel, libc. No name of a host enters it, nor anything of the build. */
void pf_machine_id(const json_t *environment, char id[PF_MACHINE_ID + 1]);

#endif
