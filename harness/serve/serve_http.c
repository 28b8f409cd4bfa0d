/* HTTP, by libmicrohttpd: one thread that reads requests and sends answers. A request whose photos wait or
 * are scored is suspended meanwhile. */
#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/serve/serve_head.h"
#include "harness/serve/serve_live.h"
#include "harness/serve/server.h"
#include "photofinish/file.h"
#include "photofinish/preset.h"
#include "photofinish/sha256.h"

enum { HEAD_BYTES_MOST = 32 << 10, CONNECTIONS_MOST = 4096 };

/* Of one connection. */
struct connection {
	struct MHD_Connection *of;
	uint64_t since_ns; /* when it began to wait for a request; 0: it has one, whole */
	struct connection *next;
};

/* Of one request that has photos. */
struct exchange {
	pf_request request;
	pf_server *server;
	struct MHD_Connection *connection;
	struct MHD_PostProcessor *parts; /* of a burst; NULL: none */
	uint64_t discarded_bytes;
	bool queued, hashes; /* hashes: its photos are hashed as they come, since poison is known */
	pf_sha256 hash;      /* of the last photo so far */
};

struct pf_http {
	pf_server *server;
	struct MHD_Daemon *daemon;
	int listener;
	struct connection *connections;
};

const char *pf_serve_library(void)
{
	static char text[64];
	snprintf(text, sizeof text, "libmicrohttpd %s", MHD_get_version());
	return text;
}

static enum MHD_Result send_text(struct exchange *exchange, pf_server *server,
				 struct MHD_Connection *connection, unsigned code, const char *type,
				 char *text, size_t bytes)
{
	struct MHD_Response *response =
		text ? MHD_create_response_from_buffer(bytes, text, MHD_RESPMEM_MUST_FREE) : NULL;
	char value[64];
	if (!response) {
		free(text);
		return MHD_NO;
	}
	MHD_add_response_header(response, "Content-Type", type);
	if (code == 503) {
		snprintf(value, sizeof value, "%.0f",
			 exchange && exchange->request.retry_after_s >= 1 ? exchange->request.retry_after_s
									  : 1.0);
		MHD_add_response_header(response, "Retry-After", value);
	}
	if (code == 401) {
		MHD_add_response_header(response, "WWW-Authenticate", "Bearer");
	}
	if (exchange && exchange->request.degraded && !exchange->request.refused) {
		MHD_add_response_header(response, "Preset",
					pf_preset_plan_of(server->order->degraded_preset)->name);
	}
	if (exchange && exchange->request.complete && !exchange->request.refused) {
		const pf_request *request = &exchange->request;
		snprintf(value, sizeof value, "total;dur=%.3f, service;dur=%.3f",
			 (double)(request->answered_ns - request->arrived_ns) * 1e-6,
			 (double)request->photos[0].service_ns * 1e-6);
		MHD_add_response_header(response, "Server-Timing", value);
	}
	pthread_mutex_lock(&server->lock);
	pf_serve_count_response(&server->counts, code);
	if (server->draining) {
		MHD_add_response_header(response, "Connection", "close");
	}
	pthread_mutex_unlock(&server->lock);
	enum MHD_Result result = MHD_queue_response(connection, code, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result send_refusal(struct exchange *exchange, pf_server *server,
				    struct MHD_Connection *connection, pf_denial refusal)
{
	size_t bytes;
	pthread_mutex_lock(&server->lock);
	server->counts.refused[refusal]++;
	pthread_mutex_unlock(&server->lock);
	char *text = pf_answer_refusal(refusal, &bytes);
	return send_text(exchange, server, connection, pf_denial_code(refusal), "application/json", text,
			 bytes);
}

static enum MHD_Result send_answer(struct exchange *exchange)
{
	pf_server *server = exchange->server;
	pf_request *request = &exchange->request;
	size_t bytes = 0;
	if (request->refused) {
		return send_refusal(exchange, server, exchange->connection, request->refused);
	}
	char *text = pf_answer_scores(server, request, &bytes);
	return send_text(exchange, server, exchange->connection, pf_answer_code(request),
			 request->burst ? "application/x-ndjson" : "application/json", text, bytes);
}

/* Of the last photo, once it is whole. */
static void end_hash(struct exchange *exchange)
{
	pf_request *request = &exchange->request;
	if (exchange->hashes && request->count && !request->photos[request->count - 1].hashed) {
		pf_request_photo *photo = &request->photos[request->count - 1];
		pf_sha256_end(&exchange->hash, photo->sha256);
		photo->hashed = true;
	}
}

static pf_request_photo *add_photo(struct exchange *exchange, const char *name)
{
	pf_request *request = &exchange->request;
	end_hash(exchange);
	pf_sha256_begin(&exchange->hash);
	if (request->count == exchange->server->order->burst_most) {
		request->refused = PF_DENIED_TOO_LARGE;
		return NULL;
	}
	pf_request_photo *photos = realloc(request->photos, (request->count + 1) * sizeof *photos);
	if (!photos) {
		request->refused = PF_DENIED_BUFFER;
		return NULL;
	}
	request->photos = photos;
	pf_request_photo *photo = &photos[request->count++];
	memset(photo, 0, sizeof *photo);
	snprintf(photo->name, sizeof photo->name, "%s", name && *name ? name : "photo.jpg");
	return photo;
}

/* With the lock. */
static bool make_room(pf_server *server, pf_request_photo *photo, size_t wanted, pf_denial *refused)
{
	const pf_serve_order *order = server->order;
	size_t capacity = photo->capacity ? 2 * photo->capacity : 256 << 10;
	capacity = capacity < wanted ? wanted : capacity;
	capacity = capacity > order->photo_bytes_most ? order->photo_bytes_most : capacity;
	if (wanted > order->photo_bytes_most) {
		*refused = PF_DENIED_TOO_LARGE;
		return false;
	}
	unsigned char *more = server->buffered_bytes + capacity - photo->capacity <=
					      order->buffered_bytes_most
				      ? realloc(photo->bytes, capacity)
				      : NULL;
	if (!more) {
		*refused = PF_DENIED_BUFFER;
		return false;
	}
	server->buffered_bytes += capacity - photo->capacity;
	photo->bytes = more;
	photo->capacity = capacity;
	return true;
}

static void append(struct exchange *exchange, const void *data, size_t size)
{
	pf_request *request = &exchange->request;
	pf_server *server = exchange->server;
	if (request->refused || !request->count) {
		exchange->discarded_bytes += size;
		return;
	}
	pf_request_photo *photo = &request->photos[request->count - 1];
	bool fits = photo->size + size <= photo->capacity;
	if (!fits) {
		pthread_mutex_lock(&server->lock);
		fits = make_room(server, photo, photo->size + size, &request->refused);
		pthread_mutex_unlock(&server->lock);
	}
	if (fits) {
		memcpy(photo->bytes + photo->size, data, size);
		photo->size += size;
		if (exchange->hashes) {
			pf_sha256_add(&exchange->hash, data, size);
		}
	}
}

static enum MHD_Result take_part(void *context, enum MHD_ValueKind kind, const char *key, const char *name,
				 const char *type, const char *encoding, const char *data, uint64_t offset,
				 size_t size)
{
	struct exchange *exchange = context;
	(void)kind;
	(void)type;
	(void)encoding;
	if (offset == 0 && !exchange->request.refused) {
		add_photo(exchange, name ? name : key);
	}
	append(exchange, data, size);
	return MHD_YES;
}

static void free_bytes(struct exchange *exchange)
{
	pf_request *request = &exchange->request;
	pthread_mutex_lock(&exchange->server->lock);
	for (size_t i = 0; i < request->count; i++) {
		exchange->server->buffered_bytes -= request->photos[i].capacity;
		free(request->photos[i].bytes);
		request->photos[i].bytes = NULL;
		request->photos[i].capacity = 0;
	}
	pthread_mutex_unlock(&exchange->server->lock);
}

/* When the request was answered, or its connection is gone; it is nowhere else then. */
static void end_exchange(struct exchange *exchange)
{
	free_bytes(exchange);
	pthread_mutex_lock(&exchange->server->lock);
	exchange->server->answering -= exchange->request.complete;
	pthread_mutex_unlock(&exchange->server->lock);
	if (exchange->parts) {
		MHD_destroy_post_processor(exchange->parts);
	}
	free(exchange->request.photos);
	free(exchange);
}

static uint64_t body_length(struct MHD_Connection *connection)
{
	const char *length = pf_head_value(connection, "Content-Length");
	return length ? strtoull(length, NULL, 10) : 0;
}

/* What the head of a request says already. */
static pf_denial judge_head(struct exchange *exchange, uint64_t body)
{
	pf_server *server = exchange->server;
	pf_request *request = &exchange->request;
	uint64_t most = request->burst ? server->order->buffered_bytes_most : server->order->photo_bytes_most;
	if (!pf_head_has_token(server, exchange->connection)) {
		return PF_DENIED_TOKEN;
	}
	if (!pf_head_read_wishes(server, exchange->connection, request)) {
		return PF_DENIED_MALFORMED;
	}
	if (body > most) {
		return PF_DENIED_TOO_LARGE;
	}
	pthread_mutex_lock(&server->lock);
	pf_denial refusal = pf_engine_admit(server, request, 1, body);
	exchange->hashes = server->poison_count > 0;
	pthread_mutex_unlock(&server->lock);
	return refusal;
}

/* The head of a request with photos is there. One that is refused is read to its end, so that the client
 * hears of it, unless it asked before sending or is too large. */
static enum MHD_Result begin_exchange(pf_server *server, struct MHD_Connection *connection, bool burst,
				      void **own)
{
	struct exchange *exchange = calloc(1, sizeof *exchange);
	if (!exchange) {
		return MHD_NO;
	}
	exchange->server = server;
	exchange->connection = connection;
	exchange->request = (pf_request){.burst = burst, .arrived_ns = pf_now_ns(), .http = exchange};
	*own = exchange;
	uint64_t body = body_length(connection);
	pf_request *request = &exchange->request;
	request->refused = judge_head(exchange, body);
	if (request->refused &&
	    (pf_head_value(connection, "Expect") || body > server->order->buffered_bytes_most ||
	     request->refused == PF_DENIED_TOO_LARGE)) {
		return send_refusal(exchange, server, connection, request->refused);
	}
	if (!request->refused && burst) {
		exchange->parts = MHD_create_post_processor(connection, 64 << 10, take_part, exchange);
		request->refused = exchange->parts ? PF_DENIED_NOT : PF_DENIED_MALFORMED;
	} else if (!request->refused) {
		add_photo(exchange, MHD_lookup_connection_value(connection, MHD_GET_ARGUMENT_KIND, "name"));
	}
	return MHD_YES;
}

static enum MHD_Result take_body(struct exchange *exchange, const char *data, size_t *size)
{
	if (exchange->parts && !exchange->request.refused) {
		if (MHD_post_process(exchange->parts, data, *size) != MHD_YES) {
			exchange->request.refused = PF_DENIED_MALFORMED;
		}
	} else {
		append(exchange, data, *size);
	}
	*size = 0;
	return exchange->discarded_bytes > 2 * exchange->server->order->buffered_bytes_most ? MHD_NO
											    : MHD_YES;
}

void pf_http_waiting(struct MHD_Connection *connection, uint64_t since_ns)
{
	const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection,
								       MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	struct connection *of = info ? info->socket_context : NULL;
	if (of) {
		of->since_ns = since_ns;
	}
}

/* All of the body is there: into the queue with it, or an answer at once. */
static enum MHD_Result end_body(struct exchange *exchange)
{
	pf_server *server = exchange->server;
	pf_request *request = &exchange->request;
	if (exchange->parts && !request->refused && MHD_destroy_post_processor(exchange->parts) != MHD_YES) {
		request->refused = PF_DENIED_MALFORMED;
	} else if (exchange->parts && request->refused) {
		MHD_destroy_post_processor(exchange->parts);
	}
	exchange->parts = NULL;
	if (!request->refused && !request->count) {
		request->refused = PF_DENIED_MALFORMED;
	}
	end_hash(exchange);
	pthread_mutex_lock(&server->lock);
	pf_http_waiting(exchange->connection, 0);
	if (!request->refused) {
		request->refused = pf_engine_admit(server, request, request->count, 0);
	}
	exchange->queued = !request->refused;
	if (exchange->queued) {
		MHD_suspend_connection(exchange->connection);
		request->queued_ns = pf_now_ns();
		server->requests++;
		pf_queue_push(&server->queue, request);
		pf_engine_dispatch(server);
	}
	pthread_mutex_unlock(&server->lock);
	if (!exchange->queued) {
		free_bytes(exchange);
		return send_refusal(exchange, server, exchange->connection, request->refused);
	}
	return MHD_YES;
}

void pf_http_answer(pf_request *request)
{
	struct exchange *exchange = request->http;
	exchange->server->answering++;
	MHD_resume_connection(exchange->connection);
}

static enum MHD_Result send_word(pf_server *server, struct MHD_Connection *connection, bool good)
{
	return send_text(NULL, server, connection, good ? 200 : 503, "text/plain",
			 strdup(good ? "ok\n" : "not ready\n"), good ? 3 : 10);
}

static enum MHD_Result send_metrics(pf_server *server, struct MHD_Connection *connection)
{
	const char *accept = pf_head_value(connection, "Accept");
	bool open = accept && strstr(accept, "application/openmetrics-text");
	size_t bytes = 0;
	char *text = pf_live_metrics(server, open, &bytes);
	return send_text(NULL, server, connection, 200,
			 open ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
			      : "text/plain; version=0.0.4; charset=utf-8",
			 text, bytes);
}

static enum MHD_Result send_page(pf_server *server, struct MHD_Connection *connection)
{
	size_t bytes = (size_t)(pf_serve_page_end - pf_serve_page);
	char *text = malloc(bytes);
	if (text) {
		memcpy(text, pf_serve_page, bytes);
	}
	return send_text(NULL, server, connection, 200, "text/html; charset=utf-8", text, bytes);
}

static enum MHD_Result send_events(pf_server *server, struct MHD_Connection *connection)
{
	static const char full[] = "as many watch as may\n";
	return pf_live_full(server)
		       ? send_text(NULL, server, connection, 503, "text/plain", strdup(full), sizeof full - 1)
		       : pf_live_begin(server, connection);
}

static enum MHD_Result get(pf_server *server, struct MHD_Connection *connection, const char *url)
{
	pthread_mutex_lock(&server->lock);
	bool ready = server->workers.ready > 0 && !server->draining;
	pthread_mutex_unlock(&server->lock);
	if (strcmp(url, "/healthz") == 0 || strcmp(url, "/readyz") == 0) {
		return send_word(server, connection, url[1] == 'h' || ready);
	}
	if (!pf_head_has_token(server, connection)) {
		return send_refusal(NULL, server, connection, PF_DENIED_TOKEN);
	}
	return strcmp(url, "/metrics") == 0  ? send_metrics(server, connection)
	       : strcmp(url, "/") == 0       ? send_page(server, connection)
	       : strcmp(url, "/events") == 0 ? send_events(server, connection)
					     : send_refusal(NULL, server, connection, PF_DENIED_PATH);
}

static enum MHD_Result handle(void *context, struct MHD_Connection *connection, const char *url,
			      const char *method, const char *version, const char *data, size_t *size,
			      void **own)
{
	static int got; /* stands for a request without photos */
	pf_server *server = context;
	struct exchange *exchange = *own == &got ? NULL : *own;
	(void)version;
	if (exchange) {
		return *size                        ? take_body(exchange, data, size)
		       : exchange->request.complete ? send_answer(exchange)
						    : end_body(exchange);
	}
	bool burst = strcmp(url, "/burst") == 0, photos = burst || strcmp(url, "/score") == 0;
	if (photos && strcmp(method, "POST") == 0) {
		return begin_exchange(server, connection, burst, own);
	}
	*own = &got;
	bool asks = strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0;
	return photos || !asks ? send_refusal(NULL, server, connection, PF_DENIED_METHOD)
			       : get(server, connection, url);
}

static void note_completed(void *context, struct MHD_Connection *connection, void **own,
			   enum MHD_RequestTerminationCode code)
{
	pf_server *server = context;
	struct exchange *exchange = *own;
	(void)code;
	pthread_mutex_lock(&server->lock);
	pf_http_waiting(connection, pf_now_ns());
	pthread_mutex_unlock(&server->lock);
	if (exchange && exchange->server == server) {
		end_exchange(exchange);
	}
	*own = NULL;
}

static void note_connection(void *context, struct MHD_Connection *connection, void **own,
			    enum MHD_ConnectionNotificationCode code)
{
	pf_server *server = context;
	struct pf_http *http = server->http;
	pthread_mutex_lock(&server->lock);
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		struct connection *of = calloc(1, sizeof *of);
		*own = of;
		if (of) {
			*of = (struct connection){
				.of = connection, .since_ns = pf_now_ns(), .next = http->connections};
			http->connections = of;
			server->connections++;
		}
	} else {
		for (struct connection **at = &http->connections; *at; at = &(*at)->next) {
			if (*at == *own) {
				*at = (*at)->next;
				server->connections--;
				break;
			}
		}
		free(*own);
		*own = NULL;
	}
	pthread_mutex_unlock(&server->lock);
}

static void say_nothing(void *context, const char *format, va_list values)
{
	(void)context;
	(void)format;
	(void)values;
}

/* As many descriptors as the system lets this process have, for connections. */
static unsigned connections_most(void)
{
	struct rlimit most;
	if (getrlimit(RLIMIT_NOFILE, &most)) {
		return 256;
	}
	if (most.rlim_cur < most.rlim_max) {
		most.rlim_cur = most.rlim_max < 2 * CONNECTIONS_MOST ? most.rlim_max : 2 * CONNECTIONS_MOST;
		setrlimit(RLIMIT_NOFILE, &most);
	}
	return most.rlim_cur < CONNECTIONS_MOST + 128
		       ? (unsigned)(most.rlim_cur > 256 ? most.rlim_cur - 128 : 128)
		       : CONNECTIONS_MOST;
}

pf_status pf_http_start(pf_server *server, int listener, pf_error *error)
{
	struct pf_http *http = server->http = calloc(1, sizeof *http);
	if (!http) {
		close(listener);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	http->server = server;
	http->listener = listener;
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC | MHD_USE_ERROR_LOG, 0,
		NULL, NULL, handle, server, MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_CONNECTION_LIMIT,
		connections_most(), MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEAD_BYTES_MOST,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)(server->order->read_timeout_s + 1),
		MHD_OPTION_NOTIFY_COMPLETED, note_completed, server, MHD_OPTION_NOTIFY_CONNECTION,
		note_connection, server, MHD_OPTION_EXTERNAL_LOGGER, say_nothing, NULL, MHD_OPTION_END);
	if (!http->daemon) {
		close(listener);
		return pf_fail_errno(error, NULL, "cannot speak HTTP");
	}
	return PF_OK;
}

void pf_http_quiesce(pf_server *server)
{
	int listener = MHD_quiesce_daemon(server->http->daemon);
	if (listener != MHD_INVALID_SOCKET) {
		close(listener);
	}
}

/* Connections that take too long to bring a request, or to ask for the next one. Closing is the HTTP
 * thread's: it finds the end of what it reads. */
static void end_slow(struct pf_http *http, uint64_t now_ns)
{
	uint64_t most_ns = (uint64_t)(http->server->order->read_timeout_s * 1e9);
	for (struct connection *at = http->connections; at; at = at->next) {
		if (at->since_ns && now_ns > at->since_ns + most_ns) {
			const union MHD_ConnectionInfo *info = MHD_get_connection_info(
				at->of, MHD_CONNECTION_INFO_CONNECTION_FD);
			shutdown(info->connect_fd, SHUT_RDWR);
			at->since_ns = 0;
		}
	}
}

void pf_http_tick(pf_server *server, uint64_t now_ns)
{
	end_slow(server->http, now_ns);
	pf_live_tick(server, now_ns);
}

void pf_http_stop(pf_server *server)
{
	struct pf_http *http = server->http;
	if (!http) {
		return;
	}
	if (http->daemon) {
		pthread_mutex_lock(&server->lock);
		pf_live_end(server);
		pthread_mutex_unlock(&server->lock);
		MHD_stop_daemon(http->daemon);
	}
	free(http);
	server->http = NULL;
}
