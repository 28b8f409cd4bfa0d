/* history: the records that were kept, and ratios through them. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "harness/cli/commands.h"
#include "harness/cli/journal_recovery.h"
#include "harness/history/history.h"
#include "harness/progress/progress.h"
#include "harness/show/history_table.h"
#include "photofinish/file.h"

struct request {
	const pf_command *command;
	pf_history_filter filter;
	const char *against; /* parent, baseline, compared */
	char **operands;     /* behind the word */
	int count;
};

/* Files that are no records are left out, each with a line. */
static void complain(const pf_error *error)
{
	char file[600], message[600];
	pf_progress_say("photofinish: left out: %s: %s", pf_escape(error->file, file, sizeof file),
			pf_escape(error->message, message, sizeof message));
}

static pf_status list(struct request *request, pf_history *history, pf_error *error)
{
	pf_history_table *table = pf_history_table_list();
	pf_status status = pf_history_list(history, &request->filter, pf_history_table_entry, table, error);
	if (!pf_history_table_end(table, stdout) && status == PF_OK) {
		const pf_history_filter *filter = &request->filter;
		bool filtered = filter->dataset || filter->machine || filter->variant;
		printf(filtered ? "No record of that kind.\n"
				: "No record yet: whatever measures keeps its own (docs/history.md).\n");
	}
	return status;
}

static pf_history_kind kind_of(const char *against)
{
	return strcmp(against, "parent") == 0     ? PF_HISTORY_PARENT
	       : strcmp(against, "baseline") == 0 ? PF_HISTORY_BASELINE
						  : PF_HISTORY_COMPARED;
}

static pf_status trend(struct request *request, pf_history *history, pf_error *error)
{
	char name[600];
	pf_history_table *table = pf_history_table_trend();
	request->filter.variant = request->operands[0];
	pf_escape(request->filter.variant, name, sizeof name);
	pf_status status = pf_history_trend(history, kind_of(request->against), &request->filter,
					    pf_history_table_point, table, error);
	size_t count = pf_history_table_end(table, stdout);
	if (status != PF_OK) {
		return status;
	}
	if (!count) {
		pf_text_say(
			stdout,
			"No record has a ratio of %s against its %s (try --against parent, baseline or compared).\n",
			name, strcmp(request->against, "compared") ? request->against : "rival");
		return PF_OK;
	}
	pf_text_say(stdout,
		    "\n"
		    "How many times as fast %s was as what stands in its row, paired by round\n"
		    "within each record. Rows are described side by side, without a verdict; times of\n"
		    "different days or machines are not set against each other. To compare two builds\n"
		    "or variants, run both now (photofinish compare).\n",
		    name);
	return PF_OK;
}

static pf_status rebuild(struct request *request, pf_history *history, pf_error *error)
{
	(void)request;
	size_t records = 0;
	pf_status status = pf_history_rebuild(history, complain, &records, error);
	if (status == PF_OK) {
		printf("%zu record%s in the index\n", records, records == 1 ? "" : "s");
	}
	return status;
}

static pf_status add(struct request *request, pf_history *history, pf_error *error)
{
	char folder[PF_HISTORY_PATH_MAX], name[PF_HISTORY_NAME_MAX], id[PF_RECORD_ID + 1];
	pf_status status = pf_history_folder(folder, error);
	for (int i = 0; i < request->count && status == PF_OK; i++) {
		json_t *record = NULL;
		status = pf_record_load_any(request->operands[i], &record, NULL, error);
		if (status == PF_OK) {
			status = pf_history_keep(folder, record, name, id, error);
		}
		if (status == PF_OK) {
			printf("%s\n", id);
		}
		json_decref(record);
	}
	return status == PF_OK ? pf_history_refresh(history, complain, error) : status;
}

static pf_status rm(struct request *request, pf_history *history, pf_error *error)
{
	char path[PF_HISTORY_PATH_MAX], shown[PF_HISTORY_PATH_MAX];
	pf_status status = PF_OK;
	for (int i = 0; i < request->count && status == PF_OK; i++) {
		status = pf_history_find(history, request->operands[i], false, path, error);
		if (status == PF_OK && unlink(path) != 0) {
			status = pf_fail_errno(error, path, "cannot remove");
		}
		if (status == PF_OK) {
			printf("removed %s\n", pf_escape(path, shown, sizeof shown));
			status = pf_history_refresh(history, complain, error);
		}
	}
	return status;
}

static const struct word {
	const char *name, *operand;
	int least, most; /* operands behind it */
	/* NULL: show, which the light build has not. */
	pf_status (*run)(struct request *request, pf_history *history, pf_error *error);
} words[] = {
	{"list", NULL, 0, 0, list},         {"show", "ID", 1, 2, NULL},   {"trend", "VARIANT", 1, 1, trend},
	{"add", "RECORD", 1, 1 << 20, add}, {"rm", "ID", 1, 1 << 20, rm}, {"rebuild", NULL, 0, 0, rebuild},
};

static const struct word *word_of(const char *name)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].name, name) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

static int execute(struct request *request, const struct word *word)
{
	char folder[PF_HISTORY_PATH_MAX];
	pf_error error = {0};
	pf_history *history = NULL;
	pf_status status = pf_history_folder(folder, &error);
	if (status == PF_OK) {
		pf_recover_journals();
		/* A rebuild complains by itself. */
		status = pf_history_open(folder, word->run == rebuild ? NULL : complain, &history, &error);
	}
	if (status == PF_OK) {
		status = word->run(request, history, &error);
	}
	pf_history_close(history);
	return status == PF_OK ? PF_EXIT_OK : pf_report_error(&error);
}

int pf_cmd_history(const pf_command *command, int argc, char **argv)
{
	struct request request = {.command = command, .against = "parent"};
	const pf_arg table[] = {
		{"dataset", 'd', PF_ARG_TEXT, &request.filter.dataset, "NAME",
		 "list, trend: only records of that dataset", 0, 0},
		{"variant", 0, PF_ARG_TEXT, &request.filter.variant, "NAME",
		 "list: only records with that variant", 0, 0},
		{"machine", 0, PF_ARG_TEXT, &request.filter.machine, "ID",
		 "list, trend: only records of that machine (the first characters of its fingerprint)", 0, 0},
		{"last", 0, PF_ARG_COUNT, &request.filter.last, "N", "list, trend: only the newest N", 1,
		 1e9},
		{"against", 0, PF_ARG_CHOICE, &request.against, "parent|baseline|compared",
		 "trend: what the variant is put against within each record (default: parent)", 0, 0},
		{0},
	};
	char **operands;
	int count;
	int code = pf_options_parse(command, table, argc, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	const struct word *word = word_of(operands[0]);
	if (!word) {
		return pf_usage_error(command, "list, show, trend, add, rm or rebuild, not \"%s\"",
				      operands[0]);
	}
	request.operands = operands + 1;
	request.count = count - 1;
	if (request.count < word->least) {
		return pf_usage_error(command, "%s: missing operand: %s", word->name, word->operand);
	}
	if (request.count > word->most) {
		return pf_usage_error(command, "%s: too many operands", word->name);
	}
	if (!word->run) {
		return pf_cmd_history_show(command, request.count, request.operands);
	}
	return execute(&request, word);
}
