#include "harness/trial/trial_folder.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

pf_status pf_trial_folder_make(pf_trial_order *order, pf_error *error)
{
	const char *below = getenv("TMPDIR");
	char write[sizeof order->folder + 8];
	int length = snprintf(order->folder, sizeof order->folder, "%s/photofinish-trial.XXXXXX",
			      below && below[0] == '/' ? below : "/tmp");
	if (length >= (int)sizeof order->folder) { /* the path of a Unix socket is short, too */
		snprintf(order->folder, sizeof order->folder, "/tmp/photofinish-trial.XXXXXX");
	}
	if (!mkdtemp(order->folder)) {
		pf_status status = pf_fail_errno(error, order->folder, "cannot make a folder for a trial");
		order->folder[0] = '\0';
		return status;
	}
	order->allowance.allow |= PF_ALLOW_EXEC | PF_ALLOW_NETWORK;
	snprintf(write, sizeof write, "write=%s", order->folder);
	return pf_allowance_add(&order->allowance, write, error);
}

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

void pf_trial_folder_remove(const char *folder)
{
	if (folder[0]) {
		nftw(folder, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
	}
}
