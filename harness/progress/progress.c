#include "harness/progress/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/base/text.h"
#include "photofinish/trace.h"

#define REDRAW_NS 100000000ull
#define JSON_NS 1000000000ull
#define PLAIN_NS 30000000000ull
#define WINDOW_NS 5000000000ull /* the recent past, for the other end of the ETA's range */
#define USUAL_COLUMNS 80

static struct {
	bool silent, redraw, json, drawn;
	char label[200];
	uint64_t start_ns, begin_ns, last_ns;
	uint64_t mark_ns, mark_done;   /* a point in the recent past */
	uint64_t mark2_ns, mark2_done; /* and the one before it */
} progress = {.silent = true};

/* A terminal that can take a line back. */
static bool redraws(void)
{
	const char *kind = getenv("TERM");
	return isatty(STDERR_FILENO) && !(kind && strcmp(kind, "dumb") == 0);
}

void pf_progress_start(const char *mode)
{
	progress.silent = strcmp(mode, "never") == 0;
	progress.json = strcmp(mode, "json") == 0;
	progress.redraw = strcmp(mode, "always") == 0 || (strcmp(mode, "auto") == 0 && redraws());
	progress.label[0] = '\0';
	progress.start_ns = pf_now_ns();
}

bool pf_progress_is_json(void)
{
	return progress.json;
}

void pf_progress_event(const char *kind, json_t *fields)
{
	json_t *event = fields ? fields : json_object();
	if (progress.json) {
		double seconds = (double)(pf_now_ns() - progress.start_ns) * 1e-9;
		json_object_set_new(event, "kind", json_string(kind));
		json_object_set_new(event, "t", json_real(seconds));
		char *line = json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(12));
		if (line) {
			fprintf(stderr, "%s\n",
				line); /* standard error is not buffered: a line is one write */
		}
		free(line);
	}
	json_decref(event);
}

void pf_progress_clear(void)
{
	if (progress.drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		progress.drawn = false;
	}
}

static void line_that_stays(const char *format, va_list arguments)
{
	char text[2048];
	vsnprintf(text, sizeof text, format, arguments);
	if (progress.json) {
		pf_progress_event("message", json_pack("{s:s}", "text", text));
		return;
	}
	pf_progress_clear();
	fprintf(stderr, "%s\n", text);
}

void pf_progress_milestone(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	if (!progress.silent) {
		line_that_stays(format, arguments);
	}
	va_end(arguments);
}

void pf_progress_say(const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	line_that_stays(format, arguments);
	va_end(arguments);
}

/* An estimate needs no more digits than it is worth: whole seconds, then minutes. */
static const char *coarse(double seconds, char *out)
{
	if (seconds < 99.5) {
		snprintf(out, PF_TEXT, "%.0f s", seconds < 1 ? 1 : seconds);
		return out;
	}
	if (seconds < 3570) {
		snprintf(out, PF_TEXT, "%.0f min", seconds / 60);
		return out;
	}
	return pf_text_seconds(seconds, out);
}

/* ", about 3 s left", ", about 3 to 5 s left", ", about 40 s to 2 min left"; "" while nothing is known. */
static void describe_eta(const pf_eta *left, char *out, size_t capacity)
{
	char low[PF_TEXT], high[PF_TEXT];
	out[0] = '\0';
	if (!left->known) {
		return;
	}
	coarse(left->low_s, low);
	coarse(left->high_s, high);
	char *unit = strchr(low, ' '), *other = strchr(high, ' ');
	if (strcmp(low, high) == 0) {
		low[0] = '\0';
	} else if (unit && other && strcmp(unit, other) == 0) {
		*unit = '\0';
	}
	snprintf(out, capacity, ", about %s%s%s left", low, low[0] ? " to " : "", high);
}

/* The bytes of `text` that fit into so many columns. From the Korean letters on a character may take two:
 * none may break the line, so each is taken to. */
static size_t fitting(const char *text, int columns)
{
	size_t bytes = 0;
	while (text[bytes]) {
		unsigned char first = (unsigned char)text[bytes];
		size_t length = 1;
		while (((unsigned char)text[bytes + length] & 0xC0) == 0x80) {
			length++;
		}
		columns -= first < 0xE1 ? 1 : 2;
		if (columns < 0) {
			break;
		}
		bytes += length;
	}
	return bytes;
}

void pf_progress_line(const pf_progress_state *state, const pf_eta *left, double elapsed_s, int columns,
		      char *out, size_t capacity)
{
	char eta[160], rate[48] = "", busy[48] = "";
	const char *note = state->note && state->note[0] ? state->note : NULL;
	if (state->done > state->known && elapsed_s > 0.5) {
		snprintf(rate, sizeof rate, ", %.1f %s/s", (double)(state->done - state->known) / elapsed_s,
			 state->unit);
	}
	if (state->busy_share >= 0) {
		snprintf(busy, sizeof busy, " | workers %.0f %% busy", 100 * state->busy_share);
	}
	describe_eta(left, eta, sizeof eta);
	snprintf(out, capacity, "%s: %" PRIu64 " of %" PRIu64 " %s%s%s%s%s%s", state->label, state->done,
		 state->total, state->unit, rate, eta, busy, note ? " | " : "", note ? note : "");
	if (columns >= 0) {
		out[fitting(out, columns)] = '\0';
	}
}

static void draw(const char *line)
{
	fprintf(stderr, "\r%s\033[K", line);
	fflush(stderr);
	progress.drawn = true;
}

/* Begins a new count where the label is another, and keeps the points of the recent past. */
static void follow(const pf_progress_state *state, uint64_t now)
{
	if (strcmp(progress.label, state->label) != 0) {
		snprintf(progress.label, sizeof progress.label, "%s", state->label);
		progress.begin_ns = progress.mark_ns = now;
		progress.mark_done = state->done;
		progress.mark2_ns = 0;
		progress.last_ns = progress.redraw || progress.json ? 0 : now;
	}
	if (now - progress.mark_ns > WINDOW_NS) {
		progress.mark2_ns = progress.mark_ns;
		progress.mark2_done = progress.mark_done;
		progress.mark_ns = now;
		progress.mark_done = state->done;
	}
}

static pf_eta own_pace(const pf_progress_state *state, uint64_t now)
{
	bool recent = progress.mark2_ns && state->done > progress.mark2_done;
	pf_eta_pace pace = {
		.done = state->done - state->known,
		.total = state->total - state->known,
		.elapsed_s = (double)(now - progress.begin_ns) * 1e-9,
		.recent_done = recent ? state->done - progress.mark2_done : 0,
		.recent_s = recent ? (double)(now - progress.mark2_ns) * 1e-9 : 0,
	};
	return pf_eta_by_pace(&pace);
}

static json_t *real_or_null(bool known, double value)
{
	return known ? json_real(value) : json_null();
}

static void tell_status(const pf_progress_state *state, const pf_eta *left, double elapsed_s)
{
	json_t *event = json_pack("{s:s,s:I,s:I,s:s}", "label", state->label, "done", (json_int_t)state->done,
				  "total", (json_int_t)state->total, "unit", state->unit);
	uint64_t done = state->done - state->known;
	bool paced = done && elapsed_s > 0.5;
	json_object_set_new(event, "per_s", real_or_null(paced, paced ? (double)done / elapsed_s : 0));
	json_object_set_new(event, "left_low_s", real_or_null(left->known, left->low_s));
	json_object_set_new(event, "left_high_s", real_or_null(left->known, left->high_s));
	json_object_set_new(event, "busy_share", real_or_null(state->busy_share >= 0, state->busy_share));
	pf_progress_event("status", event);
}

void pf_progress_show(const pf_progress_state *state)
{
	if (progress.silent) {
		return;
	}
	uint64_t now = pf_now_ns();
	follow(state, now);
	if (now - progress.last_ns < (progress.redraw ? REDRAW_NS : progress.json ? JSON_NS : PLAIN_NS)) {
		return;
	}
	progress.last_ns = now;
	char line[1024];
	double elapsed_s = (double)(now - progress.begin_ns) * 1e-9;
	pf_eta left = state->left ? *state->left : own_pace(state, now);
	if (progress.json) {
		tell_status(state, &left, elapsed_s);
		return;
	}
	int columns = pf_text_columns(STDERR_FILENO);
	columns = columns > 0 ? columns : USUAL_COLUMNS;
	/* One column stays free: a cursor behind the last one would be on the next line already. */
	pf_progress_line(state, &left, elapsed_s, progress.redraw ? columns - 1 : -1, line, sizeof line);
	if (progress.redraw) {
		draw(line);
	} else {
		fprintf(stderr, "%s\n", line);
	}
}

void pf_progress_update(const char *label, uint64_t done, uint64_t total, const char *unit, const char *note)
{
	pf_progress_show(&(pf_progress_state){
		.label = label, .done = done, .total = total, .unit = unit, .busy_share = -1, .note = note});
}
