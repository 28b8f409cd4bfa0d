#include "harness/cli/run_delivery.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/run_setting.h"
#include "harness/export/notebook_file.h"
#include "harness/history/history.h"
#include "harness/progress/progress.h"
#include "harness/record/record.h"
#include "photofinish/file.h"

pf_status pf_delivery_say_kept(pf_status status, const pf_error *error)
{
	char file[600], message[600];
	if (status != PF_ERR_EXISTS) {
		return status;
	}
	pf_progress_say("photofinish: %s: %s", pf_escape(error->file, file, sizeof file),
			pf_escape(error->message, message, sizeof message));
	return PF_OK;
}

pf_status pf_delivery_check(const pf_delivery *delivery, pf_error *error)
{
	pf_status status = pf_output_check(delivery->json, error);
	return status == PF_OK ? pf_output_check(delivery->notebook, error) : status;
}

/* The index is brought up to date here, too; where that fails, the next one who opens it does it. */
static void keep(const json_t *record)
{
	char folder[PF_HISTORY_PATH_MAX], name[PF_HISTORY_NAME_MAX], id[PF_RECORD_ID + 1], text[600];
	pf_error error = {0};
	pf_history *history = NULL;
	pf_status status = pf_history_folder(folder, &error);
	if (status == PF_ERR_UNAVAILABLE) { /* switched off */
		return;
	}
	if (status == PF_OK) {
		status = pf_history_keep(folder, record, name, id, &error);
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

pf_status pf_deliver_record(const pf_delivery *delivery, const pf_run *run, pf_error *error)
{
	json_t *record = pf_record_json(run);
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, delivery->json, "cannot put the record together");
	}
	pf_status status = delivery->json ? pf_json_write(json_incref(record), delivery->json, error) : PF_OK;
	status = pf_delivery_say_kept(status, error);
	if (status == PF_OK && delivery->notebook) {
		status = pf_delivery_say_kept(pf_notebook_write(record, delivery->notebook, error), error);
	}
	if (!delivery->no_history && pf_anything_measured(run)) { /* stopped at once: nothing to look up */
		keep(record);
	}
	json_decref(record);
	return status;
}
