#include "harness/load/http_client.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "harness/load/http_parse.h"
#include "photofinish/trace.h"

enum { EVENTS = 256, HEAD_MOST = 3072, SPARE_FDS = 64, READ_BYTES = 16 << 10 };
#define LOOK_NS 50000000ull /* between looks for those to be given up */
#define IDLE_NS \
	2000000000ull /* a connection that was idle for longer is not used again: it may be about to end */

struct connection {
	int fd;    /* -1: not open */
	bool busy; /* with an exchange */
	bool wants_out;
	uint64_t idle_since_ns;
	/* Of the exchange. */
	void *tag;
	char head[HEAD_MOST];
	size_t head_bytes, body_bytes, sent;
	const char *body;
	uint64_t begun_ns, until_ns;
	char *answer; /* owned, kept for the next one */
	size_t answer_bytes, answer_capacity;
	pf_http_parse parse;
	struct connection *next; /* among the idle ones */
};

struct pf_http_client {
	const pf_http_target *target;
	void (*take)(void *context, const pf_http_answer *answer);
	void *context;
	int epoll;
	struct connection *all, *idle;   /* idle: the one used last comes first */
	size_t count, opened, under_way; /* opened: of `all`, that were ever used */
	uint64_t told, looked_ns;
};

static void set_limit(size_t *connections)
{
	struct rlimit most;
	if (getrlimit(RLIMIT_NOFILE, &most) == 0) {
		if (most.rlim_cur < *connections + SPARE_FDS && most.rlim_cur < most.rlim_max) {
			rlim_t wanted = *connections + SPARE_FDS;
			most.rlim_cur = most.rlim_max < wanted ? most.rlim_max : wanted;
			setrlimit(RLIMIT_NOFILE, &most);
		}
		size_t may = most.rlim_cur > 2 * SPARE_FDS ? (size_t)most.rlim_cur - SPARE_FDS : SPARE_FDS;
		*connections = *connections < may ? *connections : may;
	}
}

pf_http_client *pf_http_client_create(const pf_http_target *target, size_t connections,
				      void (*take)(void *context, const pf_http_answer *answer),
				      void *context, pf_error *error)
{
	set_limit(&connections);
	pf_http_client *client = calloc(1, sizeof *client);
	struct connection *all = calloc(connections, sizeof *all);
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!client || !all || epoll < 0) {
		pf_fail_errno(error, NULL, "cannot send requests");
		free(client);
		free(all);
		if (epoll >= 0) {
			close(epoll);
		}
		return NULL;
	}
	*client = (pf_http_client){.target = target,
				   .take = take,
				   .context = context,
				   .epoll = epoll,
				   .all = all,
				   .count = connections};
	for (size_t i = connections; i-- > 0;) {
		all[i].fd = -1;
		all[i].next = client->idle;
		client->idle = &all[i];
	}
	return client;
}

void pf_http_client_free(pf_http_client *client)
{
	if (client) {
		for (size_t i = 0; i < client->count; i++) {
			if (client->all[i].fd >= 0) {
				close(client->all[i].fd);
			}
			free(client->all[i].answer);
		}
		close(client->epoll);
		free(client->all);
		free(client);
	}
}

static void disconnect(struct connection *connection)
{
	if (connection->fd >= 0) {
		close(connection->fd); /* epoll forgets it */
	}
	connection->fd = -1;
}

/* The exchange is over. `why` NULL: its answer is whole. */
static void finish(pf_http_client *client, struct connection *connection, const char *why)
{
	const pf_http_parse *parse = &connection->parse;
	pf_http_answer answer = {.tag = connection->tag,
				 .why = why,
				 .begun_ns = connection->begun_ns,
				 .ended_ns = pf_now_ns()};
	bool sent = connection->sent == connection->head_bytes + connection->body_bytes;
	if (!why) {
		answer.code = parse->code;
		answer.body = connection->answer + parse->body;
		answer.body_bytes = parse->body_bytes;
	}
	if (why || !parse->keep || !sent || parse->end != connection->answer_bytes) {
		disconnect(connection);
	}
	connection->busy = false;
	connection->idle_since_ns = answer.ended_ns;
	client->under_way--;
	client->told++;
	client->take(client->context, &answer); /* its bytes: the connection is not yet among the idle ones */
	connection->next = client->idle;
	client->idle = connection;
}

static void watch(pf_http_client *client, struct connection *connection, bool out)
{
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | (out ? (uint32_t)EPOLLOUT : 0),
				    .data.ptr = connection};
	if (connection->wants_out != out) {
		epoll_ctl(client->epoll, EPOLL_CTL_MOD, connection->fd, &event);
		connection->wants_out = out;
	}
}

/* NULL: as far as it goes now. */
static const char *send_on(pf_http_client *client, struct connection *connection)
{
	size_t all = connection->head_bytes + connection->body_bytes;
	while (connection->sent < all) {
		size_t head = connection->sent < connection->head_bytes
				      ? connection->head_bytes - connection->sent
				      : 0;
		size_t body = connection->sent > connection->head_bytes
				      ? connection->sent - connection->head_bytes
				      : 0;
		struct iovec parts[2] = {
			{.iov_base = connection->head + connection->head_bytes - head, .iov_len = head},
			{.iov_base = (char *)connection->body + body,
			 .iov_len = connection->body_bytes - body}};
		const struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
		ssize_t sent = sendmsg(connection->fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR) {
			continue;
		}
		if (sent < 0) {
			bool later = errno == EAGAIN || errno == ENOTCONN;
			watch(client, connection, later);
			return later ? NULL : errno == ECONNREFUSED ? "refused" : "reset";
		}
		connection->sent += (size_t)sent;
	}
	watch(client, connection, false);
	return NULL;
}

static bool make_room(struct connection *connection)
{
	if (connection->answer_capacity - connection->answer_bytes >= READ_BYTES) {
		return true;
	}
	size_t capacity = 2 * connection->answer_capacity + 2 * (size_t)READ_BYTES;
	char *more = capacity <= 2 * (size_t)PF_HTTP_ANSWER_MOST ? realloc(connection->answer, capacity)
								 : NULL;
	if (more) {
		connection->answer = more;
		connection->answer_capacity = capacity;
	}
	return more != NULL;
}

/* Reads what is there. True: the exchange is over. */
static bool receive(pf_http_client *client, struct connection *connection)
{
	for (;;) {
		if (!make_room(connection)) {
			finish(client, connection, "too large");
			return true;
		}
		ssize_t got = recv(connection->fd, connection->answer + connection->answer_bytes,
				   connection->answer_capacity - connection->answer_bytes, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0 && (errno == EAGAIN || errno == ENOTCONN)) {
			return false;
		}
		connection->answer_bytes += got > 0 ? (size_t)got : 0;
		pf_http_state state = pf_http_parse_on(&connection->parse, connection->answer,
						       connection->answer_bytes, got <= 0);
		if (state == PF_HTTP_DONE) {
			finish(client, connection, NULL);
		} else if (state == PF_HTTP_MALFORMED) {
			finish(client, connection, "malformed");
		} else if (got <= 0) {
			finish(client, connection,
			       got == 0                ? "closed"
			       : errno == ECONNREFUSED ? "refused"
						       : "reset");
		} else {
			continue;
		}
		return true;
	}
}

static const char *connect_to(pf_http_client *client, struct connection *connection)
{
	const pf_http_target *target = client->target;
	int one = 1;
	connection->fd = socket(target->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (connection->fd < 0) {
		return "no socket";
	}
	setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = connection};
	connection->wants_out = false;
	if (epoll_ctl(client->epoll, EPOLL_CTL_ADD, connection->fd, &event)) {
		return "no socket";
	}
	if (connect(connection->fd, (const struct sockaddr *)&target->address, target->address_bytes) &&
	    errno != EINPROGRESS) {
		return errno == ECONNREFUSED ? "refused" : "no socket";
	}
	return NULL;
}

bool pf_http_begin(pf_http_client *client, const char *head, const void *body, size_t body_bytes,
		   uint64_t until_ns, void *tag)
{
	struct connection *connection = client->idle;
	uint64_t now = pf_now_ns();
	if (!connection) {
		return false;
	}
	client->idle = connection->next;
	client->under_way++;
	connection->busy = true;
	connection->tag = tag;
	connection->head_bytes = strnlen(head, HEAD_MOST);
	memcpy(connection->head, head, connection->head_bytes);
	connection->body = body;
	connection->body_bytes = body_bytes;
	connection->sent = connection->answer_bytes = 0;
	connection->parse = (pf_http_parse){.code = 0};
	connection->begun_ns = now;
	connection->until_ns = until_ns;
	const char *why = NULL;
	char byte;
	if (connection->fd >= 0 &&
	    (now > connection->idle_since_ns + IDLE_NS ||
	     recv(connection->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || errno != EAGAIN)) {
		disconnect(connection); /* its other end is gone, or said what nobody asked for */
	}
	if (connection->fd < 0) {
		why = connect_to(client, connection);
	}
	why = why ? why : send_on(client, connection);
	if (why && strcmp(why, "reset") != 0) { /* of a reset one there may be an answer to be read */
		finish(client, connection, why);
	}
	return true;
}

size_t pf_http_under_way(const pf_http_client *client)
{
	return client->under_way;
}

size_t pf_http_connections(const pf_http_client *client)
{
	return client->count;
}

static void handle(pf_http_client *client, struct connection *connection, uint32_t events)
{
	if (connection->fd < 0) {
		return;
	}
	if (!connection->busy) { /* it ended while nobody used it, or spoke unasked */
		disconnect(connection);
		return;
	}
	const char *why = events & EPOLLOUT ? send_on(client, connection) : NULL;
	if (why && strcmp(why, "reset") != 0) {
		finish(client, connection, why);
	} else if (!receive(client, connection) && events & (EPOLLHUP | EPOLLERR)) {
		finish(client, connection, "reset");
	}
}

static void give_up_late(pf_http_client *client, uint64_t now)
{
	if (now < client->looked_ns + LOOK_NS) {
		return;
	}
	client->looked_ns = now;
	for (size_t i = 0; i < client->count; i++) {
		struct connection *connection = &client->all[i];
		if (connection->busy && now >= connection->until_ns) {
			finish(client, connection, "no answer");
		} else if (!connection->busy && connection->fd >= 0 &&
			   now > connection->idle_since_ns + IDLE_NS) {
			disconnect(connection);
		}
	}
}

void pf_http_wait(pf_http_client *client, uint64_t until_ns)
{
	struct epoll_event events[EVENTS];
	uint64_t told = client->told, now = pf_now_ns();
	do {
		uint64_t left = until_ns > now ? until_ns - now : 0;
		left = left > LOOK_NS ? LOOK_NS : left;
		const struct timespec wait = {.tv_sec = (time_t)(left / 1000000000),
					      .tv_nsec = (long)(left % 1000000000)};
		int count = epoll_pwait2(client->epoll, events, EVENTS, &wait, NULL);
		for (int i = 0; i < count; i++) {
			handle(client, events[i].data.ptr, events[i].events);
		}
		now = pf_now_ns();
		give_up_late(client, now);
		if (count < 0) {
			return;
		}
	} while (client->told == told && now < until_ns);
}
