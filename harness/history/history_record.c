#include "harness/history/history_record.h"

#include <string.h>
#include <unistd.h>

#include "harness/history/history.h"

static pf_status load(const char *name, bool run_only, json_t **record, char id[PF_RECORD_ID + 1],
		      pf_error *error)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	pf_history *history = NULL;
	pf_error ignored;
	bool by_id = access(name, F_OK) && !strchr(name, '/') && !strchr(name, '.') &&
		     pf_history_folder(folder, &ignored) == PF_OK;
	pf_status status = by_id ? pf_history_open(folder, NULL, &history, error) : PF_OK;
	if (status == PF_OK && by_id) {
		status = pf_history_find(history, name, run_only, path, error);
	}
	pf_history_close(history);
	if (status != PF_OK) {
		return status;
	}
	return run_only ? pf_record_load(by_id ? path : name, record, id, error)
			: pf_record_load_any(by_id ? path : name, record, id, error);
}

pf_status pf_history_record_load(const char *name, json_t **record, pf_error *error)
{
	return load(name, true, record, NULL, error);
}

pf_status pf_history_record_load_any(const char *name, json_t **record, char id[PF_RECORD_ID + 1],
				     pf_error *error)
{
	return load(name, false, record, id, error);
}
