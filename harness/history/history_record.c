#include "harness/history/history_record.h"

#include <string.h>
#include <unistd.h>

#include "harness/history/history.h"
#include "harness/record/record_load.h"

pf_status pf_history_record_load(const char *name, json_t **record, pf_error *error)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	pf_history *history = NULL;
	pf_error ignored;
	bool id = access(name, F_OK) && !strchr(name, '/') && !strchr(name, '.') &&
		  pf_history_folder(folder, &ignored) == PF_OK;
	if (!id) {
		return pf_record_load(name, record, NULL, error);
	}
	pf_status status = pf_history_open(folder, NULL, &history, error);
	if (status == PF_OK) {
		status = pf_history_find(history, name, true, path, error);
	}
	pf_history_close(history);
	return status == PF_OK ? pf_record_load(path, record, NULL, error) : status;
}
