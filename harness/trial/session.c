#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/trial/trial.h"

pf_status pf_session_open(pf_session *session, const pf_dataset *dataset, const pf_scorer_config *scorer,
			  pf_error *error)
{
	*session = (pf_session){.dataset = dataset, .order.scorer = *scorer, .manifest_fd = -1};
	int fd = memfd_create("manifest", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	FILE *stream = fd < 0 ? NULL : fdopen(fd, "w");
	if (!stream) {
		pf_status status = pf_fail_errno(error, NULL, "cannot keep the manifest in memory");
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	/* Above the numbers that a trial's process finds its descriptors at. */
	session->manifest_fd = fcntl(fd, F_DUPFD_CLOEXEC, 10);
	pf_status packed = pf_dataset_pack(dataset, stream);
	/* All trials read it: none can change it, or cut it off, for the others. */
	if (fclose(stream) || packed != PF_OK || session->manifest_fd < 0 ||
	    fcntl(session->manifest_fd, F_ADD_SEALS,
		  F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL)) {
		pf_session_close(session);
		return pf_fail_errno(error, NULL, "cannot keep the manifest in memory");
	}
	return PF_OK;
}

void pf_session_close(pf_session *session)
{
	if (session->manifest_fd >= 0) {
		close(session->manifest_fd);
	}
	session->manifest_fd = -1;
}
