/* What the head of a request says. */
#ifndef HARNESS_SERVE_HEAD_H
#define HARNESS_SERVE_HEAD_H

#include <microhttpd.h>
#include <stdbool.h>

#include "harness/serve/server.h"

/* NULL: it has no such line. */
const char *pf_head_value(struct MHD_Connection *connection, const char *name);

/* It bears the server's token, or none is needed; found in a time that does not tell where they differ. */
bool pf_head_has_token(const pf_server *server, struct MHD_Connection *connection);

/* "Deadline-Ms: 250", and "Priority: u=1" as of RFC 9218. False: malformed. */
bool pf_head_read_wishes(const pf_server *server, struct MHD_Connection *connection, pf_request *request);

#endif
