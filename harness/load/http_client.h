/* HTTP/1.1 over sockets that never block, as many exchanges at a time as wanted, by one thread. Connections
 * are kept and used again. Nothing is sent twice: an exchange whose connection ends has no answer. */
#ifndef HARNESS_HTTP_CLIENT_H
#define HARNESS_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "photofinish/status.h"

enum { PF_URL_MOST = 512 };

/* Where requests go. */
typedef struct pf_http_target {
	char url[PF_URL_MOST];
	char authority[PF_URL_MOST]; /* "127.0.0.1:8077": the header Host */
	char path[PF_URL_MOST];      /* with its query; "/" at least */
	struct sockaddr_storage address;
	socklen_t address_bytes;
	bool loopback; /* this machine's own 127.0.0.0/8 or ::1 */
} pf_http_target;

/* Reads "http://HOST[:PORT][/PATH]" and finds the host's first address. PF_ERR_USAGE for anything else; TLS
 * is not spoken. */
pf_status pf_http_target_parse(const char *url, pf_http_target *out, pf_error *error);

/* What became of an exchange. Its texts live until the call that hands it over returns. */
typedef struct pf_http_answer {
	void *tag;     /* of pf_http_begin */
	unsigned code; /* 0: there was no whole answer, see why */
	const char
		*why; /* "refused", "reset", "closed", "no answer", "malformed", "too large", "no socket" */
	const char *body;  /* not ended by a NUL */
	size_t body_bytes; /* at most PF_HTTP_ANSWER_MOST */
	uint64_t begun_ns; /* when its first byte was to go to a socket, or its connection was asked for */
	uint64_t ended_ns; /* when the last byte of the answer was read, or it was given up */
} pf_http_answer;

#define PF_HTTP_ANSWER_MOST (4u << 20)

typedef struct pf_http_client pf_http_client;

/* At most `connections` at a time, as far as the limit of descriptors allows, which is raised as far as it
 * may be. `take` hears of each exchange once, from within pf_http_wait or pf_http_begin. `target` must
 * outlive it. NULL: see *error. */
pf_http_client *pf_http_client_create(const pf_http_target *target, size_t connections,
				      void (*take)(void *context, const pf_http_answer *answer),
				      void *context, pf_error *error);
void pf_http_client_free(pf_http_client *client); /* exchanges under way are not told of; NULL is fine */

/* Begins an exchange: sends `head` (copied; with its empty line) and `body`, which must live until it is told
 * of. Without an answer at `until_ns` it is given up. False where all connections are in use. */
bool pf_http_begin(pf_http_client *client, const char *head, const void *body, size_t body_bytes,
		   uint64_t until_ns, void *tag);

size_t pf_http_under_way(const pf_http_client *client);
size_t pf_http_connections(const pf_http_client *client); /* that it may have */

/* Sends and receives until `until_ns` (pf_now_ns), or until something was told of, or a signal came. */
void pf_http_wait(pf_http_client *client, uint64_t until_ns);

#endif
