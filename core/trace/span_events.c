/* Spans as Chrome trace events:
 * https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU
 * ("X": complete events, "M": names of threads). Viewers group by name and args (speedscope takes the two for
 * one function), so a stage has one name and no args; the photo at hand is the category, which Perfetto and
 * Chrome show, and group nothing by. Some readers want "ts" in names of threads, too. */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>

#include "photofinish/span_report.h"

static void put_text(const char *text, FILE *stream)
{
	for (const unsigned char *at = (const unsigned char *)text; *at; at++) {
		if (*at == '"' || *at == '\\') {
			fputc('\\', stream);
		}
		if (*at < 0x20) {
			fprintf(stream, "\\u%04x", *at);
		} else {
			fputc(*at, stream);
		}
	}
}

static void put_string(const char *text, FILE *stream)
{
	fputc('"', stream);
	put_text(text, stream);
	fputc('"', stream);
}

/* Microseconds, exact to the nanosecond. */
static void put_us(const char *key, uint64_t ns, FILE *stream)
{
	fprintf(stream, ",\"%s\":%" PRIu64 ".%03u", key, ns / 1000, (unsigned)(ns % 1000));
}

static void put_name(const char *what, uint32_t process, size_t thread, const char *name, bool first,
		     FILE *stream)
{
	fprintf(stream,
		"%s\n{\"ph\":\"M\",\"pid\":%" PRIu32
		",\"tid\":%zu,\"ts\":0,\"name\":\"%s\",\"args\":{\"name\":",
		first ? "" : ",", process, thread, what);
	put_string(name, stream);
	fputs("}}", stream);
}

pf_status pf_span_events_write(const pf_span_lane *lanes, size_t count, const pf_stage_words *words,
			       const char *(*photo_name)(void *context, uint32_t photo), void *context,
			       FILE *stream, pf_error *error)
{
	uint32_t process = 1;
	fputs("{\"displayTimeUnit\":\"ms\",\"traceEvents\":[", stream);
	for (size_t i = 0; i < count; i++) {
		const pf_span_lane *lane = &lanes[i];
		process += i && lane->process;
		if (lane->process) {
			put_name("process_name", process, i, lane->process, i == 0, stream);
		}
		put_name("thread_name", process, i, lane->name, i == 0 && !lane->process, stream);
		for (size_t k = 0; k < lane->count; k++) {
			const pf_span *span = &lane->spans[k];
			if ((span->stage >= PF_DEVICE_SPAN) != lane->device) {
				continue;
			}
			uint64_t begin_ns = span->begin_ns > lane->origin_ns
						    ? span->begin_ns - lane->origin_ns
						    : 0;
			uint64_t ns = span->end_ns > span->begin_ns ? span->end_ns - span->begin_ns : 0;
			fprintf(stream, ",\n{\"ph\":\"X\",\"pid\":%" PRIu32 ",\"tid\":%zu,\"name\":", process,
				i);
			put_string(lane->device ? pf_device_part_name(
							  (pf_device_part)(span->stage - PF_DEVICE_SPAN))
						: words->name(words->context, (pf_stage)span->stage),
				   stream);
			put_us("ts", begin_ns, stream);
			put_us("dur", ns, stream);
			if (span->photo != PF_NO_PHOTO) {
				fprintf(stream, ",\"cat\":\"photo %" PRIu32, span->photo);
				if (photo_name) {
					fputc(' ', stream);
					put_text(photo_name(context, span->photo), stream);
				}
				fputc('"', stream);
			}
			fputc('}', stream);
		}
	}
	fputs("\n]}\n", stream);
	return fflush(stream) || ferror(stream)
		       ? pf_fail_errno(error, NULL, "cannot write the events of spans")
		       : PF_OK;
}
