#include "harness/base/plain_text.h"

#include <stdlib.h>
#include <string.h>

size_t pf_plain_control(const unsigned char *at)
{
	if (at[0] < 0x20 || at[0] == 0x7F) {
		return 1;
	}
	if ((at[0] == 0xC2 && at[1] >= 0x80 && at[1] <= 0x9F) || (at[0] == 0xD8 && at[1] == 0x9C)) {
		return 2;
	}
	if (at[0] == 0xC2 && at[1] == 0xAD) { /* a soft hyphen */
		return 2;
	}
	if (at[0] == 0xF3 && at[1] == 0xA0) { /* tags */
		return at[2] && at[3] ? 4 : 1;
	}
	/* Bidirectional, and of no width: joiners, byte order marks. */
	bool marks = at[0] == 0xE2 && at[1] == 0x80 &&
		     ((at[2] >= 0x8B && at[2] <= 0x8F) || (at[2] >= 0xA8 && at[2] <= 0xAE)),
	     more = at[0] == 0xE2 && at[1] == 0x81 && at[2] >= 0xA0 && at[2] <= 0xA9,
	     byte_order = at[0] == 0xEF && ((at[1] == 0xBB && at[2] == 0xBF) ||
					    (at[1] == 0xBF && at[2] >= 0xB9 && at[2] <= 0xBB)),
	     vowel = at[0] == 0xE1 && at[1] == 0xA0 && at[2] == 0x8E;
	return marks || more || byte_order || vowel ? 3 : 0;
}

/* Bytes of the code point at `at`. */
static size_t length_of(const unsigned char *at)
{
	size_t length = 1;
	while ((at[length] & 0xC0) == 0x80) {
		length++;
	}
	return length;
}

char *pf_plain_text(const char *text, char *out, size_t capacity)
{
	static const char dots[] = "...";
	size_t used = 0, fits = 0; /* fits: what leaves room for the dots */
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t control = pf_plain_control(at), from = control ? control : length_of(at),
		       to = control ? 1 : from;
		if (used + to >= capacity) {
			memcpy(out + fits, dots, sizeof dots);
			return out;
		}
		if (control) {
			out[used] = '?';
		} else {
			memcpy(out + used, at, from);
		}
		at += from;
		used += to;
		fits = used + sizeof dots <= capacity ? used : fits;
	}
	out[used] = '\0';
	return out;
}

bool pf_csv_is_formula(const char *text)
{
	char *end;
	bool sign = text[0] == '-' || text[0] == '+';
	if (sign && strspn(text + 1, ".0123456789") > 0) { /* not "-inf" */
		strtod(text, &end);
		return *end != '\0';
	}
	return text[0] && strchr("=+-@\t\r", text[0]);
}

void pf_csv_text(FILE *stream, const char *text)
{
	bool formula = pf_csv_is_formula(text);
	bool quoted = formula || strpbrk(text, "\",");
	fputs(formula ? "\"'" : quoted ? "\"" : "", stream);
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t control = pf_plain_control(at);
		if (*at == '"') {
			fputc('"', stream);
		}
		fputc(control ? '?' : *at, stream);
		at += control ? control : 1;
	}
	fputs(quoted ? "\"" : "", stream);
}

void pf_xml_text(FILE *stream, const char *text)
{
	for (const unsigned char *at = (const unsigned char *)text; *at;) {
		size_t other = pf_plain_control(at);
		other = at[0] == 0xEF && at[1] == 0xBF && at[2] >= 0xBE ? 3 : other;
		if (other) {
			fputc('?', stream);
			at += other;
			continue;
		}
		switch (*at) {
		case '&':
			fputs("&amp;", stream);
			break;
		case '<':
			fputs("&lt;", stream);
			break;
		case '>':
			fputs("&gt;", stream);
			break;
		case '"':
			fputs("&quot;", stream);
			break;
		default:
			fputc(*at, stream);
		}
		at++;
	}
}
