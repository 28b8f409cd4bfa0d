#include "harness/cli/help_topics.h"

#include <dirent.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/nearest.h"
#include "harness/base/text.h"
#include "harness/cli/absent.h"
#include "harness/cli/options.h"
#include "photofinish/file.h"

enum { TOPIC = 64 };

static void page_path(const char *topic, char *out, size_t capacity)
{
	char name[PATH_MAX], built[PATH_MAX];
	snprintf(name, sizeof name, PF_DOC_FROM_DATA "/%s.md", topic);
	snprintf(built, sizeof built, PF_DOC_DIR "/%s.md", topic);
	pf_data_file(name, built, out, capacity);
}

static int is_page(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return length > 3 && length < TOPIC && strcmp(entry->d_name + length - 3, ".md") == 0;
}

/* Calls `take` with each page's name, in order. */
static void each_page(void (*take)(void *context, const char *topic), void *context)
{
	char folder[PATH_MAX];
	struct dirent **entries = NULL;
	page_path("formats", folder, sizeof folder); /* one that is always there */
	*(strrchr(folder, '/') + 1) = '\0';
	int count = scandir(folder, &entries, is_page, alphasort);
	for (int i = 0; i < count; i++) {
		char topic[TOPIC];
		snprintf(topic, sizeof topic, "%.*s", (int)strlen(entries[i]->d_name) - 3,
			 entries[i]->d_name);
		take(context, topic);
		free(entries[i]);
	}
	free(entries);
}

/* Its heading says what it is about. */
static void list_page(void *context, const char *topic)
{
	char path[PATH_MAX], line[256] = "";
	page_path(topic, path, sizeof path);
	FILE *file = fopen(path, "re");
	if (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
	}
	if (file) {
		fclose(file);
	}
	const char *cells[] = {topic, line + strspn(line, "# ")};
	pf_table_row(context, cells, 2);
}

static void list_pages(void)
{
	static const bool left[2] = {false};
	pf_table *table = pf_table_create(2, left);
	each_page(list_page, table);
	pf_table_print(table, stdout, "  ");
	pf_table_free(table);
}

/* Prose in lines as wide as the terminal; tables, code and headings as they are. */
static void print_page(FILE *file, int columns, FILE *stream)
{
	char *line = NULL;
	size_t capacity = 0;
	bool code = false;
	while (getline(&line, &capacity, file) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		int indent = (int)strspn(line, " ");
		code = strncmp(line + indent, "```", 3) == 0 ? !code : code;
		if (!columns || code || indent >= 4 || line[indent] == '|' || !line[indent]) {
			fprintf(stream, "%s\n", line);
		} else {
			fprintf(stream, "%*s", indent, "");
			int hanging = indent + (strncmp(line + indent, "- ", 2) == 0 ? 2 : 0);
			pf_text_wrap_on(stream, line + indent, columns, hanging, indent);
			fputc('\n', stream);
		}
	}
	free(line);
}

static int show(FILE *file)
{
	const char *pager = getenv("PAGER");
	bool paged = isatty(STDOUT_FILENO) && pager && pager[0];
	int columns = pf_text_columns(STDOUT_FILENO);
	void (*before)(int) = signal(SIGPIPE, SIG_IGN); /* a pager may be left early */
	/* NOLINTNEXTLINE(cert-env33-c): POSIX has PAGER as a line for the shell */
	FILE *out = paged ? popen(pager, "we") : NULL;
	print_page(file, columns, out ? out : stdout);
	if (out) {
		pclose(out);
	}
	signal(SIGPIPE, before);
	return PF_EXIT_OK;
}

static void try_page(void *context, const char *topic)
{
	pf_nearest_try(context, topic);
}

/* `context` is text of 2,000 bytes. */
static void add_topic(void *context, const char *topic)
{
	char *text = context;
	size_t used = strlen(text);
	if (used + strlen(topic) + 3 < 2000) {
		snprintf(text + used, 2000 - used, " %s,", topic);
	}
}

static int refuse(const char *topic)
{
	char hint[PF_NEAREST + 32];
	pf_nearest nearest = {.word = topic};
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (!command->hidden && !pf_is_absent(command->name)) {
			pf_nearest_try(&nearest, command->name);
		}
	}
	each_page(try_page, &nearest);
	int code = pf_usage_error(NULL, "there is no command and no topic \"%s\"%s", topic,
				  pf_nearest_hint(&nearest, hint));
	char topics[2000] = "Topics:";
	each_page(add_topic, topics);
	topics[strlen(topics) - 1] = '.';
	pf_text_wrap(stderr, topics, PF_HELP_COLUMNS, 0, 0);
	return code;
}

int pf_help_topic(const char *topic)
{
	char path[PATH_MAX], name[TOPIC];
	size_t length = strlen(topic);
	length -= length > 3 && strcmp(topic + length - 3, ".md") == 0 ? 3 : 0;
	snprintf(name, sizeof name, "%.*s", (int)length, topic);
	if (strcmp(name, "topics") == 0) {
		printf("Pages of the documentation. \"photofinish help NAME\" shows one; \"help NAME.md\"\n"
		       "where a command has the same name.\n\n");
		list_pages();
		return PF_EXIT_OK;
	}
	page_path(name, path, sizeof path);
	bool plain = strlen(name) == length && name[0] && !strpbrk(name, "/."); /* no other folder's file */
	FILE *file = plain ? fopen(path, "re") : NULL;
	if (!file) {
		return refuse(topic);
	}
	int code = show(file);
	fclose(file);
	return code;
}
