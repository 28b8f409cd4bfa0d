/* In place of core/nn's part in pictures where networks are left out of the build: there is no workspace. */
#include "core/nn/picture.h"

bool pf_workspace_take_pictures(pf_workspace *workspace, uint32_t maxima)
{
	(void)workspace;
	(void)maxima;
	return false;
}

pf_status pf_workspace_picture(pf_workspace *workspace, size_t index, const pf_picture *picture,
			       pf_error *error)
{
	(void)workspace;
	(void)index;
	(void)picture;
	return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "networks were left out of this build");
}

const pf_gpu_peak *pf_workspace_peaks(const pf_workspace *workspace)
{
	(void)workspace;
	return NULL;
}

bool pf_workspace_time(pf_workspace *workspace, pf_trace *trace)
{
	(void)workspace;
	(void)trace;
	return false;
}
