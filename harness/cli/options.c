#include "harness/cli/options.h"
#include "harness/base/output.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/nearest.h"
#include "harness/base/quantity.h"
#include "harness/base/text.h"
#include "harness/progress/progress.h"
#include "photofinish/file.h"

#define MAX_OPTIONS 64
#define PF_HELP_INDENT 30
#define PF_HELP_FORM 120
#define MAX_FILES (2 * PF_MAX_TEXTS)

/* Of the one command line that a process has. */
static struct {
	char names[MAX_FILES][40];
	pf_named_file list[MAX_FILES];
	size_t count;
} files;

int pf_usage_error(const pf_command *command, const char *format, ...)
{
	char message[512], shown[600];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	fprintf(stderr, "photofinish%s%s: %s (see photofinish %s%s--help)\n", command ? " " : "",
		command ? command->name : "", pf_escape(message, shown, sizeof shown),
		command ? command->name : "", command ? " " : "");
	return PF_EXIT_ERROR;
}

int pf_report_error(const pf_error *error)
{
	char file[600], message[600];
	if (!error->file[0] && strncmp(error->message, "cannot write", 12) == 0 &&
	    pf_output_reader_is_gone()) {
		return PF_EXIT_ERROR; /* cli.c ends as SIGPIPE does */
	}
	pf_escape(error->file, file, sizeof file);
	pf_escape(error->message, message, sizeof message);
	if (pf_progress_is_json()) {
		pf_progress_event("error", json_pack("{s:s,s:s,s:s}", "file", file, "text", message, "status",
						     pf_status_name(error->code)));
	} else {
		fprintf(stderr, "photofinish: %s%s%s\n", file, file[0] ? ": " : "", message);
	}
	return error->code == PF_ERR_CANCELLED ? PF_EXIT_INTERRUPTED : PF_EXIT_ERROR;
}

static bool parse_number(const char *text, double *value)
{
	char *end;
	errno = 0;
	*value = strtod(text, &end);
	return end != text && !*end && !errno && isfinite(*value);
}

/* "0.5" and "0.5%" are the same. */
static bool parse_percent(const char *text, double *value)
{
	char copy[32];
	size_t length = strlen(text);
	if (length && text[length - 1] == '%' && length < sizeof copy) {
		memcpy(copy, text, length - 1);
		copy[length - 1] = '\0';
		return parse_number(copy, value);
	}
	return parse_number(text, value);
}

static bool parse_quantity(const pf_arg *arg, const char *text, double *value)
{
	if (arg->type == PF_ARG_NUMBER && strcmp(arg->metavar, "PERCENT") == 0) {
		return parse_percent(text, value);
	}
	return arg->type == PF_ARG_TIME   ? pf_seconds_parse(text, value)
	       : arg->type == PF_ARG_SIZE ? pf_megabytes_parse(text, value)
					  : parse_number(text, value);
}

static bool is_choice(const char *choices, const char *word)
{
	size_t length = strlen(word);
	for (const char *at = choices; *at;) {
		size_t size = strcspn(at, "|");
		if (size == length && strncmp(at, word, size) == 0) {
			return true;
		}
		at += size + (at[size] == '|');
	}
	return false;
}

/* Stores the value of one option. False where it is out of range or malformed. */
static bool store(const pf_arg *arg, const char *text)
{
	double number;
	char *end;
	pf_texts *list;
	switch (arg->type) {
	case PF_ARG_FLAG:
		*(bool *)arg->target = true;
		return true;
	case PF_ARG_TEXT:
	case PF_ARG_OUTPUT:
	case PF_ARG_INPUT:
		*(const char **)arg->target = text;
		return text[0] != '\0';
	case PF_ARG_MAYBE:
		*(const char **)arg->target = text ? text : "";
		return true;
	case PF_ARG_LIST:
	case PF_ARG_INPUTS:
	case PF_ARG_WORDS:
		list = arg->target;
		if (list->count < PF_MAX_TEXTS) {
			list->texts[list->count++] = text;
			return text[0] != '\0';
		}
		return false;
	case PF_ARG_CHOICE:
		*(const char **)arg->target = text;
		return is_choice(arg->metavar, text);
	case PF_ARG_NUMBER:
	case PF_ARG_TIME:
	case PF_ARG_SIZE:
	case PF_ARG_COUNT:
		if (!parse_quantity(arg, text, &number) || number < arg->least || number > arg->most) {
			return false;
		}
		if (arg->type != PF_ARG_COUNT) {
			*(double *)arg->target = number;
			return true;
		}
		*(uint32_t *)arg->target = (uint32_t)number;
		return number == floor(number);
	case PF_ARG_SEED:
		errno = 0;
		*(uint64_t *)arg->target = strtoull(text, &end, 10);
		return text[0] >= '0' && text[0] <= '9' && !*end && !errno;
	}
	return false;
}

static int refuse(const pf_command *command, const pf_arg *arg, const char *text)
{
	switch (arg->type) {
	case PF_ARG_CHOICE:
		return pf_usage_error(command, "--%s takes %s, not \"%s\"", arg->name, arg->metavar, text);
	case PF_ARG_NUMBER:
	case PF_ARG_COUNT:
		return pf_usage_error(command, "--%s takes a %snumber from %.10g to %.10g, not \"%s\"",
				      arg->name, arg->type == PF_ARG_COUNT ? "whole " : "", arg->least,
				      arg->most, text);
	case PF_ARG_TIME:
	case PF_ARG_SIZE:
		return pf_usage_error(command, "--%s takes %s, from %g to %g %s, not \"%s\"", arg->name,
				      arg->type == PF_ARG_TIME ? PF_SECONDS_FORMS : PF_MEGABYTES_FORMS,
				      arg->least, arg->most, arg->type == PF_ARG_TIME ? "s" : "MB", text);
	default:
		return pf_usage_error(command, "--%s cannot be \"%s\"", arg->name, text);
	}
}

/* The words of an option behind the first one, which getopt took. False where there are too few. */
static bool store_more_words(const pf_arg *arg, int argc, char **argv)
{
	bool good = true;
	for (int i = 1; i < (int)arg->least && good; i++) {
		good = optind < argc && store(arg, argv[optind]);
		optind += good;
	}
	return good;
}

/* The tables that getopt_long needs. */
static void fill_getopt(const pf_arg *table, struct option *options, char *letters)
{
	int count = 0;
	*letters++ = ':';
	for (; table[count].name; count++) {
		bool flag = table[count].type == PF_ARG_FLAG;
		bool maybe = table[count].type == PF_ARG_MAYBE;
		options[count] = (struct option){table[count].name,
						 flag    ? no_argument
						 : maybe ? optional_argument
							 : required_argument,
						 NULL, 256 + count};
		if (table[count].letter) {
			*letters++ = table[count].letter;
			if (!flag && !maybe) { /* the short form of an optional one has no value */
				*letters++ = ':';
			}
		}
	}
	options[count++] = (struct option){"help", no_argument, NULL, 'h'};
	options[count] = (struct option){0};
	*letters++ = 'h';
	*letters = '\0';
}

static const pf_arg *arg_of(const pf_arg *table, int code)
{
	if (code >= 256) {
		return &table[code - 256];
	}
	for (const pf_arg *arg = table; arg->name; arg++) {
		if (arg->letter == code) {
			return arg;
		}
	}
	return NULL;
}

static int refuse_unknown(const pf_command *command, const pf_arg *table, const char *option)
{
	char word[PF_NEAREST], hint[PF_NEAREST + 32];
	snprintf(word, sizeof word, "%.*s", (int)strcspn(option, "="), option);
	pf_nearest nearest = {.word = word};
	for (const pf_arg *arg = table; arg->name; arg++) {
		char name[PF_NEAREST];
		snprintf(name, sizeof name, "--%s", arg->name);
		pf_nearest_try(&nearest, name);
	}
	return pf_usage_error(command, "unknown option %s%s", option, pf_nearest_hint(&nearest, hint));
}

static void take_file(const pf_arg *arg, const char *path)
{
	if (path && files.count < MAX_FILES - 1) { /* one is left for the manifest */
		snprintf(files.names[files.count], sizeof files.names[0], "--%s", arg->name);
		files.list[files.count] = (pf_named_file){
			.path = path, .name = files.names[files.count], .read = arg->type != PF_ARG_OUTPUT};
		files.count++;
	}
}

static pf_status check_files(const pf_arg *table, pf_error *error)
{
	files.count = 0;
	for (const pf_arg *arg = table; arg->name; arg++) {
		if (arg->type == PF_ARG_OUTPUT || arg->type == PF_ARG_INPUT) {
			take_file(arg, *(const char **)arg->target);
		}
		const pf_texts *list = arg->type == PF_ARG_INPUTS ? arg->target : NULL;
		for (size_t i = 0; list && i < list->count; i++) {
			take_file(arg, list->texts[i]);
		}
	}
	return pf_named_files_check(files.list, files.count, NULL, error);
}

pf_status pf_options_spare(const pf_dataset *dataset, const char *manifest, pf_error *error)
{
	files.list[files.count] = (pf_named_file){
		.path = manifest, .name = "the manifest of the dataset", .read = true};
	return pf_named_files_check(files.list, files.count + 1, dataset, error);
}

static struct {
	void (*take)(void *context, const pf_command *command, const pf_arg *table);
	void *context;
} describing;

void pf_options_describe(void (*take)(void *context, const pf_command *command, const pf_arg *table),
			 void *context)
{
	describing.take = take;
	describing.context = context;
}

int pf_options_parse(const pf_command *command, const pf_arg *table, int argc, char **argv, char ***operands,
		     int *count)
{
	struct option options[MAX_OPTIONS + 2];
	char letters[2 * MAX_OPTIONS + 4];
	if (describing.take) {
		describing.take(describing.context, command, table);
		return PF_EXIT_OK;
	}
	fill_getopt(table, options, letters);
	opterr = 0;
	optind = 0;
	for (int code; (code = getopt_long(argc, argv, letters, options, NULL)) != -1;) {
		if (code == 'h') {
			pf_options_help(command, table, stdout);
			return PF_EXIT_OK;
		}
		const pf_arg *arg = code == '?' || code == ':' ? NULL : arg_of(table, code);
		if (code == ':') {
			return pf_usage_error(command, "%s needs a value", argv[optind - 1]);
		}
		if (!arg && optopt >= 256) {
			return pf_usage_error(command, "--%s takes no value", table[optopt - 256].name);
		}
		if (!arg) {
			return optopt ? pf_usage_error(command, "unknown option -%c", optopt)
				      : refuse_unknown(command, table, argv[optind - 1]);
		}
		if (!store(arg, optarg)) {
			return refuse(command, arg, optarg);
		}
		if (arg->type == PF_ARG_WORDS && !store_more_words(arg, argc, argv)) {
			return pf_usage_error(command, "--%s takes %s", arg->name, arg->metavar);
		}
		if (arg->given) {
			*arg->given = true;
		}
	}
	*operands = argv + optind;
	*count = argc - optind;
	if (*count < command->least_operands) {
		return pf_usage_error(command, "missing operand: %s", command->operands);
	}
	if (command->most_operands >= 0 && *count > command->most_operands) {
		return pf_usage_error(command, "one operand too many: \"%s\"",
				      argv[optind + command->most_operands]);
	}
	pf_error error = {0};
	return check_files(table, &error) == PF_OK ? -1 : pf_report_error(&error);
}

/* One option: its forms, then what it is for from a column of its own on. */
static void print_option(const pf_arg *arg, FILE *stream)
{
	char form[PF_HELP_FORM], letter[8] = "    ";
	if (arg->letter) {
		snprintf(letter, sizeof letter, "-%c, ", arg->letter);
	}
	int length = snprintf(form, sizeof form, "  %s--%s%s%s", letter, arg->name,
			      arg->type == PF_ARG_MAYBE ? "[="
			      : arg->metavar            ? " "
							: "",
			      arg->metavar ? arg->metavar : "");
	bool fits = length < PF_HELP_INDENT - 1;
	fprintf(stream, "%-*s%s", fits ? PF_HELP_INDENT : 0, form, fits ? "" : "\n");
	if (!fits) {
		fprintf(stream, "%*s", PF_HELP_INDENT, "");
	}
	pf_text_wrap(stream, arg->help, PF_HELP_COLUMNS, PF_HELP_INDENT, PF_HELP_INDENT);
}

/* Paragraphs are filled anew: where the text has a line's end is of no account, but an empty line is. */
void pf_help_paragraphs(const char *text, FILE *stream)
{
	char paragraph[2000];
	while (text && *text) {
		const char *end = strstr(text, "\n\n");
		size_t length = end ? (size_t)(end - text) : strlen(text);
		snprintf(paragraph, sizeof paragraph, "%.*s", (int)length, text);
		for (char *at = paragraph; (at = strchr(at, '\n'));) {
			*at = ' ';
		}
		pf_text_wrap(stream, paragraph, PF_HELP_COLUMNS, 0, 0);
		text = end ? end + 2 : NULL;
		fputs(text ? "\n" : "", stream);
	}
}

void pf_options_help(const pf_command *command, const pf_arg *table, FILE *stream)
{
	char summary[200];
	fprintf(stream, "Usage: photofinish %s%s%s [options]\n\n", command->name,
		command->operands[0] ? " " : "", command->operands);
	snprintf(summary, sizeof summary, "%s.", command->summary);
	pf_help_paragraphs(summary, stream);
	if (command->details) {
		fputc('\n', stream);
		pf_help_paragraphs(command->details, stream);
	}
	fprintf(stream, "\nOptions:\n");
	for (const pf_arg *arg = table; arg->name; arg++) {
		if (arg->help) {
			print_option(arg, stream);
		}
	}
	print_option(&(pf_arg){.name = "help", .letter = 'h', .help = "show this text"}, stream);
}
