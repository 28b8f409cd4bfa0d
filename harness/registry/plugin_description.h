/* The descriptor of a plug-in as text: what the process that loaded it tells the harness, which never loads
 * it. */
#ifndef HARNESS_PLUGIN_DESCRIPTION_H
#define HARNESS_PLUGIN_DESCRIPTION_H

#include "photofinish/status.h"
#include "photofinish/variant.h"

enum { PF_DESCRIPTION_BYTES = 60 << 10 }; /* at most, its end included: they fit into a pipe */

/* In the process that loaded it. PF_ERR_INVALID where a text is no UTF-8, or all is too long. The caller
 * frees *out. */
pf_status pf_plugin_describe(const struct pf_variant *variant, char **out, pf_error *error);

/* In the harness: a descriptor like it whose functions cannot be called. Nothing of the text is trusted.
 * *out lives as long as the program. */
pf_status pf_plugin_described(const char *text, const struct pf_variant **out, pf_error *error);

#endif
