/* The man page, from the tables of options. */
#include <ctype.h>
#include <string.h>

#include "harness/cli/described.h"
#include "harness/machine/environment.h"

/* Text as troff takes it: dashes are those of command lines, a control character at a line's beginning is
 * none. */
static void put(const char *text, FILE *stream)
{
	bool begins = true;
	for (; *text; text++) {
		if (begins && (*text == '.' || *text == '\'')) {
			fputs("\\&", stream);
		}
		begins = *text == '\n';
		switch (*text) {
		case '-':
			fputs("\\-", stream);
			break;
		case '\\':
			fputs("\\e", stream);
			break;
		default:
			fputc(*text, stream);
		}
	}
}

/* Lines of help texts are filled anew; an empty one parts paragraphs. */
static void put_paragraphs(const char *text, FILE *stream)
{
	while (*text) {
		const char *end = strstr(text, "\n\n");
		int length = end ? (int)(end - text) : (int)strlen(text);
		char paragraph[2000];
		snprintf(paragraph, sizeof paragraph, "%.*s", length, text);
		put(paragraph, stream);
		fputc('\n', stream);
		text += length;
		text += strspn(text, "\n");
		fputs(*text ? ".PP\n" : "", stream);
	}
}

static void put_option(const pf_arg *arg, FILE *stream)
{
	fputs(".TP\n\\fB", stream);
	if (arg->letter) {
		fprintf(stream, "\\-%c\\fR, \\fB", arg->letter);
	}
	put("--", stream);
	put(arg->name, stream);
	fputs("\\fR", stream);
	if (arg->metavar) {
		fputs(arg->type == PF_ARG_MAYBE ? "[=\\fI" : " \\fI", stream);
		put(arg->metavar, stream);
		fputs(arg->type == PF_ARG_MAYBE ? "\\fR]" : "\\fR", stream);
	}
	fputc('\n', stream);
	char help[1000];
	snprintf(help, sizeof help, "%s", arg->help);
	help[0] = (char)toupper((unsigned char)help[0]);
	put(help, stream);
	fputs(".\n", stream);
}

static void put_command(const pf_described *own, FILE *stream)
{
	fputs(".SS ", stream);
	put(own->name, stream);
	fputs(own->command->operands[0] ? " " : "", stream);
	put(own->command->operands, stream);
	fputc('\n', stream);
	put(own->command->summary, stream);
	fputs(".\n", stream);
	if (own->command->details) {
		fputs(".PP\n", stream);
		put_paragraphs(own->command->details, stream);
	}
	for (const pf_arg *arg = own->args; arg->name; arg++) {
		put_option(arg, stream);
	}
}

static void put_table(const char *const (*rows)[2], size_t count, FILE *stream)
{
	for (size_t i = 0; i < count; i++) {
		fputs(".TP\n\\fB", stream);
		put(rows[i][0], stream);
		fputs("\\fR\n", stream);
		put(rows[i][1], stream);
		fputc('\n', stream);
	}
}

void pf_man_page(const pf_described_list *all, FILE *stream)
{
	static const char *const statuses[][2] = {
		{"0", "Fine."},
		{"1", "Output that differs, or an objective that was missed."},
		{"2", "Usage, input or run-time error, or nothing valid was measured."},
		{"3", "Undecided, by the commands whose help names it."},
		{"130", "Interrupted; what was measured until then is kept and marked partial."},
	};
	static const char *const variables[][2] = {
		{"PHOTOFINISH_DATA",
		 "Folder of datasets and references; else XDG_CACHE_HOME/photofinish, else "
		 "~/.cache/photofinish."},
		{"PHOTOFINISH_HISTORY", "Folder of the records that are kept; empty: none is kept."},
		{"PF_CPU", "Instructions that the engine may use: plain, avx2 or avx512."},
		{"COLUMNS", "Width that tables fit where standard output is no terminal; 0 or unset: any."},
		{"NO_COLOR", "Not empty: no colours."},
		{"PAGER", "What help TOPIC is shown through in a terminal; unset: it is printed."},
	};
	pf_environment environment;
	pf_environment_read(&environment);
	fprintf(stream, ".TH PHOTOFINISH 1 \"\" \"photofinish %s\" \"User Commands\"\n", environment.version);
	fputs(".SH NAME\nphotofinish \\- profile and benchmark ways of scoring bursts of photos\n"
	      ".SH SYNOPSIS\n.B photofinish\n\\fICOMMAND\\fR [\\fIoptions\\fR]\n.br\n.B photofinish help\n"
	      "\\fICOMMAND\\fR|\\fITOPIC\\fR\n.SH DESCRIPTION\n"
	      "Scores bursts of sports photos, executes that in swappable variants, and measures which is faster.\n"
	      "Times and compares any commands, too, and stops regressions of C libraries.\n.SH COMMANDS\n",
	      stream);
	for (size_t i = 0; i < all->count; i++) {
		put_command(&all->list[i], stream);
	}
	fputs(".SH EXIT STATUS\n", stream);
	put_table(statuses, sizeof statuses / sizeof *statuses, stream);
	fputs(".SH ENVIRONMENT\n", stream);
	put_table(variables, sizeof variables / sizeof *variables, stream);
	fputs(".SH SEE ALSO\n\\fBphotofinish help topics\\fR lists the pages of the documentation.\n",
	      stream);
}
