#include "harness/trial/frames.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

_Static_assert(sizeof(pf_frame) <= PIPE_BUF, "frames must be written atomically");

static pf_status send_of(const struct pf_pipe_sink *sink, pf_frame *frame, uint32_t kind, size_t payload,
			 int32_t tid)
{
	frame->header = (pf_frame_header){
		.bytes = (uint32_t)(sizeof frame->header + payload), .kind = kind, .tid = tid};
	ssize_t written;
	do {
		written = write(sink->fd, frame, frame->header.bytes);
	} while (written < 0 && errno == EINTR);
	return written == (ssize_t)frame->header.bytes ? PF_OK : PF_ERR_IO;
}

static pf_status send_frame(const struct pf_pipe_sink *sink, pf_frame *frame, uint32_t kind, size_t payload)
{
	return send_of(sink, frame, kind, payload, (int32_t)gettid());
}

static pf_status burst_found(struct pf_sink *sink, const pf_burst *burst)
{
	pf_frame frame = {.burst = {.id = burst->id, .count = burst->count}};
	return send_frame((struct pf_pipe_sink *)sink, &frame, PF_FRAME_BURST, sizeof frame.burst);
}

static pf_status photo_done(struct pf_sink *sink, const pf_photo_result *result)
{
	pf_frame frame;
	memset(&frame, 0, sizeof(pf_frame_header) + sizeof frame.photo);
	frame.photo.index = result->index;
	frame.photo.burst = result->burst;
	frame.photo.status = (uint32_t)result->status;
	snprintf(frame.photo.message, sizeof frame.photo.message, "%s", result->message);
	if (result->score) {
		frame.photo.score = *result->score;
	}
	if (result->sha256) {
		frame.photo.hashed = 1;
		frame.photo.service_ns = result->service_ns;
		memcpy(frame.photo.sha256, result->sha256, sizeof frame.photo.sha256);
	}
	return send_of((struct pf_pipe_sink *)sink, &frame, PF_FRAME_PHOTO, sizeof frame.photo,
		       result->tid ? result->tid : (int32_t)gettid());
}

static pf_status send_burst(struct pf_pipe_sink *sink, const pf_burst *burst, const uint32_t *ranks,
			    uint32_t kind)
{
	pf_status status = PF_OK;
	for (uint32_t done = 0; done < burst->count && status == PF_OK;) {
		uint32_t count = burst->count - done;
		count = count > PF_FRAME_MAX_RANKS ? PF_FRAME_MAX_RANKS : count;
		pf_frame frame;
		frame.ranks.burst = burst->id;
		frame.ranks.count = count;
		frame.ranks.first = done;
		frame.ranks.last = done + count == burst->count;
		for (uint32_t i = 0; i < count; i++) {
			frame.ranks.photos[i].index = burst->photos[done + i];
			frame.ranks.photos[i].rank = ranks ? ranks[done + i] : 0;
		}
		size_t payload = offsetof(pf_frame_ranks, photos) + count * sizeof frame.ranks.photos[0];
		status = send_frame(sink, &frame, kind, payload);
		done += count;
	}
	return status;
}

static pf_status burst_ranked(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	return send_burst((struct pf_pipe_sink *)sink, burst, ranks, PF_FRAME_RANKS);
}

pf_status pf_pipe_sink_members(struct pf_pipe_sink *sink, const pf_burst *burst)
{
	return send_burst(sink, burst, NULL, PF_FRAME_MEMBERS);
}

void pf_pipe_sink_init(struct pf_pipe_sink *sink, int fd)
{
	*sink = (struct pf_pipe_sink){
		.sink = {.struct_size = sizeof(struct pf_sink),
			 .burst_found = burst_found,
			 .photo_done = photo_done,
			 .burst_ranked = burst_ranked},
		.fd = fd,
	};
}

pf_status pf_pipe_sink_end(struct pf_pipe_sink *sink, pf_status status, const pf_error *error)
{
	pf_frame frame;
	memset(&frame, 0, sizeof(pf_frame_header) + sizeof frame.end);
	frame.end.status = (uint32_t)status;
	if (status != PF_OK) {
		memcpy(frame.end.message, error->message, sizeof frame.end.message);
		memcpy(frame.end.file, error->file, sizeof frame.end.file);
	}
	return send_frame(sink, &frame, PF_FRAME_END, sizeof frame.end);
}

pf_status pf_pipe_sink_query(struct pf_pipe_sink *sink, uint32_t number, uint64_t startup_ns)
{
	pf_frame frame = {.query = {.number = number, .startup_ns = startup_ns}};
	return send_frame(sink, &frame, PF_FRAME_QUERY, sizeof frame.query);
}

pf_status pf_pipe_sink_process(struct pf_pipe_sink *sink, int32_t pid, uint32_t index, uint64_t heap_bytes)
{
	pf_frame frame = {.process = {.pid = pid, .index = index, .heap_bytes = heap_bytes}};
	return send_frame(sink, &frame, PF_FRAME_PROCESS, sizeof frame.process);
}

pf_status pf_pipe_sink_answer(struct pf_pipe_sink *sink, const pf_intake_result *result)
{
	pf_frame frame = {.answer = *result};
	return send_frame(sink, &frame, PF_FRAME_ANSWER, sizeof frame.answer);
}

pf_status pf_pipe_sink_intake(struct pf_pipe_sink *sink, const pf_intake_state *state)
{
	pf_frame frame = {.intake = *state};
	return send_frame(sink, &frame, PF_FRAME_INTAKE, sizeof frame.intake);
}

/* The frame's size fits its kind. */
static bool well_formed(const pf_frame *frame)
{
	size_t payload = frame->header.bytes - sizeof frame->header;
	switch (frame->header.kind) {
	case PF_FRAME_BURST:
		return payload == sizeof frame->burst;
	case PF_FRAME_PHOTO:
		return payload == sizeof frame->photo && frame->photo.status < PF_STATUS_COUNT &&
		       memchr(frame->photo.message, 0, sizeof frame->photo.message);
	case PF_FRAME_RANKS:
	case PF_FRAME_MEMBERS:
		return payload >= offsetof(pf_frame_ranks, photos) &&
		       frame->ranks.count <= PF_FRAME_MAX_RANKS &&
		       payload == offsetof(pf_frame_ranks, photos) +
					  frame->ranks.count * sizeof frame->ranks.photos[0];
	case PF_FRAME_END:
		return payload == sizeof frame->end && frame->end.status < PF_STATUS_COUNT &&
		       memchr(frame->end.message, 0, sizeof frame->end.message) &&
		       memchr(frame->end.file, 0, sizeof frame->end.file);
	case PF_FRAME_QUERY:
		return payload == sizeof frame->query;
	case PF_FRAME_PROCESS:
		return payload == sizeof frame->process;
	case PF_FRAME_ANSWER:
		return payload == sizeof frame->answer && (unsigned)frame->answer.status < PF_STATUS_COUNT &&
		       memchr(frame->answer.message, 0, sizeof frame->answer.message);
	case PF_FRAME_INTAKE:
		return payload == sizeof frame->intake;
	default:
		return false;
	}
}

long pf_frame_read(pf_frame_reader *reader, int fd, void (*take)(void *context, const pf_frame *frame),
		   void *context)
{
	ssize_t got = read(fd, reader->bytes + reader->used, sizeof reader->bytes - reader->used);
	if (got <= 0) {
		return got;
	}
	reader->used += (size_t)got;
	size_t at = 0;
	while (reader->used - at >= sizeof(pf_frame_header)) {
		pf_frame frame;
		memcpy(&frame.header, reader->bytes + at, sizeof frame.header);
		if (frame.header.bytes < sizeof frame.header || frame.header.bytes > sizeof frame) {
			errno = EBADMSG;
			return -1;
		}
		if (reader->used - at < frame.header.bytes) {
			break;
		}
		memcpy(&frame, reader->bytes + at, frame.header.bytes);
		if (!well_formed(&frame)) {
			errno = EBADMSG;
			return -1;
		}
		take(context, &frame);
		at += frame.header.bytes;
	}
	memmove(reader->bytes, reader->bytes + at, reader->used - at);
	reader->used -= at;
	return got;
}
