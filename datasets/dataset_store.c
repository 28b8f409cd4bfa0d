#include "datasets/dataset_store.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "photofinish/file.h"

static pf_status join(char path[PF_STORE_PATH_MAX], const char *folder, const char *file, pf_error *error)
{
	int used = snprintf(path, PF_STORE_PATH_MAX, "%s%s%s", folder, file ? "/" : "", file ? file : "");
	if (used < 0 || used >= PF_STORE_PATH_MAX) {
		return pf_fail(error, PF_ERR_INVALID, folder, "the path is longer than %d bytes",
			       PF_STORE_PATH_MAX - 1);
	}
	return PF_OK;
}

pf_status pf_store_home(char path[PF_STORE_PATH_MAX], pf_error *error)
{
	const char *data = getenv("PHOTOFINISH_DATA"), *cache = getenv("XDG_CACHE_HOME"),
		   *user = getenv("HOME");
	if (data && *data) {
		return join(path, data, NULL, error);
	}
	if (cache && *cache == '/') { /* the XDG rules ignore relative ones */
		return join(path, cache, "photofinish", error);
	}
	if (user && *user) {
		return join(path, user, ".cache/photofinish", error);
	}
	return pf_fail(error, PF_ERR_NOT_FOUND, NULL, "no folder for datasets: set PHOTOFINISH_DATA");
}

bool pf_store_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(name);
	return length > 0 && length < 64 && name[0] != '.' && strspn(name, allowed) == length;
}

pf_status pf_store_path(const char *home, const char *name, const char *file, char path[PF_STORE_PATH_MAX],
			pf_error *error)
{
	char folder[PF_STORE_PATH_MAX], base[PF_STORE_PATH_MAX];
	if (!pf_store_name_ok(name)) {
		return pf_fail(error, PF_ERR_USAGE, name,
			       "not a name for a dataset: use letters, digits, '.', '_' and '-', at most 63");
	}
	pf_status status = home ? join(base, home, NULL, error) : pf_store_home(base, error);
	status = status ? status : join(folder, base, name, error);
	return status ? status : join(path, folder, file, error);
}

static bool is_folder(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static bool exists(const char *path)
{
	struct stat st;
	return stat(path, &st) == 0;
}

/* Somebody's folder of photos may have a file of that name, too: ours begins with its own word. */
static bool is_manifest(const char *path)
{
	static const char word[] = "photofinish-manifest\t";
	char head[sizeof word] = "";
	FILE *file = pf_open_regular(path, NULL);
	if (file) {
		size_t got = fread(head, 1, sizeof word - 1, file);
		head[got] = '\0';
		fclose(file);
	}
	return strcmp(head, word) == 0;
}

/* What pf_store_open opens: a manifest (*scan false), or a folder that has none. */
static pf_status find(const char *name_or_path, char path[PF_STORE_PATH_MAX], bool *scan, pf_error *error)
{
	*scan = false;
	if (pf_store_name_ok(name_or_path) &&
	    pf_store_path(NULL, name_or_path, "manifest", path, NULL) == PF_OK && exists(path)) {
		return PF_OK;
	}
	if (is_folder(name_or_path)) {
		pf_status status = join(path, name_or_path, "manifest", error);
		*scan = status == PF_OK && !is_manifest(path);
		return status;
	}
	if (is_manifest(name_or_path)) {
		return join(path, name_or_path, NULL, error);
	}
	if (exists(name_or_path)) {
		return pf_fail(error, PF_ERR_INVALID, name_or_path,
			       "neither a folder of photos nor a manifest");
	}
	return pf_fail(error, PF_ERR_NOT_FOUND, name_or_path,
		       "there is no such dataset or folder (photofinish dataset list shows what there is)");
}

/* Whoever gives a folder of photos gives what is in it: a manifest that came with it leads nowhere else. */
static pf_status check_root(const char *folder, const pf_dataset *dataset, pf_error *error)
{
	char *whole = realpath(folder, NULL), *root = realpath(dataset->root, NULL);
	size_t length = whole ? strlen(whole) : 0;
	bool inside = whole && root && strncmp(root, whole, length) == 0 &&
		      (root[length] == '\0' || root[length] == '/' || length == 1);
	pf_status status = PF_OK;
	if (root && !inside) { /* one that is not there is told of later */
		status = pf_fail(
			error, PF_ERR_INVALID, folder,
			"its manifest has photos outside of the folder, in %s (give the manifest itself)",
			root);
	}
	free(whole);
	free(root);
	return status;
}

pf_status pf_store_open(const char *name_or_path, pf_dataset **out, pf_error *error)
{
	char path[PF_STORE_PATH_MAX];
	bool scan;
	pf_status status = find(name_or_path, path, &scan, error);
	if (status != PF_OK || scan) {
		return status ? status : pf_dataset_scan(name_or_path, out, error);
	}
	status = pf_dataset_load(path, out, error);
	bool by_name = pf_store_name_ok(name_or_path) &&
		       pf_store_path(NULL, name_or_path, "manifest", path, NULL) == PF_OK && exists(path);
	if (status == PF_OK && !by_name && is_folder(name_or_path)) {
		status = check_root(name_or_path, *out, error);
		if (status != PF_OK) {
			pf_dataset_free(*out);
			*out = NULL;
		}
	}
	return status;
}

bool pf_store_manifest(const char *name_or_path, char path[PF_STORE_PATH_MAX])
{
	bool scan;
	return find(name_or_path, path, &scan, NULL) == PF_OK && !scan;
}

static int visible(const struct dirent *entry)
{
	return pf_store_name_ok(entry->d_name);
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static bool describe(const char *home, const char *name, pf_store_entry *entry)
{
	char path[PF_STORE_PATH_MAX];
	pf_dataset *dataset = NULL;
	memset(entry, 0, sizeof *entry);
	entry->name = name;
	if (pf_store_path(home, name, "spec", path, NULL) == PF_OK) {
		entry->made = exists(path);
	}
	if (pf_store_path(home, name, "manifest", path, NULL) || pf_dataset_load(path, &dataset, NULL)) {
		return entry->made;
	}
	entry->complete = true;
	entry->photos = dataset->count;
	for (size_t i = 0; i < dataset->count; i++) {
		entry->bytes += dataset->photos[i].size_bytes;
	}
	pf_dataset_free(dataset);
	return true;
}

pf_status pf_store_list(const char *home, void (*visit)(void *context, const pf_store_entry *entry),
			void *context, pf_error *error)
{
	char base[PF_STORE_PATH_MAX];
	struct dirent **entries = NULL;
	pf_status status = home ? join(base, home, NULL, error) : pf_store_home(base, error);
	if (status) {
		return status;
	}
	int count = scandir(base, &entries, visible, by_bytes);
	if (count < 0) {
		return errno == ENOENT ? PF_OK : pf_fail_errno(error, base, "cannot list the datasets");
	}
	for (int i = 0; i < count; i++) {
		pf_store_entry entry;
		if (describe(base, entries[i]->d_name, &entry)) {
			visit(context, &entry);
		}
		free(entries[i]);
	}
	free(entries);
	return PF_OK;
}
