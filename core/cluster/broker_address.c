/* Addresses of Redis, as texts. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "photofinish/cluster.h"

/* Copies `length` bytes; false where they do not fit. */
static bool copy(char *out, size_t capacity, const char *from, size_t length)
{
	if (length >= capacity) {
		return false;
	}
	memcpy(out, from, length);
	out[length] = '\0';
	return true;
}

/* [USER]:PASSWORD */
static bool read_login(const char *text, size_t length, pf_broker_address *out)
{
	const char *colon = memchr(text, ':', length);
	size_t user = colon ? (size_t)(colon - text) : length;
	return colon && copy(out->user, sizeof out->user, text, user) &&
	       copy(out->password, sizeof out->password, colon + 1, length - user - 1);
}

/* HOST[:PORT][/DATABASE], with [] around a host that has colons. */
static bool read_place(const char *text, pf_broker_address *out)
{
	const char *end = *text == '[' ? strchr(text, ']') : text + strcspn(text, ":/");
	bool bracket = *text == '[';
	if (!end || !copy(out->host, sizeof out->host, text + bracket, (size_t)(end - text) - bracket) ||
	    !out->host[0]) {
		return false;
	}
	end += bracket;
	char *rest = (char *)end;
	if (*end == ':') {
		long port = strtol(end + 1, &rest, 10);
		if (rest == end + 1 || port < 1 || port > 65535) {
			return false;
		}
		out->port = (int)port;
	}
	if (*rest == '/' && rest[1]) {
		char *last;
		long database = strtol(rest + 1, &last, 10);
		if (last == rest + 1 || *last || database < 0 || database > 1 << 20) {
			return false;
		}
		out->database = (int)database;
		return true;
	}
	return !*rest || (*rest == '/' && !rest[1]);
}

pf_status pf_broker_address_read(const char *url, pf_broker_address *out, pf_error *error)
{
	*out = (pf_broker_address){.port = 6379};
	bool right = false;
	if (strncmp(url, "unix:", 5) == 0) {
		right = url[5] && copy(out->path, sizeof out->path, url + 5, strlen(url + 5));
	} else if (strncmp(url, "rediss://", 9) == 0) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"rediss:// needs TLS, which this hiredis has not: use a tunnel (docs/cluster.md)");
	} else if (strncmp(url, "redis://", 8) == 0) {
		const char *place = url + 8, *at = strrchr(place, '@');
		right = !at || read_login(place, (size_t)(at - place), out);
		right = right && read_place(at ? at + 1 : place, out);
	}
	return right ? PF_OK
		     : pf_fail(error, PF_ERR_USAGE, NULL,
			       "the address of Redis is redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE] or "
			       "unix:PATH (of less than %zu bytes)",
			       sizeof out->path);
}

const char *pf_broker_address_text(const pf_broker_address *address, char out[PF_BROKER_NAME])
{
	if (address->path[0]) {
		snprintf(out, PF_BROKER_NAME, "redis at %s", address->path);
	} else {
		snprintf(out, PF_BROKER_NAME, "redis at %s:%d", address->host, address->port);
	}
	return out;
}

pf_status pf_cluster_seal_draw(pf_cluster_seal *out, pf_error *error)
{
	return getrandom(out, sizeof *out, 0) == (ssize_t)sizeof *out
		       ? PF_OK
		       : pf_fail_errno(error, NULL, "cannot draw random bytes");
}
