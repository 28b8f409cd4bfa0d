#include "harness/load/http_parse.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEAD_MOST = 64 << 10, LENGTH_MOST = 1 << 30 };

/* The value of a header line of `length` bytes, if its name is that; NULL: it is another one. */
static const char *value_of(const char *line, size_t length, const char *name, size_t *value_length)
{
	size_t own = strlen(name);
	if (length <= own || strncasecmp(line, name, own) != 0 || line[own] != ':') {
		return NULL;
	}
	const char *value = line + own + 1, *end = line + length;
	while (value < end && (*value == ' ' || *value == '\t')) {
		value++;
	}
	while (value < end && (end[-1] == ' ' || end[-1] == '\t')) {
		end--;
	}
	*value_length = (size_t)(end - value);
	return value;
}

static bool is_word(const char *value, size_t length, const char *word)
{
	return value && length == strlen(word) && strncasecmp(value, word, length) == 0;
}

/* Decimal digits alone (or hexadecimal ones). */
static bool read_size(const char *text, size_t length, unsigned base, size_t *out)
{
	size_t value = 0;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : base == 16 && (c | 32) >= 'a' && (c | 32) <= 'f'
					 ? (unsigned)((c | 32) - 'a' + 10)
					 : base;
		if (digit >= base || value > LENGTH_MOST) {
			return false;
		}
		value = value * base + digit;
	}
	*out = value;
	return length > 0 && value <= LENGTH_MOST;
}

/* The bytes of the line that begins at `from`, without its end; *next is behind that. False: it has none. */
static bool next_line(const char *bytes, size_t size, size_t from, size_t *length, size_t *next)
{
	const char *end = from < size ? memchr(bytes + from, '\n', size - from) : NULL;
	if (!end) {
		return false;
	}
	*next = (size_t)(end - bytes) + 1;
	*length = *next - 1 - from;
	*length -= *length && bytes[from + *length - 1] == '\r';
	return true;
}

static pf_http_state read_header(pf_http_parse *parse, const char *line, size_t length, bool *has_length)
{
	size_t size;
	const char *value;
	if ((value = value_of(line, length, "Content-Length", &size))) {
		*has_length = true;
		return read_size(value, size, 10, &parse->body_bytes) ? PF_HTTP_MORE : PF_HTTP_MALFORMED;
	}
	if ((value = value_of(line, length, "Transfer-Encoding", &size))) {
		parse->chunked = is_word(value, size, "chunked");
		return parse->chunked ? PF_HTTP_MORE : PF_HTTP_MALFORMED;
	}
	if ((value = value_of(line, length, "Connection", &size))) {
		parse->keep = is_word(value, size, "close")        ? false
			      : is_word(value, size, "keep-alive") ? true
								   : parse->keep;
	}
	return PF_HTTP_MORE;
}

/* A head that is whole ends at `end`. */
static pf_http_state read_head(pf_http_parse *parse, const char *bytes, size_t begin, size_t end)
{
	size_t length = 0, at = begin, next = begin;
	bool has_length = false;
	next_line(bytes, end, at, &length, &next);
	if (length < 12 || strncmp(bytes + at, "HTTP/1.", 7) != 0 || bytes[at + 8] != ' ') {
		return PF_HTTP_MALFORMED;
	}
	size_t code;
	if (!read_size(bytes + at + 9, 3, 10, &code) || code < 100) {
		return PF_HTTP_MALFORMED;
	}
	parse->keep = bytes[at + 7] == '1';
	for (at = next; next_line(bytes, end, at, &length, &next); at = next) {
		if (read_header(parse, bytes + at, length, &has_length) == PF_HTTP_MALFORMED) {
			return PF_HTTP_MALFORMED;
		}
	}
	parse->body = parse->chunk = end;
	if (code < 200) { /* another head follows */
		*parse = (pf_http_parse){.scanned = end, .body = end};
		return PF_HTTP_MORE;
	}
	parse->code = (unsigned)code;
	if (code == 204 || code == 304) {
		parse->chunked = false;
		parse->body_bytes = 0;
	} else if (parse->chunked) {
		parse->body_bytes = 0;
	} else if (!has_length) {
		parse->to_the_end = true;
		parse->keep = false;
	}
	return PF_HTTP_MORE;
}

static pf_http_state find_head(pf_http_parse *parse, const char *bytes, size_t size)
{
	size_t begin = parse->body, at = parse->scanned, length, next;
	while (next_line(bytes, size, at, &length, &next)) {
		if (length == 0 && at > begin) {
			pf_http_state state = read_head(parse, bytes, begin, next);
			if (state != PF_HTTP_MORE || parse->code) {
				return state;
			}
			begin = next;
		}
		at = next;
	}
	parse->scanned = at;
	return size - begin > HEAD_MOST ? PF_HTTP_MALFORMED : PF_HTTP_MORE;
}

/* Chunks that are whole join the body. */
static pf_http_state read_chunks(pf_http_parse *parse, char *bytes, size_t size)
{
	size_t length, next, chunk;
	while (next_line(bytes, size, parse->chunk, &length, &next)) {
		const char *line = bytes + parse->chunk, *extension = memchr(line, ';', length);
		length = extension ? (size_t)(extension - line) : length;
		if (!read_size(line, length, 16, &chunk)) {
			return PF_HTTP_MALFORMED;
		}
		if (!chunk) { /* the last one; trailers up to an empty line */
			size_t at = next;
			while (next_line(bytes, size, at, &length, &next)) {
				if (!length) {
					parse->end = next;
					return PF_HTTP_DONE;
				}
				at = next;
			}
			return PF_HTTP_MORE;
		}
		size_t behind, none;
		if (size < next + chunk || !next_line(bytes, size, next + chunk, &none, &behind)) {
			return PF_HTTP_MORE;
		}
		if (none) {
			return PF_HTTP_MALFORMED;
		}
		memmove(bytes + parse->body + parse->body_bytes, bytes + next, chunk);
		parse->body_bytes += chunk;
		parse->chunk = behind;
	}
	return PF_HTTP_MORE;
}

pf_http_state pf_http_parse_on(pf_http_parse *parse, char *bytes, size_t size, bool closed)
{
	if (!parse->code) {
		pf_http_state state = find_head(parse, bytes, size);
		if (state != PF_HTTP_MORE || !parse->code) {
			return state;
		}
	}
	if (parse->chunked) {
		return read_chunks(parse, bytes, size);
	}
	if (parse->to_the_end) {
		parse->body_bytes = size - parse->body;
		parse->end = size;
		return closed ? PF_HTTP_DONE : PF_HTTP_MORE;
	}
	parse->end = parse->body + parse->body_bytes;
	return size >= parse->end ? PF_HTTP_DONE : PF_HTTP_MORE;
}
