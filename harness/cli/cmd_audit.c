/* audit: does a variant do the work that its time is for? */
#include <string.h>

#include "harness/audit/audit.h"
#include "harness/base/interrupt.h"
#include "harness/base/output.h"
#include "harness/cli/commands.h"
#include "harness/cli/common.h"
#include "harness/cli/run_delivery.h"
#include "harness/cli/run_setting.h"
#include "harness/progress/progress.h"
#include "harness/record/audit_json.h"
#include "harness/record/record_head.h"
#include "harness/registry/outside.h"
#include "harness/run/contestant.h"
#include "harness/show/audit_table.h"

struct request {
	pf_common common;
	pf_delivery delivery;
	const char *dataset;
	uint32_t photos, rounds;
	uint64_t seed;
	bool has_seed;
};

static void show_progress(void *context, size_t done, size_t total)
{
	pf_progress_update(context, done, total, "trials", NULL);
}

static int exit_code(const pf_audit *audit)
{
	static const int codes[] = {PF_EXIT_OK, PF_EXIT_FAIL, PF_EXIT_UNDECIDED};
	pf_audit_verdict verdict = pf_audit_verdict_of(audit);
	return verdict != PF_AUDIT_CAUGHT && pf_interrupts ? PF_EXIT_INTERRUPTED : codes[verdict];
}

/* A shared object stands for the variant that it holds. */
static pf_status choose(const char *operand, const pf_common *common, pf_contestant *contestant,
			pf_error *error)
{
	const char *ending = strrchr(operand, '.');
	if (!strchr(operand, '/') && (!ending || strcmp(ending, ".so") != 0)) {
		return pf_contestant_parse(operand, common->workers, contestant, error);
	}
	const struct pf_variant *variant, *last = NULL;
	pf_texts plugins = {.texts = {operand}, .count = 1};
	pf_status status = pf_common_outside(&plugins, NULL, &common->allowance, error);
	for (size_t i = 0; (variant = pf_variant_at(i)); i++) {
		last = variant;
	}
	if (status != PF_OK) {
		return status;
	}
	return last ? pf_contestant_parse(last->name, common->workers, contestant, error)
		    : pf_fail(error, PF_ERR_INTERNAL, operand, "it holds no variant");
}

static pf_status deliver(const struct request *request, const pf_audit *audit, const pf_record_head *head,
			 pf_error *error)
{
	json_t *record = pf_audit_record(audit, head);
	pf_progress_clear();
	if (record && !pf_output_is_stdout(request->delivery.json)) {
		pf_audit_print(record, stdout);
		fflush(stdout);
	}
	return pf_deliver_json(&request->delivery, record, audit->trials > 0, error);
}

static int execute(const struct request *request, const pf_contestant *contestant,
		   const pf_scorer_config *config)
{
	char label[160];
	pf_error error = {0};
	pf_run_setting setting = {.session = {.manifest_fd = -1}};
	pf_audit audit = {.contestant = contestant,
			  .session = &setting.session,
			  .photos = request->photos,
			  .rounds = request->rounds,
			  .seed = request->has_seed ? request->seed : pf_seed_from_clock(),
			  .progress = show_progress,
			  .context = label};
	snprintf(label, sizeof label, "auditing %s", contestant->label);
	pf_record_head head = {.command = "audit", .label = request->delivery.label};
	pf_started_now(head.started);
	pf_status status = pf_delivery_check(&request->delivery, &error);
	if (status == PF_OK) {
		status = pf_run_setting_open(&setting, &request->common, request->dataset, config, &error);
	}
	if (status == PF_OK) {
		setting.session.timeout_s = request->common.timeout_s > 0 ? request->common.timeout_s
									  : 60 + 5.0 * request->photos;
		status = pf_audit_run(&audit, &error);
	}
	if (status == PF_OK) {
		status = deliver(request, &audit, &head, &error);
	}
	pf_progress_clear();
	int code = status == PF_OK ? exit_code(&audit) : pf_report_error(&error);
	pf_audit_release(&audit);
	pf_run_setting_close(&setting);
	return code;
}

int pf_cmd_audit(const pf_command *command, int argc, char **argv)
{
	struct request request = {.common = PF_COMMON_DEFAULTS, .dataset = "dash", .photos = 8, .rounds = 10};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.dataset, "NAME|DIR",
		 "whose photos new ones are made from (default: dash)", 0, 0},
		{"photos", 0, PF_ARG_COUNT, &request.photos, "N", "new photos of a trial (default: 8)", 2,
		 PF_AUDIT_PHOTOS_MOST},
		{"rounds", 'r', PF_ARG_COUNT, &request.rounds, "R",
		 "timed rounds of four trials (default: 10; 0: outputs alone, undecided at best)", 0, 1000},
		PF_DELIVERY_ARGS(request.delivery),
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "of alterations, names and the drawn round (default: from the clock)"},
		PF_VARIANT_ARGS(request.common),
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	pf_scorer_config config;
	pf_error error = {0};
	pf_contestant contestant = {0};
	pf_status status = pf_common_apply(&request.common, &config, &error);
	if (status == PF_OK) {
		status = choose(operands[0], &request.common, &contestant, &error);
	}
	if (status == PF_OK && contestant.variant && contestant.variant->caps & PF_CAP_FLOOR) {
		status = pf_fail(&error, PF_ERR_USAGE, NULL, "%s scores nothing: there is nothing to audit",
				 contestant.label);
	}
	return status == PF_OK ? execute(&request, &contestant, &config) : pf_report_error(&error);
}
