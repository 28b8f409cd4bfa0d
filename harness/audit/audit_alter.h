/* Photos of others altered in a process of its own (registry/contained_run.h). */
#ifndef HARNESS_AUDIT_ALTER_H
#define HARNESS_AUDIT_ALTER_H

#include "datasets/dataset_alter.h"

/* As pf_photo_alter; PF_ERR_CRASHED where the file crashes the reader. */
pf_status pf_audit_alter(const char *file, uint64_t seed, bool half, pf_altered *out, pf_error *error);

#endif
