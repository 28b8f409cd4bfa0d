/* Where a load goes: the address of a URL. */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>

#include "harness/load/http_client.h"

static bool is_loopback(const struct sockaddr *address)
{
	const struct sockaddr_in *in = (const struct sockaddr_in *)address;
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)address;
	return address->sa_family == AF_INET ? ntohl(in->sin_addr.s_addr) >> 24 == 127
					     : IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) != 0;
}

static pf_status look_up(pf_http_target *target, char *host, const char *port, pf_error *error)
{
	const struct addrinfo wanted = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found;
	size_t length = strlen(host);
	if (host[0] == '[' && host[length - 1] == ']') {
		host[length - 1] = '\0';
		host++;
	}
	int failed = getaddrinfo(host, port, &wanted, &found);
	if (failed) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "no address for \"%.80s\" port \"%.10s\": %s", host,
			       port, gai_strerror(failed));
	}
	memcpy(&target->address, found->ai_addr, found->ai_addrlen);
	target->address_bytes = found->ai_addrlen;
	target->loopback = is_loopback(found->ai_addr);
	freeaddrinfo(found);
	return PF_OK;
}

/* It goes into the head of each request as it is. */
static bool is_plain(const char *text)
{
	while (*text > ' ' && *text < 0x7f) {
		text++;
	}
	return !*text;
}

pf_status pf_http_target_parse(const char *url, pf_http_target *out, pf_error *error)
{
	static const char scheme[] = "http://";
	char host[PF_URL_MOST];
	*out = (pf_http_target){.loopback = false};
	if (strncmp(url, "https://", 8) == 0) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "TLS is not spoken: give the http:// address behind the reverse proxy");
	}
	const char *authority = url + sizeof scheme - 1;
	bool good = strncmp(url, scheme, sizeof scheme - 1) == 0 && strlen(url) < sizeof out->url &&
		    is_plain(url);
	size_t length = good ? strcspn(authority, "/?#") : 0;
	if (!length || memchr(authority, '@', length) || strchr(url, '#')) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--url takes http://HOST[:PORT]/PATH, not \"%.100s\"", url);
	}
	snprintf(out->url, sizeof out->url, "%s", url);
	snprintf(out->authority, sizeof out->authority, "%.*s", (int)length, authority);
	snprintf(out->path, sizeof out->path, "%s%s", authority[length] == '/' ? "" : "/",
		 authority + length);
	snprintf(host, sizeof host, "%s", out->authority);
	char *colon = strrchr(host, ':');
	const char *port = "80";
	if (colon && !strchr(colon, ']')) {
		*colon = '\0';
		port = colon + 1;
	}
	return host[0] && port[0]
		       ? look_up(out, host, port, error)
		       : pf_fail(error, PF_ERR_USAGE, NULL, "\"%.100s\" names no host or no port", url);
}
