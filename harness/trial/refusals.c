#include "harness/trial/refusals.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

void pf_refusals_none(pf_refusal_watch *watch)
{
	*watch = (pf_refusal_watch){.socket = -1, .listener = -1};
}

pf_status pf_refusals_open(pf_refusal_watch *watch, int *its_end, pf_error *error)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends)) {
		return pf_fail_errno(error, NULL, "cannot open a socket pair");
	}
	*watch = (pf_refusal_watch){.socket = ends[0], .listener = -1};
	*its_end = ends[1];
	return PF_OK;
}

static void close_fd(int *fd)
{
	if (*fd >= 0) {
		close(*fd);
	}
	*fd = -1;
}

void pf_refusals_close(pf_refusal_watch *watch)
{
	close_fd(&watch->socket);
	close_fd(&watch->listener);
}

int pf_refusals_fd(const pf_refusal_watch *watch)
{
	return watch->listener >= 0 ? watch->listener : watch->socket;
}

void pf_refusals_add(pf_refusals *refusals, int number, uint64_t count)
{
	uint32_t i = 0;
	refusals->total += count;
	while (i < refusals->kinds && refusals->calls[i].number != number) {
		i++;
	}
	if (i == PF_REFUSED_KINDS) {
		return;
	}
	refusals->kinds += i == refusals->kinds;
	refusals->calls[i].number = number;
	refusals->calls[i].count += count;
}

void pf_refusals_take(pf_refusal_watch *watch, pf_containment *in_force, pf_refusals *refusals)
{
	if (watch->listener < 0) { /* the one message, or the socket's end */
		pf_containment told;
		if (pf_containment_receive(watch->socket, &told, &watch->listener, NULL) == PF_OK) {
			*in_force = told;
		}
		close_fd(&watch->socket);
		return;
	}
	struct pollfd listener = {.fd = watch->listener, .events = POLLIN};
	if (poll(&listener, 1, 0) > 0 && listener.revents & POLLIN) {
		int number = pf_refusal_answer(watch->listener);
		if (number >= 0) {
			pf_refusals_add(refusals, number, 1);
		}
	} else if (listener.revents) { /* nobody is there any more */
		close_fd(&watch->listener);
	}
}

const char *pf_refusals_text(const pf_refusals *refusals, char out[PF_REFUSALS_TEXT])
{
	size_t used = 0;
	uint64_t named = 0;
	out[0] = '\0';
	for (uint32_t i = 0; i < refusals->kinds && used < PF_REFUSALS_TEXT; i++) {
		char name[PF_CALL_NAME], times[32] = "";
		uint64_t count_of = refusals->calls[i].count;
		named += count_of;
		if (count_of > 1) {
			snprintf(times, sizeof times, " %" PRIu64 " times", count_of);
		}
		used += (size_t)snprintf(out + used, PF_REFUSALS_TEXT - used, "%s%s%s", i ? ", " : "",
					 pf_call_name(refusals->calls[i].number, name), times);
	}
	if (named < refusals->total && used < PF_REFUSALS_TEXT) {
		snprintf(out + used, PF_REFUSALS_TEXT - used, ", %" PRIu64 " others",
			 refusals->total - named);
	}
	return out;
}
