#include "harness/base/text.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/stats/enough.h"

char *pf_text_seconds(double seconds, char *out)
{
	if (seconds < 0.0995) {
		snprintf(out, PF_TEXT, seconds < 0.00995 ? "%.1f ms" : "%.0f ms", seconds * 1e3);
	} else if (seconds < 9.995) {
		snprintf(out, PF_TEXT, "%.2f s", seconds);
	} else if (seconds < 599.5) {
		snprintf(out, PF_TEXT, seconds < 99.95 ? "%.1f s" : "%.0f s", seconds);
	} else {
		long minutes = lround(seconds / 60);
		if (minutes < 60) {
			snprintf(out, PF_TEXT, "%ld min", minutes);
		} else {
			snprintf(out, PF_TEXT, "%ld h %02ld min", minutes / 60, minutes % 60);
		}
	}
	return out;
}

char *pf_text_time(const pf_interval *seconds, char *out)
{
	pf_text_seconds(seconds->mean, out);
	if (seconds->has_interval) {
		double half = seconds->high - seconds->mean; /* the low end may have been cut at 0 */
		size_t used = strlen(out);
		if (seconds->mean >= 599.5) { /* minutes and hours: the half width has a unit of its own */
			char text[PF_TEXT];
			snprintf(out + used, PF_TEXT - used, " +-%s", pf_text_seconds(half, text));
			return out;
		}
		bool ms = seconds->mean < 0.0995;
		double shown = ms ? half * 1e3 : half;
		int digits = ms                      ? (seconds->mean < 0.00995)
			     : seconds->mean < 9.995 ? 2
						     : seconds->mean < 99.95;
		snprintf(out + used, PF_TEXT - used, " +-%.*f", digits, shown);
	}
	return out;
}

char *pf_text_bytes(double bytes, char *out)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	size_t unit = 0;
	while (bytes >= 999.5 && unit < 4) {
		bytes /= 1000;
		unit++;
	}
	snprintf(out, PF_TEXT, unit >= 3 && bytes < 99.5 ? "%.1f %s" : "%.0f %s", bytes, units[unit]);
	return out;
}

#define MOST_PLAIN 1e7 /* beyond it all digits are of no use */

char *pf_text_bound(double value, int digits, char *out)
{
	if (fabs(value) < MOST_PLAIN) {
		snprintf(out, PF_TEXT, "%.*f", digits, value);
	} else {
		snprintf(out, PF_TEXT, "%.2g", value);
	}
	return out;
}

/* Whole percent, or one digit where the figure is small. */
static char *percent(double value, char *out, size_t capacity)
{
	double rounded = fabs(value) < 9.95 ? round(value * 10) / 10 : round(value);
	char text[PF_TEXT];
	pf_text_bound(rounded == 0 ? 0.0 : rounded, rounded != floor(rounded) ? 1 : 0, text);
	snprintf(out, capacity, "%s", text);
	return out;
}

char *pf_text_gain(const pf_interval *speedup, char *out)
{
	char mean[24], low[24], high[24];
	double gain = (speedup->mean - 1) * 100;
	double ends[2] = {(speedup->low - 1) * 100, (speedup->high - 1) * 100};
	if (!speedup->has_interval) {
		snprintf(out, PF_TEXT, "%s%s %% (no interval)", gain > 0 ? "+" : "",
			 percent(gain, mean, sizeof mean));
	} else if (speedup->high < 1) {
		snprintf(out, PF_TEXT, "%s %% (%s to %s) slower", percent(gain, mean, sizeof mean),
			 percent((speedup->low - 1) * 100, low, sizeof low),
			 percent((speedup->high - 1) * 100, high, sizeof high));
	} else {
		snprintf(out, PF_TEXT, "%s%s %% (%s to %s)", gain > 0 ? "+" : "",
			 percent(gain, mean, sizeof mean), percent(ends[0], low, sizeof low),
			 percent(ends[1], high, sizeof high));
	}
	return out;
}

char *pf_text_factor(const pf_interval *speedup, char *out)
{
	if (speedup->has_interval) {
		char low[PF_TEXT], high[PF_TEXT];
		snprintf(out, PF_TEXT, "%.2fx (%s to %s)", speedup->mean, pf_text_bound(speedup->low, 2, low),
			 pf_text_bound(speedup->high, 2, high));
	} else {
		snprintf(out, PF_TEXT, "%.2fx", speedup->mean);
	}
	return out;
}

const char *pf_text_plural(size_t count)
{
	return count == 1 ? "" : "s";
}

size_t pf_text_width(const char *text)
{
	size_t width = 0;
	for (; *text; text++) {
		width += (*text & 0xC0) != 0x80;
	}
	return width;
}

int pf_text_columns(int fd)
{
	struct winsize size;
	if (isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
		return size.ws_col;
	}
	const char *said = getenv("COLUMNS");
	long columns = said ? strtol(said, NULL, 10) : 0;
	return columns >= 20 && columns <= 10000 ? (int)columns : 0;
}

void pf_text_wrap_on(FILE *stream, const char *text, int columns, int indent, int used)
{
	int at = used;
	bool fresh = used <= indent; /* no word on this line yet */
	while (*text) {
		size_t bytes = strcspn(text, " ");
		int width = 0;
		for (size_t i = 0; i < bytes; i++) {
			width += (text[i] & 0xC0) != 0x80;
		}
		if (columns && at + width > columns && (!fresh || indent > 0)) {
			int room = width < columns ? columns - width
						   : 0; /* a long word gets less of the indent */
			if (!fresh || room < indent) {
				at = fprintf(stream, "\n%*s", room < indent ? room : indent, "") - 1;
			}
		}
		fprintf(stream, "%.*s", (int)bytes, text);
		text += bytes;
		at += width;
		fresh = false;
		if (*text == ' ') {
			text++;
			width = (int)strcspn(text, " ");
			if (!columns || at + 1 + width <= columns) { /* no blank at a line's end */
				fputc(' ', stream);
			}
			at++;
		}
	}
}

void pf_text_wrap(FILE *stream, const char *text, int columns, int indent, int used)
{
	if (!used) {
		used = fprintf(stream, "%*s", indent, "");
	}
	pf_text_wrap_on(stream, text, columns, indent, used);
	fputc('\n', stream);
}

void pf_text_say(FILE *stream, const char *format, ...)
{
	char *text = NULL;
	int columns = pf_text_columns(fileno(stream));
	va_list arguments;
	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0) {
		pf_out_of_memory();
	}
	va_end(arguments);
	for (char *line = text, *end; *line; line = end + 1) {
		int indent = (int)strspn(line, " ");
		end = line + strcspn(line, "\n");
		bool last = !*end;
		*end = '\0';
		if (line[indent]) {
			pf_text_wrap(stream, line + indent, columns, indent, 0);
		} else {
			fputc('\n', stream);
		}
		if (last) {
			break;
		}
	}
	free(text);
}
