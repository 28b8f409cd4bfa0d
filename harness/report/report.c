#include "harness/report/report.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/json_file.h"
#include "harness/base/timed_command.h"
#include "harness/record/caveats.h"
#include "photofinish/file.h"

#define HOW "for charts and the report install Node 18 or newer (Debian: nodejs, npm) and run scripts/setup"

/* render.js ends so where its library is not installed. */
enum { STATUS_NOT_INSTALLED = 4 };

static void append_caveat(void *context, pf_caveat caveat, const char *text)
{
	(void)caveat;
	json_array_append_new(context, json_string(text));
}

/* What a reader has to know is told by one list for all outputs, so it goes along with the record. */
static void add_caveats(json_t *record)
{
	size_t index;
	json_t *variant, *said = json_array();
	pf_caveats(record, NULL, append_caveat, said);
	json_object_set_new(record, "caveats", said);
	json_array_foreach(json_object_get(record, "variants"), index, variant)
	{
		said = json_array();
		pf_caveats(record, variant, append_caveat, said);
		json_object_set_new(variant, "caveats", said);
	}
}

static char *text_of(const pf_report_source *sources, size_t count)
{
	json_t *all = json_array();
	size_t length;
	for (size_t i = 0; i < count; i++) {
		if (json_is_array(json_object_get(sources[i].record, "variants"))) {
			add_caveats(sources[i].record);
		}
		/* A name that is no UTF-8 is left out. */
		json_array_append_new(all,
				      json_pack("{s:s,s:O,s:o*}", "id", sources[i].id, "record",
						sources[i].record, "name", json_string(sources[i].name)));
	}
	char *text = pf_json_text(all, &length);
	json_decref(all);
	return text;
}

/* A file without a name, which children inherit; -1 with errno. */
static int hand_over(const char *text)
{
	int fd = memfd_create("photofinish records", 0);
	size_t left = strlen(text);
	while (fd >= 0 && left) {
		ssize_t put = write(fd, text, left);
		if (put < 0 && errno != EINTR) {
			close(fd);
			return -1;
		}
		text += put > 0 ? put : 0;
		left -= put > 0 ? (size_t)put : 0;
	}
	return fd;
}

static pf_status run_node(const char *records, const char *folder, pf_error *error)
{
	char program[PATH_MAX];
	pf_data_file("report/render.js", PF_REPORT_DIR "/render.js", program, sizeof program);
	char *arguments[] = {"node", program, (char *)(uintptr_t)records, "--out", (char *)(uintptr_t)folder,
			     NULL};
	const pf_timed_setting setting = {.output = "inherit"};
	pf_timed_run run;
	pf_error why = {0};
	pf_status status = pf_timed_command_run(arguments, &setting, &run, &why);
	if (status != PF_OK) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "there is no Node here (%s): %s", why.message,
			       HOW);
	}
	if (run.stopped) {
		return pf_fail(error, PF_ERR_CANCELLED, folder, "the report was stopped on request");
	}
	if (run.status == STATUS_NOT_INSTALLED) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "what draws the charts is not installed: %s",
			       HOW);
	}
	return run.status ? pf_fail(error, PF_ERR_INVALID, folder, "no report was made") : PF_OK;
}

pf_status pf_report_make(const pf_report_source *sources, size_t count, const char *folder, pf_error *error)
{
	char path[64];
	char *text = text_of(sources, count);
	int fd = text ? hand_over(text) : -1;
	free(text);
	if (fd < 0) {
		return pf_fail_errno(error, NULL, "cannot hand the records over");
	}
	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	pf_status status = run_node(path, folder, error);
	close(fd);
	return status;
}
