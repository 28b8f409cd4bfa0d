#include "harness/cli/run_delivery.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/journal_keeping.h"
#include "harness/cli/record_keeping.h"
#include "harness/cli/run_setting.h"
#include "harness/export/notebook_file.h"
#include "harness/progress/progress.h"
#include "harness/record/record.h"
#include "harness/report/report.h"
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

/* Its place is the last line of what the command prints. Without it the run has done well all the same. */
static void report(json_t *record, const pf_delivery *delivery)
{
	size_t count = 0;
	char message[600];
	pf_error error = {0};
	pf_report_source source = {.record = record, .name = "this run"};
	char *text = pf_json_text(record, &count);
	if (text) {
		pf_record_id(text, count, source.id);
	}
	free(text);
	pf_status status = pf_report_make(&source, 1, delivery->report, &error);
	if (status == PF_OK) {
		bool taken = delivery->json && pf_output_is_stdout(delivery->json);
		fprintf(taken ? stderr : stdout, "%s/index.html\n", delivery->report);
	} else {
		pf_progress_say("photofinish: the report: %s",
				pf_escape(error.message, message, sizeof message));
	}
}

pf_status pf_deliver_json(const pf_delivery *delivery, json_t *record, bool measured, pf_error *error)
{
	if (!record) {
		pf_run_journal_settle(delivery->journal, "", false);
		return pf_fail(error, PF_ERR_INTERNAL, delivery->json, "cannot put the record together");
	}
	pf_status status = delivery->json ? pf_json_write(json_incref(record), delivery->json, error) : PF_OK;
	status = pf_delivery_say_kept(status, error);
	if (status == PF_OK && delivery->notebook) {
		status = pf_delivery_say_kept(pf_notebook_write(record, delivery->notebook, error), error);
	}
	char kept[PF_HISTORY_NAME_MAX] = "";
	if (!delivery->no_history && measured) { /* stopped at once: nothing to look up */
		pf_keep_record(record, kept);
	}
	if (status == PF_OK && delivery->report) {
		report(record, delivery);
	}
	pf_run_journal_settle(delivery->journal, kept, !json_is_true(json_object_get(record, "partial")));
	json_decref(record);
	return status;
}

pf_status pf_deliver_record(const pf_delivery *delivery, const pf_run *run, pf_error *error)
{
	return pf_deliver_json(delivery, pf_record_json(run), pf_anything_measured(run), error);
}
