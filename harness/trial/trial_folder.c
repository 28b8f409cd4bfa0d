#include "harness/trial/trial_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define PREFIX "photofinish-server."

/* A lock on the folder of the trial that goes on: who is killed holds none. */
static int held = -1;

static int remove_entry(const char *path, const struct stat *info, int kind, struct FTW *place)
{
	(void)info;
	(void)place;
	return kind == FTW_DP ? rmdir(path) : unlink(path);
}

static void remove_all(const char *folder)
{
	nftw(folder, remove_entry, 16, FTW_PHYS | FTW_DEPTH);
}

void pf_trial_folder_remove(const char *folder)
{
	if (folder[0]) {
		remove_all(folder);
	}
	if (folder[0] && held >= 0) {
		close(held);
		held = -1;
	}
}

/* Removes folders of trials whose harness was killed before it could: ours, and locked by nobody. */
static void remove_left(const char *below)
{
	DIR *folder = opendir(below);
	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		char path[320];
		struct stat info;
		if (strncmp(entry->d_name, PREFIX, sizeof PREFIX - 1) != 0 ||
		    snprintf(path, sizeof path, "%s/%s", below, entry->d_name) >= (int)sizeof path) {
			continue;
		}
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && fstat(fd, &info) == 0 && info.st_uid == geteuid() &&
		    flock(fd, LOCK_EX | LOCK_NB) == 0) {
			remove_all(path);
		}
		if (fd >= 0) {
			close(fd);
		}
	}
	if (folder) {
		closedir(folder);
	}
}

/* False where somebody who removes what is left was faster than the lock. */
static bool hold(const char *path)
{
	struct stat own, there;
	held = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0 && fstat(held, &own) == 0 &&
	       stat(path, &there) == 0 && own.st_ino == there.st_ino && own.st_dev == there.st_dev;
}

pf_status pf_trial_folder_make(pf_trial_order *order, pf_error *error)
{
	const char *below = getenv("TMPDIR");
	char write[sizeof order->folder + 8];
	below = below && below[0] == '/' && strlen(below) + sizeof "/" PREFIX "XXXXXX" <= sizeof order->folder
			? below
			: "/tmp"; /* the path of a Unix socket is short, too */
	remove_left(below);
	for (int tries = 0; tries < 3; tries++) {
		snprintf(order->folder, sizeof order->folder, "%s/" PREFIX "XXXXXX", below);
		if (!mkdtemp(order->folder)) {
			break;
		}
		if (hold(order->folder)) {
			order->allowance.allow |= PF_ALLOW_EXEC | PF_ALLOW_NETWORK;
			snprintf(write, sizeof write, "write=%s", order->folder);
			return pf_allowance_add(&order->allowance, write, error);
		}
		pf_trial_folder_remove(order->folder);
	}
	pf_status status = pf_fail_errno(error, order->folder, "cannot make a folder for a trial");
	order->folder[0] = '\0';
	return status;
}
