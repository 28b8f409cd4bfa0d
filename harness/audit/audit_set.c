#include "harness/audit/audit_set.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "datasets/dataset_alter.h"
#include "datasets/dataset_store.h"
#include "harness/audit/audit_alter.h"
#include "harness/base/interrupt.h"
#include "harness/registry/outside.h"
#include "photofinish/file.h"

enum { NAME_MOST = 192, LETTERS = 10, YEAR_S = 31536000 };

/* While a set is made: its photos by their place in the recipe. */
struct making {
	const pf_audit_recipe *recipe;
	pf_audit_set *set;
	pf_random *random;
	char names[PF_AUDIT_PHOTOS_MOST][NAME_MOST];
	pf_altered photos[PF_AUDIT_PHOTOS_MOST];
};

static void draw_letters(pf_random *random, char *out, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		out[i] = (char)('a' + pf_random_below(random, 26));
	}
	out[count] = '\0';
}

/* The name of the photo's file with other digits; one that has too few of them gets letters. */
static void draw_name(struct making *making, size_t place)
{
	const char *path = making->recipe->base->photos[making->recipe->sources[place]].path;
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
	char *out = making->names[place], letters[LETTERS + 1];
	size_t digits = 0;
	snprintf(out, NAME_MOST, "%s", name);
	for (char *at = out; *at; at++) {
		if (*at >= '0' && *at <= '9') {
			*at = (char)('0' + pf_random_below(making->random, 10));
			digits++;
		}
	}
	if (digits < 6 || strlen(name) >= NAME_MOST) {
		draw_letters(making->random, letters, LETTERS);
		snprintf(out, NAME_MOST, "%s%s", letters, dot ? dot : ".jpg");
	}
	for (size_t i = 0; i < place; i++) {
		if (strcmp(making->names[i], out) == 0) {
			draw_name(making, place);
			return;
		}
	}
}

static pf_status alter(struct making *making, pf_error *error)
{
	const pf_audit_recipe *recipe = making->recipe;
	uint64_t seed = pf_random_next(making->random);
	pf_status status = PF_OK;
	for (size_t i = 0; i < recipe->count && status == PF_OK; i++) {
		char file[PF_STORE_PATH_MAX + 4096];
		snprintf(file, sizeof file, "%s/%s", recipe->base->root,
			 recipe->base->photos[recipe->sources[i]].path);
		seed = recipe->one ? seed : pf_random_next(making->random);
		status = pf_interrupts ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
				       : pf_audit_alter(file, seed, recipe->half, &making->photos[i], error);
	}
	return status;
}

/* Both of a pair get the size of the larger one and a bit. */
static pf_status pad_pairs(struct making *making, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i + 1 < making->recipe->count && status == PF_OK; i += 2) {
		pf_altered *a = &making->photos[i], *b = &making->photos[i + 1];
		size_t size = (a->size > b->size ? a->size : b->size) + PF_PAD_LEAST +
			      (size_t)pf_random_below(making->random, 60);
		status = pf_photo_pad(a, size - a->size, pf_random_next(making->random), error);
		if (status == PF_OK) {
			status = pf_photo_pad(b, size - b->size, pf_random_next(making->random), error);
		}
	}
	return status;
}

static pf_status write_photo(struct making *making, size_t place, const struct timespec *date,
			     pf_error *error)
{
	const pf_altered *photo = &making->photos[place];
	char path[PF_VIEW_PATH_MAX + NAME_MOST];
	uint8_t hash[PF_SHA256_BYTES];
	snprintf(path, sizeof path, "%s/%s", making->set->folder, making->names[place]);
	FILE *stream = fopen(path, "wbxe");
	if (!stream || fwrite(photo->bytes, 1, photo->size, stream) != photo->size) {
		pf_status status = pf_fail_errno(error, path, "cannot write a photo to audit with");
		if (stream) {
			fclose(stream);
		}
		return status;
	}
	if (fclose(stream)) {
		return pf_fail_errno(error, path, "cannot write a photo to audit with");
	}
	const struct timespec dates[2] = {*date, *date};
	utimensat(AT_FDCWD, path, dates, 0); /* where dates cannot be set, they tell nothing either */
	pf_status status = pf_file_sha256(path, hash, NULL, error);
	return status == PF_OK
		       ? pf_dataset_add(making->set->dataset, making->names[place], photo->size, hash, error)
		       : status;
}

static pf_status write_photos(struct making *making, pf_error *error)
{
	pf_status status = PF_OK;
	struct timespec date = {0};
	for (size_t i = 0; i < making->recipe->count && status == PF_OK; i++) {
		if (i % 2 == 0 || !making->recipe->pairs) {
			date.tv_sec = time(NULL) - (time_t)pf_random_below(making->random, YEAR_S);
		}
		draw_name(making, i);
		status = write_photo(making, i, &date, error);
		making->set->bytes += making->photos[i].size;
	}
	return status;
}

/* Finds each photo of the sorted manifest in the recipe. */
static void note_sources(struct making *making)
{
	const pf_dataset *dataset = making->set->dataset;
	for (size_t i = 0; i < dataset->count; i++) {
		for (size_t k = 0; k < dataset->count; k++) {
			if (strcmp(dataset->photos[i].path, making->names[k]) == 0) {
				making->set->source[i] = k;
			}
		}
	}
}

static pf_status make_folder(pf_audit_set *set, pf_random *random, char name[LETTERS + 1], pf_error *error)
{
	char home[PF_STORE_PATH_MAX];
	pf_status status = pf_store_home(home, error);
	if (status == PF_OK) {
		status = pf_make_folders(home, error);
	}
	draw_letters(random, name, LETTERS);
	if (status == PF_OK && strlen(home) + LETTERS + 2 > sizeof set->folder) {
		status = pf_fail(error, PF_ERR_INVALID, home, "the path is too long to audit in");
	}
	if (status == PF_OK) {
		snprintf(set->folder, sizeof set->folder, "%.*s/%s", (int)(sizeof set->folder - LETTERS - 2),
			 home, name);
		if (mkdir(set->folder, 0777)) {
			status = pf_fail_errno(error, set->folder, "cannot make a folder to audit in");
			set->folder[0] = '\0'; /* it is not ours */
		}
	}
	return status;
}

static pf_status open_session(pf_audit_set *set, const pf_session *like, pf_error *error)
{
	pf_status status = pf_session_open(&set->session, set->dataset, &like->order.scorer, error);
	if (status != PF_OK) {
		return status;
	}
	set->session.order = like->order;
	set->session.timeout_s = like->timeout_s;
	set->session.placement = like->placement;
	if (pf_outside_has_commands()) {
		status = pf_view_open(set->dataset, set->view, error);
		set->session.view = set->view;
	}
	return status;
}

pf_status pf_audit_set_make(const pf_audit_recipe *recipe, const pf_session *like, pf_random *random,
			    pf_audit_set *set, pf_error *error)
{
	char name[LETTERS + 1];
	*set = (pf_audit_set){.session = {.manifest_fd = -1}};
	struct making *making = calloc(1, sizeof *making);
	if (!making) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	making->recipe = recipe;
	making->set = set;
	making->random = random;
	pf_status status = make_folder(set, random, name, error);
	if (status == PF_OK) {
		status = pf_dataset_create(name, set->folder, &set->dataset, error);
	}
	if (status == PF_OK) {
		status = alter(making, error);
	}
	if (status == PF_OK && recipe->pairs) {
		status = pad_pairs(making, error);
	}
	if (status == PF_OK) {
		status = write_photos(making, error);
	}
	if (status == PF_OK) {
		status = pf_dataset_sort(set->dataset, error);
		note_sources(making);
	}
	if (status == PF_OK) {
		status = open_session(set, like, error);
	}
	for (size_t i = 0; i < recipe->count; i++) {
		pf_altered_free(&making->photos[i]);
	}
	free(making);
	return status;
}

static size_t find_source(const pf_audit_set *set, size_t source)
{
	size_t i = 0;
	while (set->source[i] != source) {
		i++;
	}
	return i;
}

static pf_status exchange(pf_audit_set *set, size_t a, size_t b, pf_error *error)
{
	pf_dataset_photo *photos = set->dataset->photos, kept = photos[a];
	char first[PF_VIEW_PATH_MAX + NAME_MOST], second[PF_VIEW_PATH_MAX + NAME_MOST];
	snprintf(first, sizeof first, "%s/%s", set->folder, photos[a].path);
	snprintf(second, sizeof second, "%s/%s", set->folder, photos[b].path);
	if (renameat2(AT_FDCWD, first, AT_FDCWD, second, RENAME_EXCHANGE)) {
		char between[PF_VIEW_PATH_MAX + 16];
		snprintf(between, sizeof between, "%s/between", set->folder);
		if (rename(first, between) || rename(second, first) || rename(between, second)) {
			return pf_fail_errno(error, first, "cannot exchange two photos");
		}
	}
	memcpy(photos[a].sha256, photos[b].sha256, PF_SHA256_BYTES);
	memcpy(photos[b].sha256, kept.sha256, PF_SHA256_BYTES);
	size_t source = set->source[a];
	set->source[a] = set->source[b];
	set->source[b] = source;
	return PF_OK;
}

pf_status pf_audit_set_swap(pf_audit_set *set, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i + 1 < set->dataset->count && status == PF_OK; i += 2) {
		status = exchange(set, find_source(set, i), find_source(set, i + 1), error);
	}
	if (status == PF_OK) { /* trials get the manifest that the session keeps */
		pf_session like = set->session;
		pf_session_close(&set->session);
		pf_view_close(set->view);
		status = open_session(set, &like, error);
	}
	return status;
}

void pf_audit_set_close(pf_audit_set *set)
{
	if (set->dataset) {
		pf_session_close(&set->session);
		pf_dataset_free(set->dataset);
	}
	pf_view_close(set->view);
	pf_view_close(set->folder);
	*set = (pf_audit_set){.session = {.manifest_fd = -1}};
}
