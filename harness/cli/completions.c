/* Completion of command lines for the shells, from the tables of options. */
#include <string.h>

#include "harness/cli/described.h"

static bool takes_file(const pf_arg *arg)
{
	return arg->type == PF_ARG_OUTPUT || arg->type == PF_ARG_INPUT || arg->type == PF_ARG_INPUTS ||
	       (arg->metavar && (strstr(arg->metavar, "DIR") || strstr(arg->metavar, "FILE")));
}

/* The words of a choice, or of another option's names, divided by blanks. */
static void put_choices(const char *choices, FILE *stream)
{
	for (; *choices; choices++) {
		fputc(*choices == '|' ? ' ' : *choices, stream);
	}
}

/* The name of the command or of its subcommand: "compare --commands" is compare. */
static size_t name_length(const pf_described *own)
{
	const char *option = strstr(own->name, " --");
	return option ? (size_t)(option - own->name) : strlen(own->name);
}

/* The first of several tables that have one name. */
static bool is_first(const pf_described_list *all, size_t index)
{
	const pf_described *own = &all->list[index];
	return index == 0 || name_length(&all->list[index - 1]) != name_length(own) ||
	       strncmp(all->list[index - 1].name, own->name, name_length(own)) != 0;
}

static bool is_same(const pf_described *one, const pf_described *other)
{
	return name_length(one) == name_length(other) &&
	       strncmp(one->name, other->name, name_length(one)) == 0;
}

/* Names of commands, each once; those of subcommands without what stands before. */
static void put_names(const pf_described_list *all, FILE *stream)
{
	size_t before = 0;
	for (size_t i = 0; i < all->count; i++) {
		const char *name = all->list[i].name;
		size_t length = strcspn(name, " ");
		const char *last = i ? all->list[i - 1].name : "";
		if (!i || before != length || strncmp(name, last, length) != 0) {
			fprintf(stream, "%.*s ", (int)length, name);
		}
		before = length;
	}
	fputs("help", stream);
}

static bool takes_variants(const pf_described *own)
{
	return strcmp(own->command->operands, "A B") == 0 || strstr(own->command->operands, "VARIANT");
}

/* "list|show ...": words that are given. */
static bool takes_words(const pf_described *own)
{
	return strchr(own->command->operands, '|') && own->command->operands[0] >= 'a' &&
	       own->command->operands[0] <= 'z';
}

static void put_words(const pf_described *own, FILE *stream)
{
	char words[128];
	snprintf(words, sizeof words, "%.*s", (int)strcspn(own->command->operands, " "),
		 own->command->operands);
	put_choices(words, stream);
}

static void bash_values(const pf_described_list *all, size_t first, FILE *stream)
{
	for (size_t i = first; i < all->count && is_same(&all->list[first], &all->list[i]); i++) {
		for (const pf_arg *arg = all->list[i].args; arg->name; arg++) {
			if (arg->type == PF_ARG_FLAG || arg->type == PF_ARG_MAYBE) {
				continue;
			}
			fprintf(stream, "\t\"%.*s --%s\"", (int)name_length(&all->list[i]), all->list[i].name,
				arg->name);
			if (arg->letter) {
				fprintf(stream, "|\"%.*s -%c\"", (int)name_length(&all->list[i]),
					all->list[i].name, arg->letter);
			}
			if (arg->type == PF_ARG_CHOICE) {
				fputs(") words=\"", stream);
				put_choices(arg->metavar, stream);
				fputs("\"; value=words ;;\n", stream);
			} else {
				fprintf(stream, ") value=%s ;;\n", takes_file(arg) ? "files" : "any");
			}
		}
	}
}

void pf_completion_bash(const pf_described_list *all, FILE *stream)
{
	fputs("# bash completion for photofinish, written by \"photofinish completion bash\".\n"
	      "_photofinish()\n{\n\tlocal cur prev command sub words value=\n\tCOMPREPLY=()\n"
	      "\tcur=${COMP_WORDS[COMP_CWORD]}\n\tprev=${COMP_WORDS[COMP_CWORD-1]}\n"
	      "\tif [[ $cur == = ]]; then\n\t\tcur=\n\telif [[ $prev == = ]]; then\n"
	      "\t\tprev=${COMP_WORDS[COMP_CWORD-2]}\n\tfi\n"
	      "\tif ((COMP_CWORD == 1)); then\n\t\tCOMPREPLY=($(compgen -W \"",
	      stream);
	put_names(all, stream);
	fputs(" --help --version\" -- \"$cur\"))\n\t\treturn\n\tfi\n\tcommand=${COMP_WORDS[1]}\n"
	      "\tif [[ $command == dataset ]]; then\n\t\tif ((COMP_CWORD == 2)); then\n\t\t\tCOMPREPLY=($(compgen -W \"",
	      stream);
	for (size_t i = 0; i < all->count; i++) {
		if (strncmp(all->list[i].name, "dataset ", 8) == 0) {
			fprintf(stream, "%s ", all->list[i].name + 8);
		}
	}
	fputs("--help\" -- \"$cur\"))\n\t\t\treturn\n\t\tfi\n\t\tcommand=\"dataset ${COMP_WORDS[2]}\"\n\tfi\n"
	      "\tif [[ $command == help ]]; then\n\t\tCOMPREPLY=($(compgen -W \"topics ",
	      stream);
	put_names(all, stream);
	fputs("\" -- \"$cur\"))\n\t\treturn\n\tfi\n\tcase \"$command $prev\" in\n", stream);
	for (size_t i = 0; i < all->count; i++) {
		if (is_first(all, i)) {
			bash_values(all, i, stream);
		}
	}
	fputs("\tesac\n\tcase \"$value\" in\n\twords) COMPREPLY=($(compgen -W \"$words\" -- \"$cur\")); return ;;\n"
	      "\tfiles) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n"
	      "\tany) return ;;\n\tesac\n\tcase \"$command\" in\n",
	      stream);
	for (size_t i = 0; i < all->count; i++) {
		const pf_described *own = &all->list[i];
		if (!is_first(all, i)) {
			continue;
		}
		fprintf(stream, "\t\"%.*s\") words=\"", (int)name_length(own), own->name);
		for (size_t k = i; k < all->count && is_same(own, &all->list[k]); k++) {
			for (const pf_arg *arg = all->list[k].args; arg->name; arg++) {
				fprintf(stream, "--%s ", arg->name);
			}
		}
		fputs("\"; sub=\"", stream);
		if (takes_variants(own)) {
			fputs("$(COLUMNS=0 photofinish variants 2>/dev/null | awk 'NR > 1 && /^[a-z]/ {print $1}')",
			      stream);
		} else if (takes_words(own)) {
			put_words(own, stream);
		}
		fputs("\" ;;\n", stream);
	}
	fputs("\t*) return ;;\n\tesac\n\tif [[ $cur == -* ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
	      "\telif [[ $sub ]]; then\n\t\tCOMPREPLY=($(compgen -W \"$sub\" -- \"$cur\"))\n\telse\n"
	      "\t\tcompopt -o filenames 2>/dev/null\n\t\tCOMPREPLY=($(compgen -f -- \"$cur\"))\n\tfi\n}\n"
	      "complete -F _photofinish photofinish\n",
	      stream);
}

/* In single quotes. */
static void put_quoted(const char *text, FILE *stream)
{
	for (; *text; text++) {
		if (*text == '\'') {
			fputs("'\\''", stream);
		} else {
			fputc(*text, stream);
		}
	}
}

/* The same, without what _arguments reads as its own. */
static void zsh_quoted(const char *text, FILE *stream)
{
	for (; *text; text++) {
		char one[] = {*text, '\0'};
		fputs(*text == '[' || *text == ']' || *text == ':' ? "\\" : "", stream);
		put_quoted(one, stream);
	}
}

static void zsh_option(const pf_arg *arg, FILE *stream)
{
	bool value = arg->type != PF_ARG_FLAG && arg->type != PF_ARG_MAYBE;
	fprintf(stream, " \\\n\t\t\t'*--%s%s[", arg->name, value ? "=" : "");
	zsh_quoted(arg->help, stream);
	fputc(']', stream);
	if (value) {
		fputc(':', stream);
		zsh_quoted(arg->type == PF_ARG_CHOICE ? arg->name : arg->metavar, stream);
		fputc(':', stream);
		if (arg->type == PF_ARG_CHOICE) {
			fputc('(', stream);
			put_choices(arg->metavar, stream);
			fputc(')', stream);
		} else if (takes_file(arg)) {
			fputs("_files", stream);
		}
	}
	fputc('\'', stream);
}

void pf_completion_zsh(const pf_described_list *all, FILE *stream)
{
	fputs("#compdef photofinish\n# zsh completion for photofinish, written by \"photofinish completion zsh\".\n"
	      "_photofinish_variants() {\n\tcompadd -- ${(f)\"$(COLUMNS=0 photofinish variants 2>/dev/null | "
	      "awk 'NR > 1 && /^[a-z]/ {print $1}')\"}\n}\n"
	      "_photofinish() {\n\tlocal command\n\tif ((CURRENT == 2)); then\n\t\tcompadd -- ",
	      stream);
	put_names(all, stream);
	fputs(" --help --version\n\t\treturn\n\tfi\n\tcommand=$words[2]\n\tif [[ $command == dataset ]]; then\n"
	      "\t\tif ((CURRENT == 3)); then\n\t\t\tcompadd -- ",
	      stream);
	for (size_t i = 0; i < all->count; i++) {
		if (strncmp(all->list[i].name, "dataset ", 8) == 0) {
			fprintf(stream, "%s ", all->list[i].name + 8);
		}
	}
	fputs("\n\t\t\treturn\n\t\tfi\n\t\tcommand=\"dataset $words[3]\"\n\t\tshift words\n\t\t((CURRENT--))\n\tfi\n"
	      "\tshift words\n\t((CURRENT--))\n\tcase $command in\n\thelp)\n\t\tcompadd -- topics ",
	      stream);
	put_names(all, stream);
	fputs("\n\t\t;;\n", stream);
	for (size_t i = 0; i < all->count; i++) {
		const pf_described *own = &all->list[i];
		if (!is_first(all, i)) {
			continue;
		}
		fprintf(stream, "\t\"%.*s\")\n\t\t_arguments", (int)name_length(own), own->name);
		for (size_t k = i; k < all->count && is_same(own, &all->list[k]); k++) {
			for (const pf_arg *arg = all->list[k].args; arg->name; arg++) {
				zsh_option(arg, stream);
			}
		}
		if (takes_variants(own)) {
			fputs(" \\\n\t\t\t'*:variant:_photofinish_variants'\n\t\t;;\n", stream);
		} else if (takes_words(own)) {
			fputs(" \\\n\t\t\t'*:operand:(", stream);
			put_words(own, stream);
			fputs(")'\n\t\t;;\n", stream);
		} else {
			fputs(" \\\n\t\t\t'*:file:_files'\n\t\t;;\n", stream);
		}
	}
	fputs("\tesac\n}\nif [[ $funcstack[1] == _photofinish ]]; then\n\t_photofinish \"$@\"\nelse\n"
	      "\tcompdef _photofinish photofinish\nfi\n",
	      stream);
}

void pf_completion_fish(const pf_described_list *all, FILE *stream)
{
	fputs("# fish completion for photofinish, written by \"photofinish completion fish\".\n"
	      "complete -c photofinish -f\n"
	      "complete -c photofinish -n __fish_use_subcommand -a 'help' -d 'Show a command or a page'\n",
	      stream);
	for (size_t i = 0; i < all->count; i++) {
		const pf_described *own = &all->list[i];
		char when[160];
		const char *blank = strchr(own->name, ' ');
		bool sub = strncmp(own->name, "dataset ", 8) == 0;
		if (sub) {
			snprintf(when, sizeof when,
				 "__fish_seen_subcommand_from dataset; and __fish_seen_subcommand_from %s",
				 blank + 1);
			fprintf(stream,
				"complete -c photofinish -n '__fish_seen_subcommand_from dataset' -a %s -d '",
				blank + 1);
		} else {
			snprintf(when, sizeof when, "__fish_seen_subcommand_from %.*s", (int)name_length(own),
				 own->name);
			fprintf(stream, "complete -c photofinish -n __fish_use_subcommand -a %.*s -d '",
				(int)name_length(own), own->name);
		}
		put_quoted(own->command->summary, stream);
		fputs("'\n", stream);
		if (takes_variants(own)) {
			fprintf(stream,
				"complete -c photofinish -n '%s' -a '(COLUMNS=0 photofinish variants 2>/dev/null | "
				"awk \"NR > 1 && /^[a-z]/ {print \\$1}\")'\n",
				when);
		} else if (takes_words(own)) {
			fprintf(stream, "complete -c photofinish -n '%s' -a '", when);
			put_words(own, stream);
			fputs("'\n", stream);
		} else {
			fprintf(stream, "complete -c photofinish -n '%s' -F\n", when);
		}
		for (const pf_arg *arg = own->args; arg->name; arg++) {
			bool value = arg->type != PF_ARG_FLAG && arg->type != PF_ARG_MAYBE;
			fprintf(stream, "complete -c photofinish -n '%s' -l %s", when, arg->name);
			if (arg->letter) {
				fprintf(stream, " -s %c", arg->letter);
			}
			fputs(!value ? "" : takes_file(arg) ? " -r -F" : " -x", stream);
			if (arg->type == PF_ARG_CHOICE) {
				fputs(" -a '", stream);
				put_choices(arg->metavar, stream);
				fputc('\'', stream);
			}
			fputs(" -d '", stream);
			put_quoted(arg->help, stream);
			fputs("'\n", stream);
		}
	}
	fputs("complete -c photofinish -n __fish_use_subcommand -a dataset -d 'Make, list, verify, import or remove datasets'\n",
	      stream);
}
