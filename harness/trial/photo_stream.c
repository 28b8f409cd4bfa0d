#include "harness/trial/photo_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/trial/queries.h"
#include "photofinish/file.h"

#define LOOK_MS 100

struct streaming {
	pf_intake *intake;
	struct pf_pipe_sink *sink;
	bool open;       /* photos may come */
	uint64_t waited; /* for: photos that were submitted and not answered */
	pf_intake_state told;
};

pf_status pf_inbox_open(pf_inbox *inbox, pf_error *error)
{
	const pf_intake_order shape = {.struct_size = sizeof shape,
				       .slots = inbox->slots,
				       .slot_bytes = inbox->slot_bytes,
				       .memory_fd = -1};
	inbox->memory = NULL;
	inbox->bytes = pf_intake_bytes(&shape);
	int fd = inbox->bytes ? pf_memory_file("inbox", inbox->bytes) : -1;
	void *memory = fd < 0 ? MAP_FAILED
			      : mmap(NULL, inbox->bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
				     fd, 0);
	if (memory == MAP_FAILED) {
		pf_status status = pf_fail_errno(error, NULL, "no memory for the photos that workers have");
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	inbox->fd = fd;
	inbox->memory = memory;
	return PF_OK;
}

void pf_inbox_close(pf_inbox *inbox)
{
	if (inbox->memory) {
		munmap(inbox->memory, inbox->bytes);
		close(inbox->fd);
	}
	inbox->memory = NULL;
}

bool pf_photo_post(int write_end, const pf_posted_photo *photo)
{
	return TEMP_FAILURE_RETRY(write(write_end, photo, sizeof *photo)) == (ssize_t)sizeof *photo;
}

/* All that there are by now. */
static pf_status take_posts(struct streaming *streaming, pf_error *error)
{
	pf_status status = PF_OK;
	while (streaming->open && status == PF_OK) {
		pf_posted_photo photo;
		ssize_t got = TEMP_FAILURE_RETRY(read(PF_TRIAL_FD_QUERIES, &photo, sizeof photo));
		if (got < 0 && errno == EAGAIN) {
			break;
		}
		streaming->open = got == (ssize_t)sizeof photo;
		if (streaming->open) {
			status = pf_intake_submit(streaming->intake, photo.slot, photo.size, photo.tag,
						  photo.other != 0, error);
			streaming->waited++;
		} else if (got) {
			status = pf_fail(error, PF_ERR_INVALID, NULL, "what came is no photo");
		}
	}
	return status;
}

static pf_status tell_state(struct streaming *streaming)
{
	const pf_intake_state *told = &streaming->told;
	pf_intake_state now;
	pf_intake_look(streaming->intake, &now);
	if (now.workers == told->workers && now.ready == told->ready && now.busy == told->busy &&
	    now.deaths == told->deaths) {
		return PF_OK;
	}
	streaming->told = now;
	return pf_pipe_sink_intake(streaming->sink, &now);
}

static pf_status follow(struct streaming *streaming, pf_error *error)
{
	pf_status status = PF_OK;
	while (status == PF_OK && (streaming->open || streaming->waited)) {
		pf_intake_result result;
		bool got = false;
		status = pf_intake_next(streaming->intake, streaming->open ? PF_TRIAL_FD_QUERIES : -1,
					LOOK_MS, &result, &got, error);
		if (status == PF_OK && got) {
			streaming->waited--;
			status = pf_pipe_sink_answer(streaming->sink, &result);
		}
		status = status == PF_OK ? take_posts(streaming, error) : status;
		status = status == PF_OK ? tell_state(streaming) : status;
	}
	return status;
}

pf_status pf_photo_stream_run(const struct pf_variant *variant, const struct pf_env *env,
			      const pf_intake_order *order, struct pf_pipe_sink *sink, pf_error *error)
{
	struct streaming streaming = {.sink = sink, .open = true};
	if (!variant->open_intake) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s takes no photos one by one",
			       variant->name);
	}
	fcntl(PF_TRIAL_FD_QUERIES, F_SETFL, O_NONBLOCK);
	pf_status status = variant->open_intake(env, order, &streaming.intake, error);
	if (status == PF_OK) {
		status = follow(&streaming, error);
		pf_intake_close(streaming.intake);
	}
	return status;
}
