/* Shared objects that hold a variant. */
#ifndef HARNESS_PLUGIN_H
#define HARNESS_PLUGIN_H

#include "photofinish/status.h"
#include "photofinish/variant.h"

#define PF_PLUGIN_SYMBOL "pf_plugin_variant"

/* Loads `path` (absolute; errors call it `file`) into this process, for good, and checks the descriptor that
 * it exports before anything of it is used: the ABI version, the size, the texts, the name. */
pf_status pf_plugin_open(const char *path, const char *file, const struct pf_variant **out, pf_error *error);

#endif
