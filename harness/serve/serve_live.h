/* The live page and its stream of events, and what /metrics says. pf_live_tick and pf_live_end with the
 * server's lock held, the others without it, by the thread that speaks HTTP. */
#ifndef HARNESS_SERVE_LIVE_H
#define HARNESS_SERVE_LIVE_H

#include <microhttpd.h>

#include "harness/serve/server.h"

/* Whether as many watch as may. */
bool pf_live_full(pf_server *server);

/* Somebody watches: a stream that ends with the connection or the server. */
enum MHD_Result pf_live_begin(pf_server *server, struct MHD_Connection *connection);

/* A few times a second: once a second there is an event. */
void pf_live_tick(pf_server *server, uint64_t now_ns);
void pf_live_end(pf_server *server);

/* The text of /metrics, which the caller frees; NULL: no memory. */
char *pf_live_metrics(pf_server *server, bool open_metrics, size_t *bytes);

/* Of serve_http.c: since when the connection has waited for a request; 0: it has one. */
void pf_http_waiting(struct MHD_Connection *connection, uint64_t since_ns);

/* page.html, as it is in the tree. */
extern const char pf_serve_page[], pf_serve_page_end[];

#endif
