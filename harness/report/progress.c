#include "harness/report/progress.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/report/text.h"
#include "photofinish/trace.h"

#define REDRAW_NS 100000000ull
#define PLAIN_NS 30000000000ull
#define WINDOW_NS 5000000000ull /* the recent past, for the other end of the ETA's range */

static struct {
	bool silent, redraw, drawn;
	char label[160];
	uint64_t begin_ns, last_ns;
	uint64_t mark_ns, mark_done;   /* a point in the recent past */
	uint64_t mark2_ns, mark2_done; /* and the one before it */
} progress = {.silent = true};

void pf_progress_start(const char *mode)
{
	progress.silent = strcmp(mode, "never") == 0;
	progress.redraw = strcmp(mode, "always") == 0 || isatty(STDERR_FILENO);
	progress.label[0] = '\0';
}

void pf_progress_clear(void)
{
	if (progress.drawn) {
		fputs("\r\033[K", stderr);
		fflush(stderr);
		progress.drawn = false;
	}
}

void pf_progress_milestone(const char *format, ...)
{
	if (progress.silent) {
		return;
	}
	pf_progress_clear();
	va_list arguments;
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
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

/* The rest at the overall pace and at that of the last seconds: "3 s", "3 to 5 s". "" while nothing is known.
 */
static void describe_eta(uint64_t now, uint64_t done, uint64_t total, char *out, size_t capacity)
{
	out[0] = '\0';
	uint64_t since = progress.mark2_ns ? progress.mark2_ns : progress.begin_ns;
	uint64_t since_done = progress.mark2_ns ? progress.mark2_done : 0;
	if (done == 0 || done >= total || done <= since_done || now - progress.begin_ns < 500000000ull) {
		return;
	}
	double rest = (double)(total - done);
	double overall = rest * (double)(now - progress.begin_ns) * 1e-9 / (double)done;
	double recent = rest * (double)(now - since) * 1e-9 / (double)(done - since_done);
	char low[PF_TEXT], high[PF_TEXT];
	coarse(overall < recent ? overall : recent, low);
	coarse(overall < recent ? recent : overall, high);
	bool same = strcmp(low, high) == 0;
	snprintf(out, capacity, ", %s%s%s left", low, same ? "" : " to ", same ? "" : high);
}

static int terminal_columns(void)
{
	struct winsize size;
	return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

/* Prints at most `columns` columns of the line. */
static void draw(const char *line, int columns)
{
	size_t bytes = 0;
	for (int column = 0; line[bytes] && column < columns; column++) {
		bytes++;
		while ((line[bytes] & 0xC0) == 0x80) {
			bytes++;
		}
	}
	fprintf(stderr, "\r%.*s\033[K", (int)bytes, line);
	fflush(stderr);
	progress.drawn = true;
}

void pf_progress_update(const char *label, uint64_t done, uint64_t total, const char *unit, const char *note)
{
	if (progress.silent) {
		return;
	}
	uint64_t now = pf_now_ns();
	if (strcmp(progress.label, label) != 0) {
		snprintf(progress.label, sizeof progress.label, "%s", label);
		progress.begin_ns = progress.mark_ns = now;
		progress.mark_done = done;
		progress.mark2_ns = 0;
		progress.last_ns = progress.redraw ? 0 : now;
	}
	if (now - progress.mark_ns > WINDOW_NS) {
		progress.mark2_ns = progress.mark_ns;
		progress.mark2_done = progress.mark_done;
		progress.mark_ns = now;
		progress.mark_done = done;
	}
	if (now - progress.last_ns < (progress.redraw ? REDRAW_NS : PLAIN_NS)) {
		return;
	}
	progress.last_ns = now;
	char eta[160], rate[48] = "", line[512];
	double seconds = (double)(now - progress.begin_ns) * 1e-9;
	if (done && seconds > 0.5) {
		snprintf(rate, sizeof rate, ", %.1f %s/s", (double)done / seconds, unit);
	}
	describe_eta(now, done, total, eta, sizeof eta);
	snprintf(line, sizeof line, "%s: %" PRIu64 " of %" PRIu64 " %s%s%s%s%s", label, done, total, unit,
		 rate, eta, note && note[0] ? " | " : "", note ? note : "");
	if (progress.redraw) {
		draw(line, terminal_columns() - 1);
	} else {
		fprintf(stderr, "%s\n", line);
	}
}
