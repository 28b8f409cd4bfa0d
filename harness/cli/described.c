#include "harness/cli/described.h"

#include <stdlib.h>
#include <string.h>

#include "harness/cli/absent.h"
#include "harness/stats/enough.h"

static void take(void *context, const pf_command *command, const pf_arg *table)
{
	pf_described_list *all = context;
	size_t count = 0, kept = 0;
	while (table[count].name) {
		count++;
	}
	all->list = pf_enough(reallocarray(all->list, all->count + 1, sizeof *all->list));
	pf_described *own = &all->list[all->count++];
	*own = (pf_described){.command = command, .args = pf_enough(calloc(count + 2, sizeof *own->args))};
	snprintf(own->name, sizeof own->name, "%s", command->name);
	for (size_t i = 0; i < count; i++) {
		if (table[i].help) {
			own->args[kept++] = table[i];
		}
	}
	own->args[kept] = (pf_arg){
		.name = "help", .letter = 'h', .type = PF_ARG_FLAG, .help = "show this text"};
}

static void run(const pf_command *command, const char *word)
{
	char name[48], first[48], help[] = "--help";
	snprintf(name, sizeof name, "%s", command->name);
	snprintf(first, sizeof first, "%s", word ? word : help);
	char *argv[] = {name, first, word ? help : NULL, NULL};
	command->run(command, word ? 3 : 2, argv);
}

/* Commands that only divide their words among others: "make|list|rm". */
static void run_words(const pf_command *command)
{
	char words[128], *rest = words;
	snprintf(words, sizeof words, "%.*s", (int)strcspn(command->operands, " "), command->operands);
	for (const char *word = strsep(&rest, "|"); word; word = strsep(&rest, "|")) {
		run(command, word);
	}
}

pf_described_list pf_describe_commands(void)
{
	pf_described_list all = {0};
	pf_options_describe(take, &all);
	for (const pf_command *command = pf_commands; command->name; command++) {
		size_t before = all.count;
		if (command->hidden || pf_is_absent(command->name)) {
			continue;
		}
		if (strcmp(command->name, "dataset") == 0) { /* it has no options of its own */
			run_words(command);
			continue;
		}
		run(command, NULL);
		if (strcmp(command->name, "compare") == 0) { /* of commands it has other options */
			run(command, "--commands");
			if (all.count == before + 2) {
				snprintf(all.list[before + 1].name, sizeof all.list[0].name, "%s --commands",
					 command->name);
			}
		}
	}
	pf_options_describe(NULL, NULL);
	return all;
}

void pf_described_free(pf_described_list *all)
{
	for (size_t i = 0; i < all->count; i++) {
		free(all->list[i].args);
	}
	free(all->list);
	*all = (pf_described_list){0};
}
