#include "harness/micro/work_state.h"

#include <string.h>

#include "harness/base/workload_library.h"
#include "photofinish/file.h"

enum { BYTES = PF_WORKLOAD_DIGEST_BYTES, WHY = 200 };

pf_status pf_work_state_open(pf_work_state *work, pf_error *error)
{
	char why[WHY] = "", clean[WHY];
	pf_workload_input input = {
		.struct_size = sizeof input, .seed = 1, .size = work->size, .way = work->way};
	work->state = NULL;
	if (work->workload->set_up(work->workload, &input, &work->state, why, sizeof why)) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s",
			       why[0] ? pf_escape(why, clean, sizeof clean) : "its set-up failed");
	}
	return PF_OK;
}

pf_status pf_work_state_run(pf_work_state *work, uint64_t units, pf_error *error)
{
	int failed = work->workload->run(work->state, units);
	return failed ? pf_fail(error, PF_ERR_INVALID, NULL, "its run returned %d", failed) : PF_OK;
}

void pf_work_state_close(pf_work_state *work)
{
	if (work->workload) {
		work->workload->tear_down(work->state);
	}
	work->state = NULL;
}

bool pf_work_state_gives(const pf_work_state *work, const uint8_t digest[PF_WORKLOAD_DIGEST_BYTES])
{
	uint8_t now[BYTES];
	work->workload->digest(work->state, now);
	return memcmp(now, digest, BYTES) == 0;
}

/* Runs `units` for the first time: that has to change something. */
static pf_status run_first(pf_work_state *work, uint8_t digest[BYTES], pf_error *error)
{
	work->workload->digest(work->state, digest);
	pf_status status = pf_work_state_run(work, 1, error);
	if (status == PF_OK && pf_work_state_gives(work, digest)) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "its run computes nothing: no time for it");
	}
	work->workload->digest(work->state, digest);
	return status;
}

/* Beside the plainest way; `digest` is the output of the one that is checked. */
static pf_status check_beside(const pf_work_state *work, const char *plainest, const uint8_t digest[BYTES],
			      pf_error *error)
{
	pf_work_state other = *work;
	uint8_t wanted[BYTES];
	pf_error why = {0};
	other.way = plainest;
	pf_status status = pf_work_state_open(&other, &why);
	if (status == PF_OK) {
		status = run_first(&other, wanted, &why);
	}
	if (status != PF_OK) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "%s, which it is checked against: %.150s",
				 plainest, why.message);
	} else if (!(work->workload->agrees ? work->workload->agrees(work->state, other.state)
					    : memcmp(digest, wanted, BYTES) == 0)) {
		status = pf_fail(error, PF_ERR_INVALID, NULL,
				 "wrong output, it differs from that of %s: no time for it", plainest);
	}
	pf_work_state_close(&other);
	return status;
}

pf_status pf_work_state_check(pf_work_state *work, uint8_t digest[PF_WORKLOAD_DIGEST_BYTES], pf_error *error)
{
	const char *const *ways = pf_workload_ways(work->table, work->workload);
	pf_status status = run_first(work, digest, error);
	if (status == PF_OK) {
		status = pf_work_state_run(work, 2, error);
	}
	if (status == PF_OK && !pf_work_state_gives(work, digest)) {
		status = pf_fail(error, PF_ERR_INVALID, NULL,
				 "each run gives another output for the same input: no time for it");
	}
	if (status == PF_OK && ways && work->way && strcmp(work->way, ways[0]) != 0) {
		status = check_beside(work, ways[0], digest, error);
	}
	return status;
}
