#include "harness/history/history_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json_file.h"
#include "photofinish/file.h"

static pf_status join(char out[PF_HISTORY_PATH_MAX], const char *folder, const char *name, pf_error *error)
{
	int length = snprintf(out, PF_HISTORY_PATH_MAX, "%s%s%s", folder, name ? "/" : "", name ? name : "");
	return length > 0 && length < PF_HISTORY_PATH_MAX
		       ? PF_OK
		       : pf_fail(error, PF_ERR_INVALID, NULL, "the path of the history is too long");
}

pf_status pf_history_folder(char path[PF_HISTORY_PATH_MAX], pf_error *error)
{
	const char *own = getenv("PHOTOFINISH_HISTORY"), *data = getenv("PHOTOFINISH_DATA"),
		   *share = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
	if (own && !*own) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
			       "the history is switched off: PHOTOFINISH_HISTORY is empty");
	}
	if (own) {
		return join(path, own, NULL, error);
	}
	if (data && *data) {
		return join(path, data, ".history", error);
	}
	if (share && *share == '/') { /* the XDG rules ignore relative ones */
		return join(path, share, "photofinish/history", error);
	}
	if (user && *user) {
		return join(path, user, ".local/share/photofinish/history", error);
	}
	return pf_fail(error, PF_ERR_NOT_FOUND, NULL, "no folder for the history: set PHOTOFINISH_HISTORY");
}

pf_status pf_history_path(const char *folder, const char *name, char path[PF_HISTORY_PATH_MAX],
			  pf_error *error)
{
	return join(path, folder, name, error);
}

pf_status pf_history_record_path(const char *folder, const char *name, char path[PF_HISTORY_PATH_MAX],
				 pf_error *error)
{
	char records[PF_HISTORY_PATH_MAX];
	pf_status status = join(records, folder, "records", error);
	return status == PF_OK ? join(path, records, name, error) : status;
}

/* "20261127T231201Z-journey-0123456789ab.json": sorts by time, and the id keeps names apart. */
static void name_of(const json_t *record, const char *id, char name[PF_HISTORY_NAME_MAX])
{
	char when[24] = "", command[24] = "";
	const char *started = json_string_value(json_object_get(record, "started")),
		   *by = json_string_value(json_object_get(record, "command"));
	size_t used = 0;
	for (const char *at = started; at && *at && used < sizeof when - 1; at++) {
		if ((*at >= '0' && *at <= '9') || *at == 'T' || *at == 'Z') {
			when[used++] = *at;
		}
	}
	used = 0;
	for (const char *at = by; at && *at && used < sizeof command - 1; at++) {
		if (*at >= 'a' && *at <= 'z') {
			command[used++] = *at;
		}
	}
	snprintf(name, PF_HISTORY_NAME_MAX, "%s-%s-%s.json", when, command, id);
}

static pf_status write_file(const char *path, const char *text, size_t count, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, path, error);
	if (status != PF_OK) {
		return status;
	}
	if (fwrite(text, 1, count, file.stream) != count) {
		status = pf_fail_errno(error, path, "cannot write the record");
		pf_new_file_abandon(&file);
		return status;
	}
	status = pf_new_file_commit(&file, false, error);
	return status == PF_ERR_EXISTS ? PF_OK : status; /* its name holds its digest */
}

pf_status pf_history_keep(const char *folder, const json_t *record, char name[PF_HISTORY_NAME_MAX],
			  char id[PF_RECORD_ID + 1], pf_error *error)
{
	char records[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	size_t count = 0;
	char *text = pf_json_text(record, &count);
	if (!text) {
		return pf_fail(error, PF_ERR_NO_MEMORY, folder, "not enough memory for the record");
	}
	pf_record_id(text, count, id);
	name_of(record, id, name);
	pf_status status = join(records, folder, "records", error);
	if (status == PF_OK) {
		status = pf_make_folders(records, error);
	}
	if (status == PF_OK) {
		status = join(path, records, name, error);
	}
	if (status == PF_OK) {
		status = write_file(path, text, count, error);
	}
	free(text);
	return status;
}

static int is_record(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".json") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

pf_status pf_history_each(const char *folder,
			  pf_status (*visit)(void *context, const char *name, pf_error *error), void *context,
			  pf_error *error)
{
	char records[PF_HISTORY_PATH_MAX];
	struct dirent **entries = NULL;
	pf_status status = join(records, folder, "records", error);
	if (status != PF_OK) {
		return status;
	}
	int count = scandir(records, &entries, is_record, by_bytes);
	if (count < 0) {
		return errno == ENOENT ? PF_OK : pf_fail_errno(error, records, "cannot list the records");
	}
	for (int i = 0; i < count; i++) {
		status = status == PF_OK ? visit(context, entries[i]->d_name, error) : status;
		free(entries[i]);
	}
	free(entries);
	return status;
}
