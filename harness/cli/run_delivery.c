#include "harness/cli/run_delivery.h"

#include <jansson.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/base/output.h"
#include "harness/cli/record_keeping.h"
#include "harness/cli/run_setting.h"
#include "harness/export/notebook_file.h"
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

pf_status pf_deliver_json(const pf_delivery *delivery, json_t *record, bool measured, pf_error *error)
{
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, delivery->json, "cannot put the record together");
	}
	pf_status status = delivery->json ? pf_json_write(json_incref(record), delivery->json, error) : PF_OK;
	status = pf_delivery_say_kept(status, error);
	if (status == PF_OK && delivery->notebook) {
		status = pf_delivery_say_kept(pf_notebook_write(record, delivery->notebook, error), error);
	}
	if (!delivery->no_history && measured) { /* stopped at once: nothing to look up */
		pf_keep_record(record);
	}
	json_decref(record);
	return status;
}

pf_status pf_deliver_record(const pf_delivery *delivery, const pf_run *run, pf_error *error)
{
	return pf_deliver_json(delivery, pf_record_json(run), pf_anything_measured(run), error);
}
