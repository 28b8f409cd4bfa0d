#include "harness/serve/serve_head.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

const char *pf_head_value(struct MHD_Connection *connection, const char *name)
{
	return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
}

bool pf_head_has_token(const pf_server *server, struct MHD_Connection *connection)
{
	const char *token = server->order->token, *given = pf_head_value(connection, "Authorization");
	if (!token) {
		return true;
	}
	if (!given || strncasecmp(given, "Bearer ", 7) != 0) {
		return false;
	}
	size_t length = strlen(token), its = strlen(given + 7);
	unsigned differs = length != its;
	for (size_t i = 0; i < its; i++) {
		differs |= (unsigned char)given[7 + i] ^ (unsigned char)token[length ? i % length : 0];
	}
	return !differs;
}

bool pf_head_read_wishes(const pf_server *server, struct MHD_Connection *connection, pf_request *request)
{
	const char *deadline = pf_head_value(connection, "Deadline-Ms");
	const char *priority = pf_head_value(connection, "Priority");
	double wait_s = server->order->deadline_s;
	request->urgency = 3;
	if (deadline) {
		char *end;
		double ms = strtod(deadline, &end);
		if (end == deadline || *end || !(ms > 0 && ms <= 1e9)) {
			return false;
		}
		wait_s = ms * 1e-3;
	}
	const char *urgency = priority ? strstr(priority, "u=") : NULL;
	if (urgency && urgency[2] >= '0' && urgency[2] <= '7') {
		request->urgency = (unsigned)(urgency[2] - '0');
	}
	request->deadline_ns = request->arrived_ns + (uint64_t)(wait_s * 1e9);
	return true;
}
