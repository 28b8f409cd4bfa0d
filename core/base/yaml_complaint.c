#include "core/base/yaml_complaint.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What follows `prefix` in `text`, or NULL. */
static const char *after(const char *text, const char *prefix)
{
	size_t bytes = strlen(prefix);
	return strncmp(text, prefix, bytes) == 0 ? text + bytes : NULL;
}

/* "in mapping field 'width' (line: 15, column: 12)" */
static void add_place(pf_yaml_complaint *complaint, const char *text)
{
	if (complaint->depth == PF_YAML_DEPTH) {
		return;
	}
	char *to = complaint->where[complaint->depth++];
	const size_t capacity = sizeof complaint->where[0];
	const char *field = after(text, "in mapping field '"), *entry = after(text, "in sequence entry '");
	if (field) {
		snprintf(to, capacity, "%.*s", (int)strcspn(field, "'"), field);
	} else if (entry) {
		snprintf(to, capacity, "[%lu]", strtoul(entry, NULL, 10));
	}
	const char *line = strstr(text, "(line: ");
	if (line && !complaint->line) {
		complaint->line = (unsigned)strtoul(line + strlen("(line: "), NULL, 10);
	}
}

void pf_yaml_complaint_add(pf_yaml_complaint *complaint, const char *line)
{
	const char *text = after(line, "Load: ");
	text = text ? text : line;
	text += strspn(text, " ");
	if (after(text, "in ")) {
		add_place(complaint, text);
	} else if (!complaint->what[0] && !after(text, "Backtrace")) {
		snprintf(complaint->what, sizeof complaint->what, "%.*s", (int)strcspn(text, "\r\n"), text);
	}
}

static const char *expected(const char *type)
{
	static const char *const names[][2] = {
		{"MAPPING", "names with values"},
		{"SEQUENCE", "a list"},
		{"FLOAT", "a number"},
		{"UINT", "a whole number"},
		{"INT", "a whole number"},
		{"uint64_t", "a whole number"},
		{"STRING", "a text"},
		{"BOOL", "yes or no"},
		{"ENUM", "a name"},
	};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (after(type, names[i][0])) {
			return names[i][1];
		}
	}
	return "something else";
}

/* libcyaml puts some values in quotes, others not. */
static void quoted(const char *value, char *out, size_t capacity)
{
	size_t bytes = strlen(value);
	bool has = bytes >= 2 && value[0] == '\'' && value[bytes - 1] == '\'';
	snprintf(out, capacity, "\"%.*s\"", (int)(has ? bytes - 2 : bytes), value + has);
}

/* What is wrong with the value at the place that the backtrace names. */
static void say_value(const char *what, char *out, size_t capacity)
{
	char value[120];
	const char *rest = NULL, *colon = strstr(what, ": ");
	quoted(colon ? colon + 2 : "", value, sizeof value);
	if (after(what, "Invalid ENUM")) {
		snprintf(out, capacity, "%s is none of its values", value);
	} else if ((rest = after(what, "Invalid ")) || (rest = after(what, "FLOAT "))) {
		snprintf(out, capacity, "expected %s, not %s", expected(rest == what + 6 ? what : rest),
			 value);
	} else if (after(what, "Value too big")) {
		snprintf(out, capacity, "%s is too large", value);
	} else if ((rest = after(what, "Expecting "))) {
		snprintf(out, capacity, "expected %s", expected(rest));
	} else if (after(what, "STRING length < 1:")) {
		snprintf(out, capacity, "must not be empty");
	} else if ((rest = after(what, "STRING length > "))) {
		snprintf(out, capacity, "takes at most %lu characters", strtoul(rest, NULL, 10));
	} else if ((rest = after(what, "Insufficient entries ("))) {
		const char *least = strstr(rest, "of ");
		snprintf(out, capacity, "takes at least %lu entries",
			 least ? strtoul(least + 3, NULL, 10) : 1);
	} else if ((rest = after(what, "Excessive entries ("))) {
		snprintf(out, capacity, "takes at most %lu entries", strtoul(rest, NULL, 10));
	} else if ((rest = after(what, "libyaml: "))) {
		snprintf(out, capacity, "not YAML: %s", rest);
	} else if (strstr(what, "anchor")) {
		snprintf(out, capacity, "anchors and aliases (& and *) are not taken");
	} else {
		snprintf(out, capacity, "%s", what);
	}
}

/* The line of `key`, at or after `line`, 0 where it is not found; libcyaml tells the line of the key before
 * it. */
static unsigned line_of(const char *text, const char *key, unsigned line)
{
	size_t bytes = strlen(key);
	unsigned at = 1;
	for (const char *c = text; *c; c++) {
		bool begins = c == text || strchr("\n {,-\"'", c[-1]) != NULL;
		if (at >= line && begins && bytes && strncmp(c, key, bytes) == 0 &&
		    c[bytes + strspn(c + bytes, " \"'")] == ':') {
			return at;
		}
		at += *c == '\n';
	}
	return 0;
}

void pf_yaml_complaint_text(const pf_yaml_complaint *complaint, const char *text, char *out, size_t capacity)
{
	static const struct about_key {
		const char *prefix, *says;
		unsigned stands; /* how often the key is in the file */
	} keys[] = {
		{"Unexpected key: ", "there is no such key", 1},
		{"Mapping field already seen: ", "stands twice", 2},
		{"Missing required mapping field: ", "is missing", 0},
	};
	char path[256] = "", says[200], last[120] = "";
	unsigned skip = 0, line = complaint->line;
	say_value(complaint->what, says, sizeof says);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *key = after(complaint->what, keys[i].prefix);
		if (key) { /* the innermost place is that of the key before it */
			skip = 1;
			snprintf(last, sizeof last, "%s", key);
			snprintf(says, sizeof says, "%s", keys[i].says);
			line = keys[i].stands ? line_of(text, key, line) : 0;
			unsigned second = keys[i].stands > 1 ? line_of(text, key, line + 1) : 0;
			line = second ? second : line;
		}
	}
	for (unsigned i = complaint->depth; i > skip; i--) {
		const char *name = complaint->where[i - 1];
		size_t used = strlen(path);
		snprintf(path + used, sizeof path - used, "%s%s",
			 used && name[0] && name[0] != '[' ? "." : "", name);
	}
	const char *dot = path[0] && last[0] ? "." : "", *colon = path[0] || last[0] ? ": " : "";
	int used = snprintf(out, capacity, "%s%s%s%s%s", path, dot, last, colon, says);
	if (line && used > 0 && (size_t)used < capacity) {
		snprintf(out + used, capacity - (size_t)used, ", line %u", line);
	}
}
