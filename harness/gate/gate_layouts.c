#include "harness/gate/gate_layouts.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#define PREFIX "run-"

/* A folder of an arm's own in its build, locked for as long as it is in use. */
typedef struct place {
	const pf_gate_arm *arm;
	char folder[PATH_MAX], library[PATH_MAX];
	int lock;
} place;

struct pf_gate_layouts {
	place places[2];
};

static void remove_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	while (folder && (entry = readdir(folder))) {
		unlinkat(dirfd(folder), entry->d_name, 0); /* "." and ".." stay */
	}
	if (folder) {
		closedir(folder);
	}
	rmdir(path);
}

/* Folders that nobody holds: of gates that were killed. */
static void sweep(const char *root)
{
	char path[PATH_MAX + 300];
	DIR *folder = opendir(root);
	const struct dirent *entry;
	while (folder && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) != 0) {
			continue;
		}
		snprintf(path, sizeof path, "%s/%s", root, entry->d_name);
		int lock = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) == 0) {
			remove_folder(path);
		}
		if (lock >= 0) {
			close(lock);
		}
	}
	if (folder) {
		closedir(folder);
	}
}

static pf_status open_place(place *p, const pf_gate_arm *arm, pf_error *error)
{
	*p = (place){.arm = arm, .lock = -1};
	if (!arm->relinks) {
		return PF_OK;
	}
	/* One at a time: no other gate's folder is swept before it is locked. */
	int root = open(arm->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root < 0 || flock(root, LOCK_EX)) {
		if (root >= 0) {
			close(root);
		}
		return pf_fail_errno(error, arm->root, "cannot be locked");
	}
	sweep(arm->root);
	snprintf(p->folder, sizeof p->folder, "%.4000s/" PREFIX "XXXXXX", arm->root);
	bool fine = mkdtemp(p->folder) != NULL;
	if (!fine) {
		p->folder[0] = '\0';
	} else {
		p->lock = open(p->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fine = p->lock >= 0 && flock(p->lock, LOCK_EX | LOCK_NB) == 0;
	}
	pf_status status = fine ? PF_OK : pf_fail_errno(error, arm->root, "cannot be written to");
	close(root);
	return status;
}

pf_status pf_gate_layouts_open(const pf_gate_arm arms[2], pf_gate_layouts **out, pf_error *error)
{
	pf_gate_layouts *layouts = calloc(1, sizeof *layouts);
	*out = layouts;
	if (!layouts) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = open_place(&layouts->places[0], &arms[0], error);
	layouts->places[1].lock = -1;
	if (status == PF_OK) {
		status = open_place(&layouts->places[1], &arms[1], error);
	}
	if (status != PF_OK) {
		pf_gate_layouts_close(layouts);
		*out = NULL;
	}
	return status;
}

pf_status pf_gate_layouts_make(pf_gate_layouts *layouts, const unsigned layout[2],
			       char libraries[2][PATH_MAX], pf_error *error)
{
	pf_gate_link links[2];
	size_t count = 0;
	for (int arm = 0; arm < 2; arm++) {
		place *p = &layouts->places[arm];
		if (!p->folder[0]) {
			snprintf(libraries[arm], PATH_MAX, "%s", p->arm->library);
			continue;
		}
		if (p->library[0]) {
			unlink(p->library);
		}
		snprintf(libraries[arm], PATH_MAX, "%.4000s/%09u.so", p->folder, layout[arm]);
		snprintf(p->library, sizeof p->library, "%s", libraries[arm]);
		links[count++] = (pf_gate_link){.arm = p->arm, .seed = layout[arm], .library = p->library};
	}
	return pf_gate_link_all(links, count, error);
}

void pf_gate_layouts_close(pf_gate_layouts *layouts)
{
	for (int arm = 0; layouts && arm < 2; arm++) {
		if (layouts->places[arm].folder[0]) {
			remove_folder(layouts->places[arm].folder);
		}
		if (layouts->places[arm].lock >= 0) {
			close(layouts->places[arm].lock);
		}
	}
	free(layouts);
}
