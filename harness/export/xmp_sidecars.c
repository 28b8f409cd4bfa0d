#include "harness/export/xmp_sidecars.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/export/xmp_document.h"
#include "harness/registry/contained_run.h"
#include "photofinish/file.h"

enum { FIFTHS = 5, OLD_MAX = 16 << 20, TEXT_MAX = OLD_MAX + (64 << 10), READ_S = 10 };

/* What a contained process leaves for us: to be checked. */
struct answer {
	uint64_t count;
	uint32_t status, changed, yours;
	char message[256];
	char bytes[TEXT_MAX];
};

struct sidecars {
	const char *folder;
	const pf_outcomes *outcomes;
	const pf_dataset *dataset;
	pf_xmp_report *report;
	double least[FIFTHS + 1]; /* score from which on a photo has so many stars */
	const char *caveat;
	struct answer *answer; /* shared */
	/* of the sidecar at hand */
	char path[PATH_MAX];
	int old; /* descriptor; -1: there is none */
	pf_xmp_facts facts;
	pf_xmp_text text;
};

static int compare_scores(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static pf_status find_fifths(struct sidecars *s, pf_error *error)
{
	size_t count = 0;
	double *scores = malloc((s->outcomes->count + 1) * sizeof *scores);
	if (!scores) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "no memory for the ratings");
	}
	for (size_t i = 0; i < s->outcomes->count; i++) {
		const pf_outcome *photo = &s->outcomes->photos[i];
		if (photo->done && photo->status == PF_OK) {
			scores[count++] = photo->score.total;
		}
	}
	qsort(scores, count, sizeof *scores, compare_scores);
	for (size_t stars = 1; stars <= FIFTHS; stars++) {
		s->least[stars] = count ? scores[(stars - 1) * count / FIFTHS] : 0;
	}
	free(scores);
	return PF_OK;
}

static pf_xmp_facts facts_of(const struct sidecars *s, const pf_outcome *photo)
{
	int stars = FIFTHS;
	while (stars > 1 && photo->score.total < s->least[stars]) {
		stars--;
	}
	return (pf_xmp_facts){.score = photo->score.total,
			      .burst = photo->burst,
			      .rank = photo->rank,
			      .rating = stars,
			      .pick = photo->rank == 1,
			      .caveat = s->caveat};
}

/* Opens what is there under s->path; s->old is -1 where nothing is. */
static pf_status open_old(struct sidecars *s, pf_error *error)
{
	struct stat info;
	s->old = open(s->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (s->old < 0) {
		return errno == ENOENT  ? PF_OK
		       : errno == ELOOP ? pf_fail(error, PF_ERR_NOT_REGULAR, s->path,
						  "it is a link, which is not followed")
					: pf_fail_errno(error, s->path, "cannot read the sidecar");
	}
	if (fstat(s->old, &info)) {
		return pf_fail_errno(error, s->path, "cannot read the sidecar");
	}
	if (!S_ISREG(info.st_mode)) {
		return pf_fail(error, PF_ERR_NOT_REGULAR, s->path, "not a regular file");
	}
	return info.st_size <= OLD_MAX ? PF_OK
				       : pf_fail(error, PF_ERR_INVALID, s->path,
						 "a sidecar of more than 16 MiB is left as it is");
}

/* That no other photo of its folder differs in the ending alone: both would write one STEM.xmp. */
static bool is_stem_its_own(const pf_dataset *dataset, const char *photo, size_t stem)
{
	size_t same = 0;
	for (size_t i = 0; i < dataset->count; i++) {
		const char *other = dataset->photos[i].path;
		same += strncmp(other, photo, stem) == 0 && other[stem] == '.' &&
			!strpbrk(other + stem + 1, "./");
	}
	return same == 1;
}

/* FOLDER/PATH.xmp, or FOLDER/STEM.xmp where only that is there. */
static pf_status find(struct sidecars *s, const char *photo, pf_error *error)
{
	char both[PATH_MAX], stem[PATH_MAX];
	if (snprintf(both, sizeof both, "%s/%s.xmp", s->folder, photo) >= (int)sizeof both) {
		return pf_fail(error, PF_ERR_INVALID, s->folder, "the path is too long");
	}
	const char *dot = strrchr(photo, '.'); /* a manifest may name photos without an ending */
	size_t length = dot && !strchr(dot, '/') ? (size_t)(dot - photo) : strlen(photo);
	snprintf(stem, sizeof stem, "%s/%.*s.xmp", s->folder, (int)length, photo);
	bool adobe = photo[length] && pf_file_is_absent(both) && access(stem, F_OK) == 0 &&
		     is_stem_its_own(s->dataset, photo, length);
	memcpy(s->path, adobe ? stem : both, sizeof s->path);
	return open_old(s, error);
}

/* In a contained process: reads the sidecar and leaves what is to be written. */
static int merge_old(void *context)
{
	struct sidecars *s = context;
	struct answer *answer = s->answer;
	struct stat info;
	pf_error error = {0};
	setrlimit(RLIMIT_CPU, &(struct rlimit){READ_S, READ_S + 1}); /* SIGXCPU */
	char *old = fstat(s->old, &info) ? NULL : malloc((size_t)info.st_size + 1);
	ssize_t got = old ? pread(s->old, old, (size_t)info.st_size, 0) : -1;
	pf_status status = got < 0 ? pf_fail(&error, PF_ERR_IO, NULL, "cannot read the sidecar")
				   : pf_xmp_merge(old, (size_t)got, &s->facts, &s->text, &error);
	snprintf(answer->message, sizeof answer->message, "%s", error.message);
	answer->count = s->text.count;
	answer->changed = s->text.changed;
	answer->yours = s->text.yours;
	answer->status = (uint32_t)status;
	return 0;
}

static pf_status merge(struct sidecars *s, pf_error *error)
{
	struct answer *answer = s->answer;
	int code;
	s->text = (pf_xmp_text){.bytes = answer->bytes, .capacity = sizeof answer->bytes};
	if (s->old < 0) {
		return pf_xmp_merge(NULL, 0, &s->facts, &s->text, error);
	}
	answer->status = PF_ERR_CRASHED;
	memcpy(answer->message, "", 1);
	pf_status status = pf_contained_run(s->path, false, merge_old, s, &code, error);
	if (status != PF_OK) {
		return status;
	}
	answer->message[sizeof answer->message - 1] = '\0';
	s->text.count = answer->count;
	s->text.changed = answer->changed;
	s->text.yours = answer->yours;
	if (code != 0 || answer->status != PF_OK || s->text.count > sizeof answer->bytes ||
	    (s->text.changed && !s->text.count)) {
		return pf_fail(error, PF_ERR_INVALID, s->path, "%s",
			       answer->message[0] ? answer->message : "what read it left no answer");
	}
	return PF_OK;
}

/* What replaces a sidecar is no more open to others than that was. */
static pf_status fill(struct sidecars *s, pf_new_file *file, pf_error *error)
{
	struct stat info;
	if (fwrite(s->answer->bytes, 1, s->text.count, file->stream) != s->text.count) {
		return pf_fail_errno(error, s->path, "cannot write");
	}
	if (s->old >= 0 &&
	    (fstat(s->old, &info) || fchmod(fileno(file->stream), info.st_mode & (mode_t)0777))) {
		return pf_fail_errno(error, s->path, "cannot keep who may read it");
	}
	return PF_OK;
}

static pf_status write_new(struct sidecars *s, pf_error *error)
{
	char parent[PATH_MAX];
	pf_new_file file;
	memcpy(parent, s->path, sizeof parent);
	pf_status status = pf_make_folders(dirname(parent), error);
	status = status == PF_OK ? pf_new_file_open(&file, s->path, error) : status;
	if (status != PF_OK) {
		return status;
	}
	status = fill(s, &file, error);
	if (status != PF_OK) {
		pf_new_file_abandon(&file);
		return status;
	}
	return pf_new_file_commit(&file, s->old >= 0, error);
}

static pf_status write_one(struct sidecars *s, size_t index, pf_error *error)
{
	const pf_outcome *photo = &s->outcomes->photos[index];
	pf_xmp_report *report = s->report;
	s->facts = facts_of(s, photo);
	s->old = -1;
	pf_status status = find(s, s->dataset->photos[index].path, error);
	status = status == PF_OK ? merge(s, error) : status;
	bool changed = status == PF_OK && s->text.changed;
	status = changed ? write_new(s, error) : status;
	if (status == PF_OK) {
		++*(!changed ? &report->same : s->old >= 0 ? &report->updated : &report->written);
		report->yours += s->text.yours;
	}
	if (s->old >= 0) {
		close(s->old);
	}
	return status;
}

static pf_status write_all(struct sidecars *s, void (*told)(const pf_error *error), pf_error *error)
{
	pf_status first = PF_OK;
	for (size_t i = 0; i < s->outcomes->count; i++) {
		const pf_outcome *photo = &s->outcomes->photos[i];
		pf_error why = {0};
		pf_status status = photo->done && photo->status == PF_OK ? write_one(s, i, &why) : PF_OK;
		if (status != PF_OK) {
			if (!s->report->failed++) {
				*error = why;
				first = status;
			}
			told(&why);
		}
		if (status == PF_ERR_CANCELLED) {
			return status;
		}
	}
	return first;
}

pf_status pf_xmp_sidecars_write(const char *folder, const pf_outcomes *outcomes, const pf_dataset *dataset,
				const char *caveat, void (*told)(const pf_error *error),
				pf_xmp_report *report, pf_error *error)
{
	struct sidecars s = {.folder = folder,
			     .outcomes = outcomes,
			     .dataset = dataset,
			     .caveat = caveat,
			     .report = report};
	*report = (pf_xmp_report){0};
	s.answer = mmap(NULL, sizeof *s.answer, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (s.answer == MAP_FAILED) {
		return pf_fail_errno(error, folder, "no memory for sidecars");
	}
	pf_status status = find_fifths(&s, error);
	status = status == PF_OK ? write_all(&s, told, error) : status;
	munmap(s.answer, sizeof *s.answer);
	return status;
}
