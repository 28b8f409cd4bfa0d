/* Allocations as a probe, where a session asks for it with the path of the object to be preloaded
 * (pf_allocation_library). What it finds is a pf_allocations. */
#include <stdlib.h>

#include "harness/memory/allocations.h"
#include "harness/probe/probe.h"

struct counting {
	pf_allocation_board *board;
	int fd;
	char **environment;
};

static void close_board(pf_probe_look *look)
{
	struct counting *counting = look->state;
	pf_allocation_environment_free(counting->environment);
	pf_allocation_board_close(counting->board, counting->fd);
	free(counting);
}

static pf_status open_board(pf_probe_look *look, pf_error *error)
{
	struct counting *counting = look->state = calloc(1, sizeof *counting);
	if (!counting) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = pf_allocation_board_open(&counting->board, &counting->fd, error);
	if (status == PF_OK) {
		counting->environment = pf_allocation_environment(look->asked, counting->fd);
	} else {
		close_board(look);
	}
	return status;
}

static char **environment(const pf_probe_look *look)
{
	const struct counting *counting = look->state;
	return counting->environment;
}

static void *collect(pf_probe_look *look)
{
	const struct counting *counting = look->state;
	return pf_allocations_collect(counting->board, look->traces, look->workers);
}

static void release(void *allocations)
{
	pf_allocations_free(allocations);
}

const pf_probe pf_probe_allocations = {
	.on_request = true,
	.open = open_board,
	.environment = environment,
	.enter = pf_allocation_hook_install,
	.collect = collect,
	.close = close_board,
	.release = release,
};
