#include "datasets/dataset_make.h"

#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "datasets/dataset_plan.h"
#include "datasets/make_clear.h"
#include "datasets/make_pool.h"
#include "datasets/truth_json.h"
#include "photofinish/file.h"

typedef struct maker {
	const pf_make_options *options;
	pf_make_report *report;
	pf_error *error;
	pf_spec spec;
	pf_plan plan;
	const char *name;
	char folder[PF_STORE_PATH_MAX], manifest[PF_STORE_PATH_MAX], mark[PF_STORE_PATH_MAX],
		journal[PF_STORE_PATH_MAX], truth[PF_STORE_PATH_MAX];
	int journal_fd;
	pf_make_shared *shared;
	size_t shared_size;
	uint32_t resumed;
	double began;
} maker;

static pf_status name_files(maker *m)
{
	const struct {
		const char *file;
		char *path;
	} files[] = {{NULL, m->folder},
		     {"manifest", m->manifest},
		     {"spec", m->mark},
		     {"journal", m->journal},
		     {"truth.json", m->truth}};
	pf_status status = PF_OK;
	for (size_t i = 0; i < sizeof files / sizeof *files && status == PF_OK; i++) {
		status = pf_store_path(m->options->home, m->name, files[i].file, files[i].path, m->error);
	}
	return status;
}

/* The mark says from which spec the folder is made. */
static bool read_mark(const char *path, char id[PF_SPEC_ID_CHARS + 1])
{
	FILE *file = pf_open_regular(path, NULL);
	bool good = file && fscanf(file, "photofinish-spec 1 id %32s", id) == 1;
	if (file) {
		fclose(file);
	}
	return good;
}

static pf_status write_mark(maker *m)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, m->mark, m->error);
	if (status == PF_OK) {
		fprintf(file.stream, "photofinish-spec 1\nid %s\n", m->spec.id);
		status = pf_new_file_commit(&file, true, m->error);
	}
	return status;
}

/* Without --force no link is followed, and none is ever written through. */
static pf_status check_links(maker *m)
{
	char photos[PF_STORE_PATH_MAX + 8];
	snprintf(photos, sizeof photos, "%s/photos", m->folder);
	const char *const paths[] = {m->folder, photos, m->manifest, m->truth, m->mark, m->journal};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct stat st;
		if (lstat(paths[i], &st) != 0 || !S_ISLNK(st.st_mode)) {
			continue;
		}
		bool folder = i < 2;
		if (!m->options->force) {
			return pf_fail(m->error, PF_ERR_EXISTS, paths[i],
				       folder ? "a link: with --force the dataset is made where it leads"
					      : "a link, which is not followed; --force removes it");
		}
		if (!folder && unlink(paths[i]) != 0) {
			return pf_fail_errno(m->error, paths[i], "cannot remove the link");
		}
	}
	return PF_OK;
}

enum standing { NOTHING, UNFINISHED, COMPLETE, ANOTHER, IMPORTED };

/* What stands under that name already? ANOTHER is of another spec. Without --force neither that nor an import
 * is accepted. */
static pf_status look(maker *m, enum standing *standing)
{
	char id[PF_SPEC_ID_CHARS + 1] = "";
	bool marked = read_mark(m->mark, id), manifest = access(m->manifest, F_OK) == 0;
	if (marked && strcmp(id, m->spec.id) == 0) {
		*standing = manifest ? COMPLETE : UNFINISHED;
		return PF_OK;
	}
	*standing = marked ? ANOTHER : manifest ? IMPORTED : NOTHING;
	if (*standing == NOTHING || m->options->force) {
		return PF_OK;
	}
	return pf_fail(m->error, PF_ERR_EXISTS, m->folder,
		       "a dataset of this name %s; choose another name, or --force",
		       marked ? "was made from another spec or version" : "was imported");
}

/* Of a photo that is to be made, without the folder. */
static bool in_the_way(const maker *m, const pf_plan_group *group, unsigned frame,
		       char name[PF_PLAN_PATH_MAX])
{
	char path[PF_STORE_PATH_MAX + PF_PLAN_PATH_MAX];
	struct stat st;
	pf_plan_path(&m->plan, group, frame, name);
	snprintf(path, sizeof path, "%s/%s", m->folder, name);
	return lstat(path, &st) == 0;
}

/* Takes the folder, with the journal locked: what another make or an import left goes, somebody's own files
 * stay. From the mark on, what is where a photo of the plan belongs is this make's own. */
static pf_status claim(maker *m, enum standing standing)
{
	pf_status status = standing == ANOTHER ? pf_make_clear(m->folder, m->journal_fd, m->error) : PF_OK;
	for (size_t g = 0; g < m->plan.group_count && status == PF_OK && standing != UNFINISHED; g++) {
		for (unsigned f = 0; f < m->plan.groups[g].frames && status == PF_OK; f++) {
			char name[PF_PLAN_PATH_MAX];
			if (in_the_way(m, &m->plan.groups[g], f, name)) {
				status = pf_fail(
					m->error, PF_ERR_EXISTS, m->folder,
					"%s is there, which no make of this dataset wrote: move it away, "
					"or choose another name",
					name);
			}
		}
	}
	if (status == PF_OK && standing == IMPORTED && unlink(m->manifest) != 0) {
		status = pf_fail_errno(m->error, m->manifest, "cannot replace the import");
	}
	return status ? status : write_mark(m);
}

static pf_status make_folders(maker *m)
{
	char path[PF_STORE_PATH_MAX + PF_PLAN_PATH_MAX], last[PF_PLAN_PATH_MAX] = "", name[PF_PLAN_PATH_MAX];
	pf_status status = PF_OK;
	for (unsigned c = 0; c < m->spec.camera_count && status == PF_OK; c++) {
		pf_plan_group group = {.camera = (uint8_t)c};
		pf_plan_path(&m->plan, &group, 0, name);
		*strrchr(name, '/') = 0;
		if (strcmp(name, last) != 0) {
			snprintf(path, sizeof path, "%s/%s", m->folder, name);
			status = pf_make_folders(path, m->error);
			struct stat st;
			if (status == PF_OK && !m->options->force && lstat(path, &st) == 0 &&
			    S_ISLNK(st.st_mode)) {
				status = pf_fail(m->error, PF_ERR_EXISTS, path,
						 "a link: with --force the dataset is made where it leads");
			}
			memcpy(last, name, sizeof last);
		}
	}
	return status;
}

static pf_status share(maker *m)
{
	m->shared_size = sizeof *m->shared + m->spec.photos * sizeof(pf_made_photo);
	void *memory = mmap(NULL, m->shared_size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		return pf_fail(m->error, PF_ERR_NO_MEMORY, NULL, "not enough memory to make the dataset");
	}
	m->shared = memory;
	return PF_OK;
}

/* Trusts what the journal says where the file still has that size. */
static pf_status resume(maker *m)
{
	pf_status status = pf_journal_read(m->journal_fd, m->shared->photos, m->spec.photos, m->error);
	for (size_t g = 0; g < m->plan.group_count && status == PF_OK; g++) {
		const pf_plan_group *group = &m->plan.groups[g];
		for (unsigned f = 0; f < group->frames; f++) {
			pf_made_photo *photo = &m->shared->photos[group->first + f];
			char name[PF_PLAN_PATH_MAX], path[PF_STORE_PATH_MAX + PF_PLAN_PATH_MAX];
			struct stat st;
			if (!photo->done) {
				continue;
			}
			pf_plan_path(&m->plan, group, f, name);
			snprintf(path, sizeof path, "%s/%s", m->folder, name);
			photo->done = lstat(path, &st) == 0 && S_ISREG(st.st_mode) &&
				      (uint64_t)st.st_size == photo->size_bytes;
			m->resumed += photo->done;
		}
	}
	atomic_store(&m->shared->done, m->resumed);
	return status;
}

static double text_size(double bytes, const char **unit)
{
	*unit = bytes >= 1e9 ? "GB" : "MB";
	return bytes >= 1e9 ? bytes / 1e9 : bytes / 1e6;
}

/* Photos of this kind take 0.25 to 0.5 bytes a pixel, 0.7 at quality 99. */
static double bytes_a_pixel(int quality)
{
	return quality > 95 ? 1.0 : 0.5;
}

static pf_status check_space(maker *m)
{
	struct statvfs fs;
	double pixels = 0;
	for (size_t g = 0; g < m->plan.group_count; g++) {
		const pf_plan_group *group = &m->plan.groups[g];
		const pf_spec_camera *camera = &m->spec.cameras[group->camera];
		for (unsigned f = 0; f < group->frames; f++) {
			pixels += m->shared->photos[group->first + f].done
					  ? 0
					  : (double)camera->width * camera->height;
		}
	}
	if (statvfs(m->folder, &fs) != 0) {
		return pf_fail_errno(m->error, m->folder, "cannot tell the free disk space");
	}
	double need = pixels * bytes_a_pixel(m->spec.quality) + 1e6 + (double)m->options->keep_free_bytes;
	double have = (double)fs.f_bavail * (double)fs.f_frsize;
	if (need > have) {
		const char *need_unit, *have_unit;
		double n = text_size(need, &need_unit), h = text_size(have, &have_unit);
		return pf_fail(m->error, PF_ERR_NO_SPACE, m->folder,
			       "the dataset needs about %.1f %s of disk space, %.1f %s are free", n,
			       need_unit, h, have_unit);
	}
	return PF_OK;
}

static unsigned usable_processors(void)
{
	cpu_set_t set;
	int count = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	return count < 1 ? 1u : (unsigned)count;
}

static unsigned worker_count(const maker *m)
{
	unsigned workers = m->options->workers ? m->options->workers : usable_processors();
	size_t groups = m->plan.group_count;
	workers = workers > groups ? (unsigned)groups : workers;
	return workers > PF_MAKE_WORKERS_MAX ? PF_MAKE_WORKERS_MAX : workers;
}

static pf_status write_manifest(maker *m)
{
	pf_dataset *dataset = NULL;
	pf_status status = pf_dataset_create(m->name, m->folder, &dataset, m->error);
	for (size_t g = 0; g < m->plan.group_count && status == PF_OK; g++) {
		const pf_plan_group *group = &m->plan.groups[g];
		for (unsigned f = 0; f < group->frames && status == PF_OK; f++) {
			const pf_made_photo *photo = &m->shared->photos[group->first + f];
			char path[PF_PLAN_PATH_MAX];
			pf_plan_path(&m->plan, group, f, path);
			status = pf_dataset_add(dataset, path, photo->size_bytes, photo->sha256, m->error);
		}
	}
	status = status ? status : pf_dataset_sort(dataset, m->error);
	status = status ? status : pf_dataset_save(dataset, m->manifest, m->error);
	pf_dataset_free(dataset);
	return status;
}

static void fill_report(const maker *m, unsigned workers)
{
	uint64_t cpu_ns = 0;
	for (unsigned i = 0; i < workers; i++) {
		cpu_ns += atomic_load(&m->shared->slots[i].cpu_ns);
	}
	m->report->rendered = atomic_load(&m->shared->done) - m->resumed;
	m->report->pixels = atomic_load(&m->shared->pixels);
	m->report->bytes = atomic_load(&m->shared->bytes);
	m->report->core_seconds = (double)cpu_ns * 1e-9;
	m->report->seconds = pf_make_clock() - m->began;
	m->report->workers = workers;
}

/* The photos' names are on disk before the manifest says so. Some file systems refuse fsync on folders. */
static void sync_folders(const maker *m)
{
	for (unsigned c = 0; c < m->spec.camera_count; c++) {
		char path[PF_STORE_PATH_MAX + PF_PLAN_PATH_MAX], name[PF_PLAN_PATH_MAX];
		pf_plan_group group = {.camera = (uint8_t)c};
		pf_plan_path(&m->plan, &group, 0, name);
		*strrchr(name, '/') = 0;
		snprintf(path, sizeof path, "%s/%s", m->folder, name);
		int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0) {
			fsync(fd);
			close(fd);
		}
	}
}

/* With the journal locked. */
static pf_status render(maker *m)
{
	pf_make_job job = {&m->plan, m->folder, m->journal_fd, m->shared};
	pf_status status = resume(m);
	if (status == PF_OK && m->resumed < m->spec.photos) {
		unsigned workers = worker_count(m);
		status = check_space(m);
		if (status == PF_OK) {
			status = pf_make_pool_run(&job, m->options, workers, m->began, m->resumed, m->error);
			fill_report(m, workers);
		}
	}
	if (status == PF_OK && atomic_load(&m->shared->done) != m->spec.photos) {
		status = pf_fail(m->error, PF_ERR_CRASHED, m->folder, "%u of %u photos were not rendered",
				 m->spec.photos - atomic_load(&m->shared->done), m->spec.photos);
	}
	if (status == PF_OK) {
		sync_folders(m);
	}
	status = status ? status : pf_truth_write(&m->plan, m->truth, m->error);
	status = status ? status : write_manifest(m);
	if (status == PF_OK) {
		char replaced[PF_STORE_PATH_MAX]; /* of a clearing that was killed */
		if (pf_store_path(m->options->home, m->name, PF_MAKE_REPLACED, replaced, m->error) == PF_OK) {
			unlink(replaced);
		}
		unlink(m->journal); /* the manifest knows all it knew */
	}
	return status;
}

/* With the journal locked, which is the lock of the folder: only now is anything changed. */
static pf_status make_locked(maker *m)
{
	enum standing standing = NOTHING;
	struct stat st;
	pf_status status = check_links(m);
	status = status ? status : look(m, &standing);
	if (status == PF_OK && standing == COMPLETE) { /* by another make, since the first look */
		m->report->already_there = true;
		unlink(m->journal);
		return PF_OK;
	}
	status = status ? status : pf_plan_make(&m->spec, &m->plan, m->error);
	status = status ? status : claim(m, standing);
	if (status) {
		if (fstat(m->journal_fd, &st) == 0 && st.st_size == 0) { /* it was made for the lock alone */
			unlink(m->journal);
		}
		return status;
	}
	status = status ? status : make_folders(m);
	status = status ? status : share(m);
	return status ? status : render(m);
}

static pf_status make(maker *m)
{
	enum standing standing = NOTHING;
	pf_status status = pf_spec_load(m->options->spec, &m->spec, m->error);
	if (!status && m->options->megapixels > 0) {
		status = pf_spec_resize(&m->spec, m->options->megapixels, m->error);
	}
	m->name = m->options->name ? m->options->name : m->spec.name;
	status = status ? status : name_files(m);
	status = status ? status : look(m, &standing);
	if (status) {
		return status;
	}
	snprintf(m->report->folder, sizeof m->report->folder, "%s", m->folder);
	m->report->photos = m->spec.photos;
	m->report->already_there = standing == COMPLETE;
	if (standing == COMPLETE) {
		return PF_OK;
	}
	status = check_links(m);
	status = status ? status : pf_make_folders(m->folder, m->error);
	status = status ? status : pf_journal_open(m->journal, &m->journal_fd, m->error);
	return status ? status : make_locked(m);
}

pf_status pf_dataset_make(const struct pf_make_options *options, struct pf_make_report *report,
			  pf_error *error)
{
	pf_make_report unused;
	maker *m = calloc(1, sizeof *m);
	if (!m) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory to make a dataset");
	}
	m->options = options;
	m->report = report ? report : &unused;
	m->error = error;
	m->journal_fd = -1;
	m->began = pf_make_clock();
	memset(m->report, 0, sizeof *m->report);
	pf_status status = make(m);
	if (m->journal_fd >= 0) {
		close(m->journal_fd);
	}
	if (m->shared) {
		munmap(m->shared, m->shared_size);
	}
	pf_plan_free(&m->plan);
	free(m);
	return status;
}
