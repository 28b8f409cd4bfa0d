#include "datasets/make_worker.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "datasets/dataset_store.h"
#include "datasets/render/photo_jpeg.h"
#include "datasets/render/render_photo.h"
#include "photofinish/file.h"

typedef struct workbench {
	const pf_make_job *job;
	pf_make_slot *slot;
	pf_renderer *renderer;
	pf_jpeg_buffer jpeg;
	pf_scene scene;
	pf_shot shot;
} workbench;

/* Under a temporary name first: a photo that has its name is whole. And it is in the journal before it has
 * it: what the journal does not know, no make wrote. */
static pf_status store(workbench *w, uint32_t index, const char *path, pf_made_photo *made, pf_error *error)
{
	char temporary[PF_STORE_PATH_MAX + 8];
	snprintf(temporary, sizeof temporary, "%s.tmp", path);
	int fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
	if (fd < 0) {
		return pf_fail_errno(error, temporary, "cannot create the photo");
	}
	pf_status status = PF_OK;
	if (!pf_write_all(fd, w->jpeg.bytes, w->jpeg.size) ||
	    fsync(fd) != 0) { /* before journal and manifest say that it is there */
		status = pf_fail_errno(error, temporary, "cannot write the photo");
	}
	if (close(fd) != 0 && status == PF_OK) {
		status = pf_fail_errno(error, temporary, "cannot write the photo");
	}
	status = status ? status : pf_file_sha256(temporary, made->sha256, &made->size_bytes, error);
	status = status ? status : pf_journal_append(w->job->journal_fd, index, made, error);
	if (status == PF_OK && rename(temporary, path) != 0) {
		status = pf_fail_errno(error, path, "cannot name the photo");
	}
	if (status) {
		unlink(temporary);
	}
	return status;
}

static pf_status make_photo(workbench *w, const pf_plan_group *group, unsigned frame, pf_error *error)
{
	const pf_make_job *job = w->job;
	const pf_plan *plan = job->plan;
	uint32_t index = group->first + frame;
	pf_made_photo made = {.done = 1};
	char name[PF_PLAN_PATH_MAX], path[PF_STORE_PATH_MAX];
	pf_photo_planes planes;
	pf_exif_facts facts;
	atomic_store(&w->slot->photo, index);
	pf_plan_path(plan, group, frame, name);
	snprintf(path, sizeof path, "%s/%s", job->folder, name);
	pf_scene_shot(&w->scene, frame, &w->shot);
	pf_status status = pf_render_photo(w->renderer, &w->scene, &w->shot, &planes);
	if (status) {
		return pf_fail(error, status, path, "not enough memory to render the photo");
	}
	pf_plan_exif(plan, group, &w->scene, &w->shot, &facts);
	status = pf_photo_encode(&planes, &facts, plan->spec->quality, &w->jpeg, error);
	status = status ? status : store(w, index, path, &made, error);
	if (status == PF_OK) {
		job->shared->photos[index] = made;
		atomic_fetch_add(&job->shared->bytes, made.size_bytes);
		atomic_fetch_add(&job->shared->pixels, (uint64_t)planes.width * planes.height);
		atomic_fetch_add(&job->shared->done, 1u);
	}
	return status;
}

static void note_time(pf_make_slot *slot, uint64_t before)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	atomic_store(&slot->cpu_ns, before + (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec);
}

static pf_status make_group(workbench *w, int index, uint64_t cpu_before, pf_error *error)
{
	const pf_make_job *job = w->job;
	const pf_plan_group *group = &job->plan->groups[index];
	bool drawn = false;
	atomic_store(&w->slot->group, index);
	for (unsigned frame = 0; frame < group->frames; frame++) {
		if (atomic_load(&job->shared->stop)) {
			return PF_OK;
		}
		if (job->shared->photos[group->first + frame].done) {
			continue;
		}
		if (!drawn) {
			pf_plan_scene(job->plan, (size_t)index, &w->scene);
			drawn = true;
		}
		pf_status status = make_photo(w, group, frame, error);
		if (status) {
			return status;
		}
		note_time(w->slot, cpu_before);
	}
	atomic_store(&w->slot->group, -1);
	return PF_OK;
}

pf_status pf_make_work(const pf_make_job *job, unsigned slot, int group, pf_error *error)
{
	static workbench w; /* a worker process has one; too large for the stack */
	pf_status status = PF_OK;
	memset(&w, 0, sizeof w);
	w.job = job;
	w.slot = &job->shared->slots[slot];
	w.renderer = pf_renderer_create();
	uint64_t cpu_before = atomic_load(&w.slot->cpu_ns); /* of a worker that died in this slot */
	if (!w.renderer) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the renderer");
	}
	if (group >= 0) {
		status = make_group(&w, group, cpu_before, error);
	}
	while (status == PF_OK && !atomic_load(&job->shared->stop)) {
		unsigned next = atomic_fetch_add(&job->shared->next_group, 1u);
		if (next >= job->plan->group_count) {
			break;
		}
		status = make_group(&w, (int)next, cpu_before, error);
	}
	pf_renderer_free(w.renderer);
	pf_jpeg_buffer_free(&w.jpeg);
	return status;
}
