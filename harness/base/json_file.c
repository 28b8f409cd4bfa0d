#include "harness/base/json_file.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/output.h"
#include "photofinish/file.h"

static const size_t text_flags = JSON_INDENT(2) | JSON_SORT_KEYS | JSON_REAL_PRECISION(17);

char *pf_json_text(const json_t *record, size_t *count)
{
	char *text = NULL;
	FILE *stream = open_memstream(&text, count);
	if (!stream) {
		return NULL;
	}
	bool failed = json_dumpf(record, stream, text_flags) || fputc('\n', stream) == EOF;
	if (fclose(stream) || failed) {
		free(text);
		return NULL;
	}
	return text;
}

/* What jansson 2.14 allocates on x86-64 for each of these, with malloc's own share: an object with its table,
 * an array, a text, what a member takes beside its key's text, a number or word, a place in an array. */
enum { OBJECT = 224, ARRAY = 128, TEXT = 80, MEMBER = 32, SCALAR = 32, PLACE = 16 };
#define TREE_FREE (64u << 20) /* bytes that any document may take */
#define TREE_SHARE 12         /* and so many times its own */

/* Behind the text that begins at bytes[at], a quotation mark. */
static size_t text_end(const char *bytes, size_t at, size_t count)
{
	for (at++; at < count && bytes[at] != '"'; at++) {
		at += bytes[at] == '\\';
	}
	return at < count ? at + 1 : count;
}

/* At least what the tree will take, without any look at whether it is JSON at all. */
static uint64_t tree_bytes(const char *bytes, size_t count)
{
	static const uint8_t costs[256] = {['{'] = OBJECT, ['['] = ARRAY, [':'] = MEMBER, [','] = PLACE};
	static const char apart[] = " \t\r\n{}[]:,\"";
	uint64_t total = 0;
	bool within = false; /* a number or word */
	for (size_t at = 0; at < count;) {
		unsigned char c = (unsigned char)bytes[at];
		if (c == '"') {
			size_t end = text_end(bytes, at, count);
			total += TEXT + (end - at);
			at = end;
			within = false;
			continue;
		}
		bool word = !c || !strchr(apart, c);
		total += word && !within ? SCALAR : costs[c];
		within = word;
		at++;
	}
	return total;
}

json_t *pf_json_parse(const char *bytes, size_t count, size_t flags, json_error_t *why)
{
	uint64_t tree = tree_bytes(bytes, count);
	if (tree <= TREE_FREE + TREE_SHARE * (uint64_t)count) {
		return json_loadb(bytes, count, flags, why);
	}
	if (why) {
		*why = (json_error_t){.line = -1};
		snprintf(why->text, sizeof why->text,
			 "%.0f MB of nothing but braces and commas, which would take %.1f GB",
			 (double)count * 1e-6, (double)tree * 1e-9);
	}
	return NULL;
}

/* All of an open file; NULL: see *error. The caller frees it. */
static char *read_all(FILE *file, const char *path, size_t *count, pf_error *error)
{
	struct stat info;
	*count = 0;
	if (fstat(fileno(file), &info)) {
		pf_fail_errno(error, path, "cannot read");
		return NULL;
	}
	if (info.st_size > (off_t)PF_JSON_MAX_BYTES) {
		pf_fail(error, PF_ERR_INVALID, path, "larger than %u MiB", PF_JSON_MAX_BYTES >> 20);
		return NULL;
	}
	char *bytes = malloc((size_t)info.st_size + 1);
	if (!bytes) {
		pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
		return NULL;
	}
	*count = fread(bytes, 1, (size_t)info.st_size, file);
	if (ferror(file)) {
		pf_fail_errno(error, path, "cannot read");
		free(bytes);
		return NULL;
	}
	return bytes;
}

json_t *pf_json_load(const char *path, size_t flags, json_error_t *why)
{
	pf_error error = {0};
	size_t count = 0;
	FILE *file = pf_open_regular(path, &error);
	char *bytes = file ? read_all(file, path, &count, &error) : NULL;
	if (file) {
		fclose(file);
	}
	if (!bytes) {
		if (why) {
			*why = (json_error_t){.line = -1};
			snprintf(why->text, sizeof why->text, "%s", error.message);
		}
		return NULL;
	}
	json_t *json = pf_json_parse(bytes, count, flags, why);
	free(bytes);
	return json;
}

static bool is_part(const char *path)
{
	json_t *record = pf_json_load(path, 0, NULL);
	bool part = json_is_true(json_object_get(record, "partial"));
	json_decref(record);
	return part;
}

pf_status pf_json_write(json_t *record, const char *path, pf_error *error)
{
	pf_new_file file;
	if (!record) {
		return pf_fail(error, PF_ERR_INTERNAL, path, "cannot put the record together");
	}
	pf_status status = pf_output_open(&file, path, error);
	if (status == PF_OK) {
		if (json_dumpf(record, file.stream, text_flags) || fputc('\n', file.stream) == EOF) {
			status = pf_output_is_stdout(path)
					 ? pf_fail_errno(error, NULL, "cannot write to standard output")
					 : pf_fail_errno(error, path, "cannot write the record");
		}
		status = json_is_true(json_object_get(record, "partial"))
				 ? pf_output_close_part(&file, status, is_part, error)
				 : pf_output_close(&file, status, error);
	}
	json_decref(record);
	return status;
}
