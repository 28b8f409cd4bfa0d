/* A connection to Redis by hiredis, with a limit of time and of size on all that it does: the other end may
 * be gone, stuck or hostile. Replies are asked for and taken in order; several commands may be under way. */
#ifndef PHOTOFINISH_CLUSTER_BROKER_H
#define PHOTOFINISH_CLUSTER_BROKER_H

#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

#include "photofinish/cluster.h"
#include "photofinish/status.h"

#define PF_BROKER_PATIENCE_MS 5000        /* for a connection, and for any one reply */
#define PF_BROKER_REPLY_MOST (8u << 20)   /* bytes that are kept of replies that were not taken yet */
#define PF_BROKER_ELEMENTS_MOST (1 << 16) /* of one array */

typedef struct pf_broker pf_broker; /* for one thread */

/* Connects, says who it is where the address has a password, and looks at the version: 6.2 is the least
 * (XAUTOCLAIM). PF_ERR_UNAVAILABLE with one line where it cannot be used, PF_ERR_IO where it cannot be
 * reached or has not loaded its data yet. */
pf_status pf_broker_open(const pf_broker_address *address, pf_broker **out, pf_error *error);
void pf_broker_close(pf_broker *broker); /* NULL is fine */

void pf_broker_let(pf_broker *broker, size_t bytes); /* in place of PF_BROKER_REPLY_MOST */

int pf_broker_fd(const pf_broker *broker); /* to be polled */

/* Appends a command to those that will be sent; the format is hiredis's (%s, %b with a size_t, %d, %llu). */
pf_status pf_broker_put(pf_broker *broker, pf_error *error, const char *format, ...);

/* Sends what was put, as much as goes without waiting. */
pf_status pf_broker_send(pf_broker *broker, pf_error *error);

/* The next reply, which the caller frees by freeReplyObject; *reply is NULL where none came within wait_ms.
 * Replies that stand for an error of the server are replies (pf_broker_judge). PF_ERR_IO: the connection is
 * lost; PF_ERR_INVALID: what came is no reply or too large. Then the broker is only good for closing. */
pf_status pf_broker_next(pf_broker *broker, int wait_ms, redisReply **reply, pf_error *error);

size_t pf_broker_pending(const pf_broker *broker); /* replies that were not taken yet */

/* One command and its reply, waited for; judged. With commands under way PF_ERR_INTERNAL. */
pf_status pf_broker_ask(pf_broker *broker, redisReply **reply, pf_error *error, const char *format, ...);

/* PF_OK unless the reply is an error: PF_ERR_NOT_FOUND (no such group or key of another kind: somebody
 * removed ours), PF_ERR_NO_MEMORY, PF_ERR_UNAVAILABLE (password, rights), PF_ERR_IO (still loading,
 * read-only, any other). */
pf_status pf_broker_judge(const pf_broker *broker, const redisReply *reply, pf_error *error);

/* A reply of XREAD or XREADGROUP for one stream: its array of entries; NULL for anything else. */
const redisReply *pf_stream_entries(const redisReply *reply);

#define PF_ENTRY_ID 48 /* of a stream's entry: two decimal numbers with "-" between, and a NUL */
/* An entry: its id (NULL: it is no entry), and the bytes of its one field, "m"; NULL where it has not just
 * that. */
const redisReply *pf_entry_message(const redisReply *entry, const char **id);

/* For people: "redis at unix:/tmp/x/socket", never a password. */
const char *pf_broker_name(const pf_broker *broker);

#endif
