#include "harness/cli/record_keeping.h"

#include "harness/history/history.h"
#include "harness/progress/progress.h"
#include "photofinish/file.h"

/* The index is brought up to date here, too; where that fails, the next one who opens it does it. */
void pf_keep_record(const json_t *record, char name[PF_HISTORY_NAME_MAX])
{
	char folder[PF_HISTORY_PATH_MAX], own[PF_HISTORY_NAME_MAX], id[PF_RECORD_ID + 1], text[600];
	pf_error error = {0};
	pf_history *history = NULL;
	pf_status status = pf_history_folder(folder, &error);
	name = name ? name : own;
	name[0] = '\0';
	if (status == PF_ERR_UNAVAILABLE) { /* switched off */
		return;
	}
	if (status == PF_OK) {
		status = pf_history_keep(folder, record, name, id, &error);
		name[0] = status == PF_OK ? name[0] : '\0';
	}
	if (status == PF_OK) {
		pf_progress_milestone("kept as %s (photofinish history show %s)", id, id);
		status = pf_history_open(folder, NULL, &history, &error);
		pf_history_close(history);
	}
	if (status != PF_OK) {
		pf_progress_say("photofinish: the history: %s", pf_escape(error.message, text, sizeof text));
	}
}
