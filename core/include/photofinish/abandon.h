/* The end of a process in the midst of its work. */
#ifndef PHOTOFINISH_ABANDON_H
#define PHOTOFINISH_ABANDON_H

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Removes the temporary files of all pf_new_file (file.h) that this process has open, at most 16. For one
 * thread, as pf_new_file itself. */
PF_API void pf_new_file_abandon_all(void);

#ifdef __cplusplus
}
#endif

#endif
