#include "core/cluster/broker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/trace.h"

#if HIREDIS_MAJOR >= 1
typedef size_t element_count;
#else
typedef int element_count;
#endif

struct pf_broker {
	redisContext *context;
	size_t pending;
	size_t most; /* bytes of a reply */
	char name[PF_BROKER_NAME];
};

/* An array is allocated before its elements come: a hostile server could ask for gigabytes in ten bytes. */
static redisReplyObjectFunctions careful;
static void *(*create_array)(const redisReadTask *, element_count);

static void *create_careful_array(const redisReadTask *task, element_count elements)
{
	return elements > PF_BROKER_ELEMENTS_MOST ? NULL : create_array(task, elements);
}

static void be_careful(redisReader *reader)
{
	if (!create_array) {
		careful = *reader->fn;
		create_array = careful.createArray;
		careful.createArray = create_careful_array;
	}
	reader->fn = &careful;
}

static pf_status connect_to(pf_broker *broker, const pf_broker_address *address, pf_error *error)
{
	const struct timeval patience = {PF_BROKER_PATIENCE_MS / 1000, 0};
	redisContext *context = address->path[0]
					? redisConnectUnixWithTimeout(address->path, patience)
					: redisConnectWithTimeout(address->host, address->port, patience);
	broker->context = context;
	if (!context) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a connection");
	}
	if (context->err) {
		return pf_fail(error, PF_ERR_IO, NULL, "cannot reach %s: %s", broker->name, context->errstr);
	}
	context->flags &= ~1; /* REDIS_BLOCK, which is private: reads and writes are waited for here */
	int flags = fcntl(context->fd, F_GETFL);
	if (flags < 0 || fcntl(context->fd, F_SETFL, flags | O_NONBLOCK) ||
	    fcntl(context->fd, F_SETFD, FD_CLOEXEC)) {
		return pf_fail_errno(error, NULL, "cannot use the connection to %s", broker->name);
	}
	be_careful(context->reader);
	return PF_OK;
}

static pf_status greet(pf_broker *broker, const pf_broker_address *address, pf_error *error)
{
	redisReply *reply = NULL;
	pf_status status = PF_OK;
	if (address->password[0] && address->user[0]) {
		status = pf_broker_ask(broker, &reply, error, "AUTH %s %s", address->user, address->password);
	} else if (address->password[0]) {
		status = pf_broker_ask(broker, &reply, error, "AUTH %s", address->password);
	}
	freeReplyObject(reply);
	reply = NULL;
	if (status == PF_OK && address->database) {
		status = pf_broker_ask(broker, &reply, error, "SELECT %d", address->database);
		freeReplyObject(reply);
		reply = NULL;
	}
	status = status == PF_OK ? pf_broker_ask(broker, &reply, error, "INFO server") : status;
	if (status == PF_OK) {
		unsigned major = 0, minor = 0;
		const char *at = reply->str ? strstr(reply->str, "redis_version:") : NULL;
		if (!at || sscanf(at, "redis_version:%u.%u", &major, &minor) != 2) {
			status = pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s does not tell its version",
					 broker->name);
		} else if (major < 6 || (major == 6 && minor < 2)) {
			status = pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
					 "%s is version %u.%u: 6.2 or newer is needed", broker->name, major,
					 minor);
		}
	}
	freeReplyObject(reply);
	return status;
}

pf_status pf_broker_open(const pf_broker_address *address, pf_broker **out, pf_error *error)
{
	pf_broker *broker = calloc(1, sizeof *broker);
	if (!broker) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a connection");
	}
	broker->most = PF_BROKER_REPLY_MOST;
	pf_broker_address_text(address, broker->name);
	pf_status status = connect_to(broker, address, error);
	status = status == PF_OK ? greet(broker, address, error) : status;
	if (status != PF_OK) {
		pf_broker_close(broker);
		broker = NULL;
	}
	*out = broker;
	return status;
}

void pf_broker_close(pf_broker *broker)
{
	if (broker) {
		if (broker->context) {
			redisFree(broker->context);
		}
		free(broker);
	}
}

void pf_broker_let(pf_broker *broker, size_t bytes)
{
	broker->most = bytes;
}

int pf_broker_fd(const pf_broker *broker)
{
	return broker->context->fd;
}

size_t pf_broker_pending(const pf_broker *broker)
{
	return broker->pending;
}

const char *pf_broker_name(const pf_broker *broker)
{
	return broker->name;
}

static pf_status put(pf_broker *broker, pf_error *error, const char *format, va_list arguments)
{
	if (redisvAppendCommand(broker->context, format, arguments) != REDIS_OK) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a command");
	}
	broker->pending++;
	return PF_OK;
}

pf_status pf_broker_put(pf_broker *broker, pf_error *error, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	pf_status status = put(broker, error, format, arguments);
	va_end(arguments);
	return status;
}

static pf_status is_lost(const pf_broker *broker, pf_error *error)
{
	return pf_fail(error, PF_ERR_IO, NULL, "the connection to %s is lost", broker->name);
}

/* *done: nothing is left to be sent. */
static pf_status send_some(pf_broker *broker, bool *done, pf_error *error)
{
	int all = 0;
	if (redisBufferWrite(broker->context, &all) != REDIS_OK) {
		return is_lost(broker, error);
	}
	*done = all;
	return PF_OK;
}

pf_status pf_broker_send(pf_broker *broker, pf_error *error)
{
	bool done;
	return send_some(broker, &done, error);
}

/* Takes in what is there, without waiting; *came: something was. */
static pf_status take_in(pf_broker *broker, bool *came, pf_error *error)
{
	char bytes[1 << 14];
	redisReader *reader = broker->context->reader;
	ssize_t got = read(broker->context->fd, bytes, sizeof bytes);
	*came = got > 0;
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)) {
		return is_lost(broker, error);
	}
	if (got > 0 && reader->len - reader->pos + (size_t)got > broker->most) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "a reply of %s is larger than %zu MiB",
			       broker->name, broker->most >> 20);
	}
	if (got > 0 && redisReaderFeed(reader, bytes, (size_t)got) != REDIS_OK) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a reply");
	}
	return PF_OK;
}

static pf_status look(pf_broker *broker, redisReply **reply, pf_error *error)
{
	void *found = NULL;
	if (redisReaderGetReply(broker->context->reader, &found) != REDIS_OK) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "what %s sends is no reply: %s", broker->name,
			       broker->context->reader->errstr);
	}
	*reply = found;
	if (found && broker->pending > 0) {
		broker->pending--;
	}
	return PF_OK;
}

pf_status pf_broker_next(pf_broker *broker, int wait_ms, redisReply **reply, pf_error *error)
{
	uint64_t until = pf_now_ns() + (uint64_t)(wait_ms > 0 ? wait_ms : 0) * 1000000u;
	*reply = NULL;
	for (;;) {
		bool sent = true, came = true;
		pf_status status = send_some(broker, &sent, error);
		while (status == PF_OK && came && !*reply) {
			status = look(broker, reply, error);
			if (status == PF_OK && !*reply) {
				status = take_in(broker, &came, error);
			}
		}
		uint64_t now = pf_now_ns();
		if (status != PF_OK || *reply || now >= until) {
			return status;
		}
		struct pollfd looked = {.fd = broker->context->fd,
					.events = (short)(POLLIN | (sent ? 0 : POLLOUT))};
		poll(&looked, 1, (int)((until - now) / 1000000u) + 1);
	}
}

pf_status pf_broker_ask(pf_broker *broker, redisReply **reply, pf_error *error, const char *format, ...)
{
	va_list arguments;
	*reply = NULL;
	if (broker->pending) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "a question between others");
	}
	va_start(arguments, format);
	pf_status status = put(broker, error, format, arguments);
	va_end(arguments);
	status = status == PF_OK ? pf_broker_next(broker, PF_BROKER_PATIENCE_MS, reply, error) : status;
	if (status == PF_OK && !*reply) {
		return pf_fail(error, PF_ERR_IO, NULL, "%s did not answer within %d s", broker->name,
			       PF_BROKER_PATIENCE_MS / 1000);
	}
	status = status == PF_OK ? pf_broker_judge(broker, *reply, error) : status;
	if (status != PF_OK) {
		freeReplyObject(*reply);
		*reply = NULL;
	}
	return status;
}

/* Its first word says what it is; what stands behind is the server's, who may be anybody: cut, without
 * control characters. */
pf_status pf_broker_judge(const pf_broker *broker, const redisReply *reply, pf_error *error)
{
	static const struct {
		const char *word;
		pf_status status;
	} known[] = {
		{"NOGROUP", PF_ERR_NOT_FOUND},
		{"WRONGTYPE", PF_ERR_NOT_FOUND},
		{"UNBLOCKED", PF_ERR_NOT_FOUND},
		{"OOM", PF_ERR_NO_MEMORY},
		{"NOAUTH", PF_ERR_UNAVAILABLE},
		{"WRONGPASS", PF_ERR_UNAVAILABLE},
		{"NOPERM", PF_ERR_UNAVAILABLE},
		{"DENIED", PF_ERR_UNAVAILABLE},
		{"ERR AUTH", PF_ERR_UNAVAILABLE},
		{"ERR unknown command", PF_ERR_UNAVAILABLE},
		{"ERR Client sent AUTH", PF_ERR_UNAVAILABLE},
	};
	char text[120];
	if (reply->type != REDIS_REPLY_ERROR) {
		return PF_OK;
	}
	pf_status status = PF_ERR_IO;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (strncmp(reply->str, known[i].word, strlen(known[i].word)) == 0) {
			status = known[i].status;
		}
	}
	size_t used = 0;
	for (const char *at = reply->str; *at && used + 1 < sizeof text; at++) {
		text[used++] = *at >= ' ' && *at < 0x7f ? *at : '?';
	}
	text[used] = '\0';
	return pf_fail(error, status, NULL, "%s%s says: %s",
		       status == PF_ERR_NO_MEMORY ? "out of memory (maxmemory): " : "", broker->name, text);
}

const redisReply *pf_stream_entries(const redisReply *reply)
{
	const redisReply *stream = reply->type == REDIS_REPLY_ARRAY && reply->elements == 1
					   ? reply->element[0]
					   : NULL;
	bool right = stream && stream->type == REDIS_REPLY_ARRAY && stream->elements == 2 &&
		     stream->element[1]->type == REDIS_REPLY_ARRAY;
	return right ? stream->element[1] : NULL;
}

const redisReply *pf_entry_message(const redisReply *entry, const char **id)
{
	*id = NULL;
	if (entry->type != REDIS_REPLY_ARRAY || entry->elements != 2 ||
	    entry->element[0]->type != REDIS_REPLY_STRING || entry->element[0]->len >= PF_ENTRY_ID) {
		return NULL;
	}
	*id = entry->element[0]->str;
	const redisReply *fields = entry->element[1];
	bool whole = fields->type == REDIS_REPLY_ARRAY && fields->elements == 2 &&
		     fields->element[0]->type == REDIS_REPLY_STRING && fields->element[0]->len == 1 &&
		     fields->element[0]->str[0] == 'm' && fields->element[1]->type == REDIS_REPLY_STRING;
	return whole ? fields->element[1] : NULL;
}
