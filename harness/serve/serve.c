#include "harness/serve/serve.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/serve/server.h"

#define TICK_NS 20000000
#define SEND_NS 5000000000u /* for answers that are there to be sent, at the end */

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	return address->sa_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127
					     : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) != 0;
}

static pf_status listen_at(const struct addrinfo *at, int *out, pf_error *error)
{
	int one = 1;
	*out = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*out >= 0 && setsockopt(*out, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(*out, at->ai_addr, at->ai_addrlen) == 0 && listen(*out, SOMAXCONN) == 0) {
		return PF_OK;
	}
	pf_status status = pf_fail_errno(error, NULL, "cannot listen there");
	if (*out >= 0) {
		close(*out);
	}
	return status;
}

static pf_status open_listener(const pf_serve_order *order, int *out, pf_error *error)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
	struct addrinfo *found;
	int failed = getaddrinfo(order->address, order->port, &wanted, &found);
	if (failed) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "cannot listen at %.80s: %s", order->address,
			       gai_strerror(failed));
	}
	pf_status status;
	if (!order->token && !is_loopback(found->ai_addr)) {
		status = pf_fail(error, PF_ERR_USAGE, NULL,
				 "%.80s is reached from other machines: that needs --token-file",
				 order->address);
	} else {
		status = listen_at(found, out, error);
	}
	freeaddrinfo(found);
	return status;
}

static void tell_address(const pf_serve_order *order, int listener)
{
	struct sockaddr_storage own;
	socklen_t length = sizeof own;
	char host[NI_MAXHOST] = "", port[NI_MAXSERV] = "0", shown[NI_MAXHOST + 2];
	if (order->listening && getsockname(listener, (struct sockaddr *)&own, &length) == 0 &&
	    getnameinfo((struct sockaddr *)&own, length, host, sizeof host, port, sizeof port,
			NI_NUMERICHOST | NI_NUMERICSERV) == 0) {
		snprintf(shown, sizeof shown, strchr(host, ':') ? "[%s]" : "%s", host);
		order->listening(order->context, shown, (unsigned)strtoul(port, NULL, 10));
	}
}

/* What is left when the server is ended at once: nothing is under way any more. */
static void refuse_all(pf_server *server)
{
	pf_request *request;
	while ((request = server->queue.first)) {
		pf_queue_remove(&server->queue, request);
		request->refused = PF_DENIED_DRAINING;
		request->complete = true;
		server->requests--;
		pf_http_answer(request);
	}
}

/* True while there is something to do. */
static bool tick(pf_server *server)
{
	uint64_t now = pf_now_ns();
	pthread_mutex_lock(&server->lock);
	if (pf_interrupts && !server->draining) {
		server->draining = true;
		pthread_mutex_unlock(&server->lock);
		pf_http_quiesce(server);
		pthread_mutex_lock(&server->lock);
	}
	pf_engine_dispatch(server);
	pf_http_tick(server, now);
	bool busy = !server->draining || server->requests || server->answering;
	bool more = busy && !server->failed && pf_interrupts < 2;
	pthread_mutex_unlock(&server->lock);
	return more;
}

static void nap(void)
{
	nanosleep(&(struct timespec){.tv_nsec = TICK_NS}, NULL);
}

static void await_sent(pf_server *server)
{
	uint64_t begin = pf_now_ns();
	size_t left = 1;
	while (left && pf_now_ns() - begin < SEND_NS) {
		pthread_mutex_lock(&server->lock);
		left = server->answering;
		pthread_mutex_unlock(&server->lock);
		if (left) {
			nap();
		}
	}
}

pf_status pf_serve(const pf_serve_order *order, pf_error *error)
{
	pf_server *server = calloc(1, sizeof *server);
	int listener = -1;
	if (!server) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	server->order = order;
	pthread_mutex_init(&server->lock, NULL);
	pf_status status = open_listener(order, &listener, error);
	if (status == PF_OK) {
		tell_address(order, listener);
		status = pf_http_start(server, listener, error);
	}
	status = status == PF_OK ? pf_engine_start(server, error) : status;
	if (status == PF_OK) {
		while (tick(server)) {
			nap();
		}
		status = server->failed       ? server->failure.code
			 : pf_interrupts >= 2 ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped at once")
					      : PF_OK;
		if (server->failed) {
			*error = server->failure;
		}
	}
	pf_engine_stop(server);
	pthread_mutex_lock(&server->lock);
	server->draining = true; /* also where it failed: what comes now would wait for ever */
	refuse_all(server);
	pthread_mutex_unlock(&server->lock);
	if (server->http) {
		await_sent(server);
		pf_http_stop(server);
	}
	pthread_mutex_destroy(&server->lock);
	free(server->live.event);
	free(server->poison);
	free(server);
	return status;
}
