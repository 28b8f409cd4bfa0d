/* --token-file: what requests have to bear. */
#ifndef HARNESS_TOKEN_FILE_H
#define HARNESS_TOKEN_FILE_H

#include "photofinish/status.h"

enum { PF_TOKEN_MOST = 512 };

/* The first line of the file, of 16 bytes at least. */
pf_status pf_token_read(const char *file, char token[PF_TOKEN_MOST], pf_error *error);

#endif
