#include "harness/cli/timed_request.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/base/interrupt.h"
#include "harness/base/json_file.h"
#include "harness/base/named_files.h"
#include "harness/base/output.h"
#include "harness/cli/record_keeping.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/record/bench_json.h"
#include "harness/show/bench_table.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"

enum { LABEL_BYTES = 256, HOOKS = 4 };

/* What a command is made of: on the heap. */
struct pf_timed_entry {
	char **words;
	char *name, *hooks[HOOKS]; /* in the order of hooks_of */
	pf_bench_parameter values[PF_PARAMETERS_MOST];
};

/* A command before parameters are put in: words, or a line for a shell. */
struct template
{
	char *const *words;
	const char *line;
	bool reference;
};

size_t pf_timed_args(pf_timed_request *request, pf_arg rows[PF_TIMED_ARGS_MOST])
{
	const pf_arg own[] = {
		{"warmup", 'w', PF_ARG_COUNT, &request->warmup, "N", "runs before, not timed (default: 0)", 0,
		 100000},
		{"setup", 's', PF_ARG_LIST, &request->setup, "CMD",
		 "for the shell before all runs (this and the next three: once, or once for each command)", 0,
		 0},
		{"prepare", 'p', PF_ARG_LIST, &request->prepare, "CMD", "before each run, not timed", 0, 0},
		{"conclude", 'C', PF_ARG_LIST, &request->conclude, "CMD", "after each run, not timed", 0, 0},
		{"cleanup", 'c', PF_ARG_LIST, &request->cleanup, "CMD", "after all runs, however they ended",
		 0, 0},
		{"reference", 0, PF_ARG_TEXT, &request->reference, "CMD",
		 "a line for the shell that the others are compared with (default: the first command)", 0, 0},
		{"reference-name", 0, PF_ARG_TEXT, &request->reference_name, "NAME", "name of the reference",
		 0, 0},
		{"parameter-list", 'L', PF_ARG_WORDS, &request->lists, "VAR VALUES",
		 "{VAR} in a command stands for each of VALUES, divided by commas", 2, 2},
		{"parameter-scan", 'P', PF_ARG_WORDS, &request->scans, "VAR MIN MAX",
		 "the same for the numbers from MIN to MAX", 3, 3},
		{"parameter-step-size", 'D', PF_ARG_LIST, &request->steps, "STEP",
		 "of the first, second, ... scan (default: 1)", 0, 0},
		{"shell", 'S', PF_ARG_TEXT, &request->shell, "SHELL",
		 "that runs lines, or none (default: /bin/sh)", 0, 0},
		{"no-shell", 'N', PF_ARG_FLAG, &request->no_shell, NULL, "the same as --shell none", 0, 0},
		{"input", 0, PF_ARG_TEXT, &request->input, "FILE",
		 "standard input (default: null, an empty one)", 0, 0},
		{"output", 0, PF_ARG_TEXT, &request->output, "WHERE",
		 "standard output: null, pipe, inherit or a file (default: null)", 0, 0},
		{"show-output", 0, PF_ARG_FLAG, &request->show_output, NULL, "the same as --output inherit",
		 0, 0},
		{"command-name", 'n', PF_ARG_LIST, &request->names, "NAME",
		 "name of the first, second, ... command", 0, 0},
		{"ignore-failure", 'i', PF_ARG_MAYBE, &request->ignore_failure, "CODES]",
		 "time runs that end with another status than 0, too (of these: 1,3,139)", 0, 0},
		{"timeout", 0, PF_ARG_TIME, &request->timeout_s, "TIME",
		 "a run that takes longer is an error (default: none)", 0.001, 1e7},
		{"counters", 0, PF_ARG_TEXT, &request->counters, "LIST",
		 "count events, as cycles,instructions,branch or software (docs/counters.md)", 0, 0},
		{.name = "seed",
		 .type = PF_ARG_SEED,
		 .target = &request->seed,
		 .given = &request->has_seed,
		 .metavar = "N",
		 .help = "seed of the shuffled order of runs (default: from the clock)"},
		PF_KEEPING_ARGS(request->label, request->no_history),
		{"quiet", 'q', PF_ARG_FLAG, &request->quiet, NULL, "no progress on standard error", 0, 0},
	};
	_Static_assert(sizeof own / sizeof *own <= PF_TIMED_ARGS_MOST, "room for all rows");
	memcpy(rows, own, sizeof own);
	return sizeof own / sizeof *own;
}

int pf_timed_first_of_words(int argc, char **argv)
{
	int at = 1;
	while (at < argc && strcmp(argv[at], "--") != 0) {
		at++;
	}
	return at;
}

/* As long as it is: two commands that differ behind a thousand bytes are two. */
static char *escaped(const char *text)
{
	size_t capacity = 4 * strlen(text) + 1;
	char *name = malloc(capacity);
	return name ? pf_escape(text, name, capacity) : NULL;
}

/* The words with blanks between them. */
static char *joined(char *const *words)
{
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	for (size_t i = 0; stream && words[i]; i++) {
		fprintf(stream, "%s%s", i ? " " : "", words[i]);
	}
	if (!stream || fclose(stream)) {
		free(text);
		return NULL;
	}
	char *name = escaped(text);
	free(text);
	return name;
}

/* The lists of lines beside the runs, in the order of pf_timed_entry.hooks. */
static const pf_texts *hooks_of(const pf_timed_request *request, size_t i)
{
	const pf_texts *const all[HOOKS] = {&request->setup, &request->prepare, &request->conclude,
					    &request->cleanup};
	return all[i];
}

static pf_status check_hooks(const pf_timed_request *request, size_t templates, pf_error *error)
{
	static const char *const names[HOOKS] = {"setup", "prepare", "conclude", "cleanup"};
	for (size_t i = 0; i < HOOKS; i++) {
		size_t count = hooks_of(request, i)->count;
		if (count > 1 && count != templates) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "give --%s once, or once for each command",
				       names[i]);
		}
	}
	return PF_OK;
}

/* A parameter that stands nowhere would time the same commands again and again. */
static pf_status check_used(const pf_timed_request *request, const struct template *templates, size_t count,
			    pf_error *error)
{
	for (size_t i = 0; i < request->parameters.count; i++) {
		char word[256];
		bool used = false;
		snprintf(word, sizeof word, "{%s}", request->parameters.list[i].name);
		for (size_t k = 0; k < count; k++) {
			used = used || (templates[k].line && strstr(templates[k].line, word));
			for (char *const *at = templates[k].words; at && *at; at++) {
				used = used || strstr(*at, word);
			}
		}
		for (size_t k = 0; k < HOOKS; k++) {
			const pf_texts *texts = hooks_of(request, k);
			for (size_t j = 0; j < texts->count; j++) {
				used = used || strstr(texts->texts[j], word);
			}
		}
		if (!used) {
			return pf_fail(error, PF_ERR_USAGE, NULL, "no command has %s in it", word);
		}
	}
	return PF_OK;
}

/* The words of a line: its own, or those of the shell that is to run it. NULL: a quote is open. */
static char **words_of_line(const pf_timed_request *request, const char *line)
{
	if (request->no_shell || strcmp(request->shell, "none") == 0) {
		return pf_split_words(line);
	}
	bool usual = strcmp(request->shell, "default") == 0;
	char **words = pf_split_words(usual ? "/bin/sh" : request->shell);
	size_t count = 0;
	while (words && words[count]) {
		count++;
	}
	char **grown = words ? realloc(words, (count + 3) * sizeof *words) : NULL;
	if (grown) {
		grown[count] = strdup("-c");
		grown[count + 1] = strdup(line);
		grown[count + 2] = NULL;
	}
	return grown;
}

/* The words, or the line, with values put in. */
static pf_status fill_words(const pf_timed_request *request, const struct template *template, size_t values,
			    struct pf_timed_entry *entry, pf_error *error)
{
	size_t count = 0;
	if (template->line) {
		char *line = pf_parameters_put(template->line, entry->values, values);
		entry->words = words_of_line(request, line);
		entry->name = escaped(line);
		pf_status status = entry->words ? PF_OK
						: pf_fail(error, PF_ERR_USAGE, NULL,
							  "cannot divide into words: %s", line);
		free(line);
		return status;
	}
	while (template->words[count]) {
		count++;
	}
	entry->words = calloc(count + 1, sizeof *entry->words);
	for (size_t i = 0; entry->words && i < count; i++) {
		entry->words[i] = pf_parameters_put(template->words[i], entry->values, values);
	}
	entry->name = entry->words ? joined(entry->words) : NULL;
	return entry->words ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
}

/* One more command: `position` is that of its template, for the lists of lines. */
static pf_status add_command(pf_timed_request *request, const struct template *template, size_t position,
			     size_t combination, pf_error *error)
{
	struct pf_timed_entry *entry = &request->entries[request->count];
	pf_bench_command *command = &request->commands[request->count++];
	size_t values = template->reference ? 0 : request->parameters.count;
	pf_parameters_take(&request->parameters, combination, entry->values);
	pf_status status = fill_words(request, template, values, entry, error);
	for (size_t i = 0; i < HOOKS; i++) {
		const pf_texts *texts = hooks_of(request, i);
		if (texts->count) {
			entry->hooks[i] = pf_parameters_put(texts->texts[texts->count > 1 ? position : 0],
							    entry->values, values);
		}
	}
	*command = (pf_bench_command){
		.arguments = entry->words,
		.name = entry->name,
		.setup = entry->hooks[0],
		.prepare = entry->hooks[1],
		.conclude = entry->hooks[2],
		.cleanup = entry->hooks[3],
		.parameters = entry->values,
		.parameter_count = values,
	};
	return status;
}

static pf_status add_commands(pf_timed_request *request, const struct template *templates, size_t count,
			      pf_error *error)
{
	size_t combinations = pf_parameters_combinations(&request->parameters);
	size_t references = count && templates[0].reference;
	if (!count || (count - references) * combinations + references > PF_BENCH_MOST) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "more than %d commands", PF_BENCH_MOST);
	}
	request->entries = calloc(PF_BENCH_MOST, sizeof *request->entries);
	if (!request->entries) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	pf_status status = references ? add_command(request, &templates[0], 0, 0, error) : PF_OK;
	for (size_t k = 0; k < combinations; k++) {
		for (size_t i = references; i < count && status == PF_OK; i++) {
			status = add_command(request, &templates[i], i, k, error);
		}
	}
	return status;
}

/* Given names are those of the commands in their order; the reference has its own. */
static pf_status name_commands(pf_timed_request *request, size_t references, pf_error *error)
{
	const pf_texts *names = &request->names;
	if (names->count > request->count - references) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "more names than commands");
	}
	if (request->reference_name && !references) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "--reference-name takes --reference");
	}
	if (request->reference_name) {
		free(request->entries[0].name);
		request->commands[0].name = request->entries[0].name = escaped(request->reference_name);
	}
	for (size_t i = 0; i < names->count; i++) {
		struct pf_timed_entry *entry = &request->entries[references + i];
		free(entry->name);
		char *name = pf_parameters_put(names->texts[i], entry->values, request->parameters.count);
		entry->name = escaped(name);
		free(name);
		request->commands[references + i].name = entry->name;
	}
	return PF_OK;
}

/* The templates: the reference, then those of the words or of the lines. */
static pf_status gather(const pf_timed_request *request, char **words, char *const *lines, size_t count,
			struct template templates[PF_BENCH_MOST], size_t *gathered, pf_error *error)
{
	bool good = true;
	*gathered = 0;
	if (request->reference) {
		templates[(*gathered)++] = (struct template){.line = request->reference, .reference = true};
	}
	while (words && *words && good) {
		*words++ = NULL; /* the "--": it ends the command before it */
		good = *words && strcmp(*words, "--") != 0 && *gathered < PF_BENCH_MOST;
		if (good) {
			templates[(*gathered)++] = (struct template){.words = words};
		}
		while (good && *words && strcmp(*words, "--") != 0) {
			words++;
		}
	}
	for (size_t i = 0; i < count && good; i++) {
		good = lines[i][0] && *gathered < PF_BENCH_MOST;
		if (good) {
			templates[(*gathered)++] = (struct template){.line = lines[i]};
		}
	}
	return good ? PF_OK
		    : pf_fail(error, PF_ERR_USAGE, NULL, "an empty command, or more than %d", PF_BENCH_MOST);
}

pf_status pf_timed_request_take(pf_timed_request *request, char **words, char *const *lines, size_t count,
				pf_error *error)
{
	struct template templates[PF_BENCH_MOST];
	size_t gathered = 0;
	pf_status status = pf_parameters_parse(&request->scans, &request->steps, &request->lists,
					       &request->parameters, error);
	if (status == PF_OK) {
		status = gather(request, words, lines, count, templates, &gathered, error);
	}
	if (status == PF_OK) {
		status = check_hooks(request, gathered, error);
	}
	if (status == PF_OK) {
		status = check_used(request, templates, gathered, error);
	}
	if (status == PF_OK) {
		status = add_commands(request, templates, gathered, error);
	}
	if (status == PF_OK) {
		status = name_commands(request, request->reference != NULL, error);
	}
	if (status == PF_OK && request->count < 2 && request->choice.until_decided) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "--until-decided takes two commands");
	}
	if (status == PF_OK && request->count < 2 && request->choice.fail_if) {
		status = pf_fail(error, PF_ERR_USAGE, NULL, "--fail-if takes two commands");
	}
	if (status == PF_OK) {
		status = pf_comparison_choice_check(&request->choice, error);
	}
	return status;
}

void pf_timed_request_free(pf_timed_request *request)
{
	for (size_t i = 0; i < request->count; i++) {
		struct pf_timed_entry *entry = &request->entries[i];
		pf_free_words(entry->words);
		free(entry->name);
		for (size_t k = 0; k < HOOKS; k++) {
			free(entry->hooks[k]);
		}
	}
	free(request->entries);
	pf_parameters_free(&request->parameters);
	request->entries = NULL;
	request->count = 0;
}

static void tell(const pf_bench *bench, size_t command, uint32_t round)
{
	char label[LABEL_BYTES + 32];
	snprintf(label, sizeof label, "%s: %s", round ? "timing" : "warming up",
		 bench->commands[command].name);
	pf_progress_update(label, round ? round - 1 : 0, round ? bench->rounds : bench->warmup, "rounds",
			   NULL);
}

static pf_status export(const pf_bench *bench, const char *path,
			void (*print)(const pf_bench *bench, FILE *stream), pf_error *error)
{
	pf_new_file file;
	pf_status status = path ? pf_output_open(&file, path, error) : PF_OK;
	if (!path || status != PF_OK) {
		return status;
	}
	print(bench, file.stream);
	bool part = strcmp(bench->stopped, "request") == 0 || strcmp(bench->stopped, "failure") == 0;
	return part ? pf_output_close_part(&file, status, NULL, error)
		    : pf_output_close(&file, status, error);
}

/* The table, unless an export goes to standard output; then the record goes into its file and the history. */
static pf_status deliver(const pf_timed_request *request, const pf_bench *bench, const pf_record_head *head,
			 pf_error *error)
{
	json_t *record = pf_bench_record(bench, head);
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot put the record together");
	}
	if (!pf_output_is_stdout(request->json) && !pf_output_is_stdout(request->csv) &&
	    !pf_output_is_stdout(request->markdown)) {
		pf_bench_print(record, stdout);
		fflush(stdout);
	}
	pf_status status = request->json ? pf_json_write(json_incref(record), request->json, error) : PF_OK;
	if (status == PF_OK) {
		status = export(bench, request->csv, pf_bench_csv, error);
	}
	if (status == PF_OK) {
		status = export(bench, request->markdown, pf_bench_markdown, error);
	}
	if (!request->no_history) {
		pf_keep_record(record, NULL);
	}
	json_decref(record);
	return status;
}

static pf_bench bench_of(pf_timed_request *request)
{
	bool empty = !request->input || strcmp(request->input, "null") == 0;
	return (pf_bench){
		.commands = request->commands,
		.count = request->count,
		.warmup = request->warmup,
		.rounds = pf_comparison_rounds_of(&request->choice),
		.least_rounds = request->least_rounds,
		.seed = request->has_seed ? request->seed : pf_now_ns() ^ (uint64_t)time(NULL) << 32,
		.rules = pf_comparison_rules_of(&request->choice),
		.max_time_s = request->choice.max_time_s,
		.setting = {.timeout_s = request->timeout_s,
			    .input = empty ? NULL : request->input,
			    .output = request->show_output ? "inherit" : request->output},
		.ignore_failure = request->ignore_failure && !request->ignore_failure[0],
		.by_cpu = pf_comparison_by_cpu(&request->choice),
		.tell = tell,
	};
}

/* What the commands read and write is spared, too. */
static pf_status check_files(const pf_timed_request *request, const pf_bench *bench, pf_error *error)
{
	static const char *const words[] = {"null", "pipe", "inherit"};
	const char *output = bench->setting.output;
	for (size_t i = 0; output && i < sizeof words / sizeof *words; i++) {
		output = strcmp(output, words[i]) == 0 ? NULL : output;
	}
	const pf_named_file files[] = {
		{bench->setting.input, "--input", true},
		{output, "--output", false},
		{request->json, "the record", false},
		{request->csv, "--export-csv", false},
		{request->markdown, "--export-markdown", false},
	};
	return pf_named_files_check(files, sizeof files / sizeof *files, NULL, error);
}

/* --ignore-failure=CODES: exit statuses divided by commas. */
static pf_status take_codes(const char *codes, bool ignored[256], pf_error *error)
{
	while (codes && *codes) {
		char *end;
		unsigned long code = strtoul(codes, &end, 10);
		if (*codes < '0' || *codes > '9' || code < 1 || code > 255 || (*end && *end != ',')) {
			return pf_fail(
				error, PF_ERR_USAGE, NULL,
				"--ignore-failure takes exit statuses from 1 to 255 divided by commas, not \"%s\"",
				codes);
		}
		ignored[code] = true;
		codes = *end ? end + 1 : end;
	}
	return PF_OK;
}

/* --counters. Callgrind counts instructions of this program's own kernel. */
static pf_status take_counters(const pf_timed_request *request, pf_counter_plan *plan, pf_bench *bench,
			       pf_error *error)
{
	pf_status status = request->counters ? pf_counter_plan_parse(request->counters, plan, error) : PF_OK;
	if (status == PF_OK && request->counters && plan->callgrind) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "instructions:valgrind counts this program's scoring kernel, not commands "
			       "(valgrind --tool=callgrind COMMAND does)");
	}
	bench->counters = status == PF_OK && request->counters ? plan : NULL;
	return status;
}

/* Where --fail-if says so of one of the comparisons. */
static int verdict_code(const pf_timed_request *request, const pf_bench *bench)
{
	bool fails = false;
	for (size_t i = 1; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		bool cpu = bench->by_cpu;
		fails = fails ||
			pf_comparison_fails(&request->choice, cpu ? &command->cpu : &command->comparison,
					    !cpu || command->cpu_known, request->reference != NULL);
	}
	return fails ? PF_EXIT_FAIL : PF_EXIT_OK;
}

int pf_timed_request_execute(pf_timed_request *request)
{
	pf_error error = {0}, why = {0};
	pf_record_head head = {.command = request->command, .label = request->label};
	pf_bench bench = bench_of(request);
	bool shown = bench.setting.output && strcmp(bench.setting.output, "inherit") == 0;
	pf_started_now(head.started);
	pf_counter_plan plan;
	pf_status status = pf_build_check_timing(&error);
	status = status == PF_OK ? take_counters(request, &plan, &bench, &error) : status;
	status = status == PF_OK ? take_codes(request->ignore_failure, bench.ignored, &error) : status;
	status = status == PF_OK ? check_files(request, &bench, &error) : status;
	status = status == PF_OK ? pf_output_check(request->json, &error) : status;
	status = status == PF_OK ? pf_output_check(request->csv, &error) : status;
	status = status == PF_OK ? pf_output_check(request->markdown, &error) : status;
	if (status == PF_OK) {
		pf_progress_start(request->quiet || shown ? "never" : "auto");
		status = pf_bench_run(&bench, &error);
		pf_progress_clear();
	}
	const char *unfit = pf_build_unfit_for_timing();
	if (unfit && bench.rounds_done) {
		fprintf(stderr, "photofinish: NOT FOR TIMING: %s\n", unfit);
	}
	if (status == PF_OK && !bench.rounds_done && pf_interrupts) {
		fprintf(stderr,
			"photofinish: stopped on request before a round was done: there are no figures\n");
	}
	int code = status != PF_OK ? pf_report_error(&error)
		   : pf_interrupts ? PF_EXIT_INTERRUPTED
				   : verdict_code(request, &bench);
	if (bench.rounds_done && deliver(request, &bench, &head, &why) != PF_OK) {
		int told = pf_report_error(&why);
		code = code == PF_EXIT_OK ? told : code;
	}
	pf_bench_release(&bench);
	return code;
}
