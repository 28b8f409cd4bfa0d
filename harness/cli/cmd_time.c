/* time: any commands against each other. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/cli/commands.h"
#include "harness/cli/comparison_args.h"
#include "harness/measure/bench.h"
#include "harness/measure/environment.h"
#include "harness/measure/interrupt.h"
#include "harness/report/bench_table.h"
#include "harness/report/progress.h"
#include "harness/store/bench_json.h"
#include "harness/store/output.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

enum { NAME_BYTES = 256 };

struct request {
	pf_bench_command commands[PF_BENCH_MOST];
	char names[PF_BENCH_MOST][NAME_BYTES];
	char *shell_lines[PF_BENCH_MOST][4]; /* sh -c LINE */
	size_t count;
	pf_comparison_choice choice;
	uint32_t warmup;
	double timeout_s;
	bool ignore_failure, show_output, quiet, has_seed;
	uint64_t seed;
	pf_texts prepare, given_names;
	const char *json, *csv, *markdown;
};

static void name_of(char *const *arguments, char name[NAME_BYTES])
{
	char text[NAME_BYTES] = "";
	for (size_t i = 0; arguments[i]; i++) {
		size_t used = strlen(text);
		snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "", arguments[i]);
	}
	pf_escape(text, name, NAME_BYTES);
}

/* Each operand is a line for the shell. */
static bool take_lines(struct request *request, char **operands, int count)
{
	for (int i = 0; i < count; i++) {
		if (!operands[i][0] || request->count == PF_BENCH_MOST) {
			return false;
		}
		char **line = request->shell_lines[request->count];
		line[0] = (char *)"/bin/sh";
		line[1] = (char *)"-c";
		line[2] = operands[i];
		pf_escape(operands[i], request->names[request->count], NAME_BYTES);
		request->commands[request->count++].arguments = line;
	}
	return true;
}

/* Commands, each behind a "--". */
static bool take_words(struct request *request, char **words)
{
	while (*words) {
		*words++ = NULL; /* the "--": it ends the command before it */
		if (!*words || strcmp(*words, "--") == 0 || request->count == PF_BENCH_MOST) {
			return false;
		}
		request->commands[request->count++].arguments = words;
		while (*words && strcmp(*words, "--") != 0) {
			words++;
		}
	}
	for (size_t i = 0; i < request->count; i++) {
		name_of(request->commands[i].arguments, request->names[i]);
	}
	return true;
}

/* Names and preparations: one for each command, a single preparation for all. */
static const char *settle(struct request *request)
{
	const pf_texts *names = &request->given_names, *prepare = &request->prepare;
	if (names->count > request->count) {
		return "more names than commands";
	}
	if (prepare->count > 1 && prepare->count != request->count) {
		return "give --prepare once, or once for each command";
	}
	if (request->count < 2 && request->choice.until_decided) {
		return "--until-decided takes two commands";
	}
	for (size_t i = 0; i < request->count; i++) {
		if (i < names->count) {
			pf_escape(names->texts[i], request->names[i], NAME_BYTES);
		}
		request->commands[i].name = request->names[i];
		request->commands[i].prepare = prepare->count ? prepare->texts[prepare->count > 1 ? i : 0]
							      : NULL;
	}
	return NULL;
}

static void tell(const pf_bench *bench, size_t command, uint32_t round)
{
	char label[NAME_BYTES + 32];
	snprintf(label, sizeof label, "%s: %s", round ? "timing" : "warming up",
		 bench->commands[command].name);
	pf_progress_update(label, round ? round - 1 : 0, round ? bench->rounds : bench->warmup, "rounds",
			   NULL);
}

static pf_status export(const pf_bench *bench, const char *path, char format, pf_error *error)
{
	pf_new_file file;
	pf_status status = path ? pf_output_open(&file, path, error) : PF_OK;
	if (!path || status != PF_OK) {
		return status;
	}
	switch (format) {
	case 'j':
		status = pf_bench_json(bench, file.stream, error);
		break;
	case 'c':
		pf_bench_csv(bench, file.stream);
		break;
	default:
		pf_bench_markdown(bench, file.stream);
		break;
	}
	return pf_output_close(&file, status, error);
}

/* The table, unless an export goes to standard output. */
static pf_status deliver(const struct request *request, const pf_bench *bench, pf_error *error)
{
	if (!pf_output_is_stdout(request->json) && !pf_output_is_stdout(request->csv) &&
	    !pf_output_is_stdout(request->markdown)) {
		pf_bench_print(bench, stdout);
		fflush(stdout);
	}
	pf_status status = export(bench, request->json, 'j', error);
	if (status == PF_OK) {
		status = export(bench, request->csv, 'c', error);
	}
	return status == PF_OK ? export(bench, request->markdown, 'm', error) : status;
}

static int execute(struct request *request)
{
	pf_error error = {0}, why = {0};
	pf_bench bench = {
		.commands = request->commands,
		.count = request->count,
		.warmup = request->warmup,
		.rounds = pf_comparison_rounds_of(&request->choice),
		.seed = request->has_seed ? request->seed : pf_now_ns() ^ (uint64_t)time(NULL) << 32,
		.rules = pf_comparison_rules_of(&request->choice),
		.timeout_s = request->timeout_s,
		.max_time_s = request->choice.max_time_s,
		.ignore_failure = request->ignore_failure,
		.show_output = request->show_output,
		.tell = tell,
	};
	pf_status status = pf_output_check(request->json, &error);
	status = status == PF_OK ? pf_output_check(request->csv, &error) : status;
	status = status == PF_OK ? pf_output_check(request->markdown, &error) : status;
	if (status == PF_OK) {
		pf_progress_start(request->quiet || request->show_output ? "never" : "auto");
		status = pf_bench_run(&bench, &error);
		pf_progress_clear();
	}
	const char *unfit = pf_build_unfit_for_timing();
	if (unfit) {
		fprintf(stderr, "photofinish: NOT FOR TIMING: %s\n", unfit);
	}
	int code = status != PF_OK ? pf_report_error(&error)
		   : pf_interrupts ? PF_EXIT_INTERRUPTED
				   : PF_EXIT_OK;
	if (bench.rounds_done && deliver(request, &bench, &why) != PF_OK) {
		code = pf_report_error(&why);
	}
	pf_bench_release(&bench);
	return code;
}

static size_t first_of_commands(int argc, char **argv)
{
	int at = 1;
	while (at < argc && strcmp(argv[at], "--") != 0) {
		at++;
	}
	return (size_t)at;
}

int pf_cmd_time(const pf_command *command, int argc, char **argv)
{
	struct request request = {.choice = PF_COMPARISON_DEFAULTS};
	const pf_arg table[] = {
		{"runs", 'r', PF_ARG_COUNT, &request.choice.rounds, "N",
		 "runs of each (default: 10; until decided at most 1000)", 1, 100000},
		{"warmup", 'w', PF_ARG_COUNT, &request.warmup, "N", "runs before, not timed (default: 0)", 0,
		 100000},
		{"prepare", 'p', PF_ARG_LIST, &request.prepare, "CMD",
		 "for the shell before each run, not timed (once, or once for each command)", 0, 0},
		{"command-name", 'n', PF_ARG_LIST, &request.given_names, "NAME",
		 "name of the first, second, ... command", 0, 0},
		{"ignore-failure", 'i', PF_ARG_FLAG, &request.ignore_failure, NULL,
		 "time runs that end with another status than 0, too", 0, 0},
		{"show-output", 0, PF_ARG_FLAG, &request.show_output, NULL,
		 "let the commands print (default: it is thrown away)", 0, 0},
		{"timeout", 0, PF_ARG_NUMBER, &request.timeout_s, "SECONDS",
		 "a run that takes longer is an error (default: none)", 0.001, 1e7},
		PF_COMPARISON_ARGS(request.choice, "none"),
		{"export-json", 0, PF_ARG_TEXT, &request.json, "FILE",
		 "write the record (- for standard output)", 0, 0},
		{"export-csv", 0, PF_ARG_TEXT, &request.csv, "FILE", "the same as a table", 0, 0},
		{"export-markdown", 0, PF_ARG_TEXT, &request.markdown, "FILE",
		 "the same as a table for documents", 0, 0},
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request.seed,
		 .given = &request.has_seed,
		 .metavar = "N",
		 .help = "seed of the shuffled order of runs (default: from the clock)"},
		{"quiet", 'q', PF_ARG_FLAG, &request.quiet, NULL, "no progress on standard error", 0, 0},
		{0},
	};
	char **operands;
	int count, options = (int)first_of_commands(argc, argv);
	int code = pf_options_parse(command, table, options, argv, &operands, &count);
	if (code >= 0) {
		return code;
	}
	if (options < argc && count > 0) {
		return pf_usage_error(command, "\"%s\" stands before the first --", operands[0]);
	}
	if (options == argc && count == 0) {
		return pf_usage_error(command, "missing operand: %s", command->operands);
	}
	bool taken = options < argc ? take_words(&request, argv + options)
				    : take_lines(&request, operands, count);
	if (!taken) {
		return pf_usage_error(command, "an empty command, or more than %d", PF_BENCH_MOST);
	}
	const char *fault = settle(&request);
	return fault ? pf_usage_error(command, "%s", fault) : execute(&request);
}
