#include "harness/cli/journal_keeping.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli/journal_recovery.h"
#include "harness/history/history_files.h"
#include "harness/progress/progress.h"
#include "harness/record/notebook_parts.h"
#include "photofinish/file.h"

enum { MOST_LEFT = 10 }; /* journals whose trials are in the history: older ones are removed */

static void complain(const pf_error *error)
{
	char file[600], message[600];
	pf_progress_say("photofinish: %s: %s", pf_escape(error->file, file, sizeof file),
			pf_escape(error->message, message, sizeof message));
}

/* `folder` becomes the history's, `path` that of its journals. */
static pf_status find_folder(char folder[PF_HISTORY_PATH_MAX], char path[PF_HISTORY_PATH_MAX],
			     pf_error *error)
{
	pf_status status = pf_history_folder(folder, error);
	return status == PF_OK ? pf_history_path(folder, "journals", path, error) : status;
}

pf_run_journal *pf_run_journal_for_run(int argc, char *const *argv)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	pf_error error = {0};
	pf_run_journal *journal = NULL;
	pf_status status = find_folder(folder, path, &error);
	if (status == PF_ERR_UNAVAILABLE) { /* switched off */
		return NULL;
	}
	if (status == PF_OK) {
		status = pf_run_journal_new(path, argc, argv, complain, &journal, &error);
	}
	if (status != PF_OK) {
		complain(&error);
	}
	return journal;
}

static int is_journal(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return entry->d_name[0] != '.' && length > 6 && strcmp(entry->d_name + length - 6, ".jsonl") == 0;
}

static int newest_first(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*b)->d_name, (*a)->d_name);
}

pf_status pf_run_journal_to_resume(const char *command, pf_run_journal **out, pf_error *error)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX], file[PF_HISTORY_PATH_MAX];
	struct dirent **entries = NULL;
	pf_error ignored;
	*out = NULL;
	pf_status status = find_folder(folder, path, error);
	if (status != PF_OK) {
		return status;
	}
	int count = scandir(path, &entries, is_journal, newest_first);
	for (int i = 0; i < count; i++) {
		pf_run_journal *journal = NULL;
		if (!*out && pf_history_path(path, entries[i]->d_name, file, &ignored) == PF_OK &&
		    pf_run_journal_open(file, &journal, &ignored) == PF_OK &&
		    strcmp(pf_note_text(pf_run_journal_head(journal), "command"), command) == 0) {
			*out = journal;
			journal = NULL;
		}
		pf_run_journal_close(journal, false);
		free(entries[i]);
	}
	free(entries);
	return *out ? PF_OK
		    : pf_fail(error, PF_ERR_NOT_FOUND, path, "there is no interrupted %s to go on with",
			      command);
}

/* A file that is gone was forgotten by its owner. */
static void remove_record(const char *name)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX];
	pf_error ignored;
	if (name[0] && !strchr(name, '/') && pf_history_folder(folder, &ignored) == PF_OK &&
	    pf_history_record_path(folder, name, path, &ignored) == PF_OK) {
		unlink(path);
	}
}

void pf_run_journal_settle(pf_run_journal *journal, const char *file, bool whole)
{
	bool all;
	if (journal && file[0]) {
		const char *before = pf_run_journal_kept(journal, &all);
		if (strcmp(before, file) != 0) {
			remove_record(before);
		}
		if (!whole) {
			pf_run_journal_note_kept(journal, file);
		}
	}
	pf_run_journal_close(journal, journal && ((whole && file[0]) || !pf_run_journal_trials(journal)));
}

/* Makes the record of what the history does not have yet. */
static void recover(const char *folder, pf_run_journal *journal, bool oldest)
{
	char name[PF_HISTORY_NAME_MAX], id[PF_RECORD_ID + 1];
	pf_error error = {0};
	bool all;
	const char *before = pf_run_journal_kept(journal, &all);
	if (all || !pf_run_journal_trials(journal)) {
		pf_run_journal_close(journal, oldest || !pf_run_journal_trials(journal));
		return;
	}
	json_t *record = pf_run_journal_record(journal, &error);
	pf_status status = record ? pf_history_keep(folder, record, name, id, &error) : PF_ERR_INVALID;
	if (status == PF_OK) {
		const char *command = pf_note_text(record, "command");
		if (strcmp(before, name) != 0) {
			remove_record(before);
		}
		pf_run_journal_note_kept(journal, name);
		pf_progress_say("photofinish: %zu trial%s of a %s that never ended: kept as %s%s",
				pf_run_journal_trials(journal),
				pf_run_journal_trials(journal) == 1 ? "" : "s", command, id,
				strcmp(command, "journey") == 0
					? "; photofinish journey --resume goes on with it"
					: "");
	} else {
		complain(&error);
	}
	json_decref(record);
	pf_run_journal_close(journal, false);
}

void pf_recover_journals(void)
{
	char folder[PF_HISTORY_PATH_MAX], path[PF_HISTORY_PATH_MAX], file[PF_HISTORY_PATH_MAX];
	struct dirent **entries = NULL;
	pf_error error = {0};
	if (find_folder(folder, path, &error) != PF_OK) {
		return;
	}
	int count = scandir(path, &entries, is_journal, newest_first);
	for (int i = 0; i < count; i++) {
		pf_run_journal *journal = NULL;
		pf_status status = pf_history_path(path, entries[i]->d_name, file, &error);
		status = status == PF_OK ? pf_run_journal_open(file, &journal, &error) : status;
		if (status == PF_OK) {
			recover(folder, journal, i >= MOST_LEFT);
		} else if (status != PF_ERR_UNAVAILABLE) {
			complain(&error);
		}
		free(entries[i]);
	}
	free(entries);
}
