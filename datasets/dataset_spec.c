#include "datasets/dataset_spec.h"

#include <dirent.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "datasets/render/render_photo.h"
#include "datasets/spec_schema.h"
#include "photofinish/file.h"

#ifndef PF_SPEC_DIR
#define PF_SPEC_DIR "datasets/specs"
#endif

enum { SIDE_LEAST = 64, SIDE_MOST = 16384 }; /* of a camera, in pixels */

static pf_status bad(pf_error *error, const char *path, const char *what)
{
	return pf_fail(error, PF_ERR_INVALID, path, "the spec is wrong: %s", what);
}

static pf_status copy_text(char *out, size_t size, const char *in, const char *what, const char *path,
			   pf_error *error)
{
	if (strlen(in) >= size) {
		return pf_fail(error, PF_ERR_INVALID, path,
			       "the spec is wrong: %s is longer than %zu characters", what, size - 1);
	}
	for (const char *c = in; *c; c++) {
		if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7E) {
			return pf_fail(error, PF_ERR_INVALID, path,
				       "the spec is wrong: %s has characters that are not ASCII", what);
		}
	}
	memcpy(out, in, strlen(in) + 1);
	return PF_OK;
}

static pf_status take_camera(const pf_raw_camera *raw, unsigned index, pf_spec_camera *camera,
			     const char *path, pf_error *error)
{
	camera->letter = (char)('A' + index);
	camera->width = raw->width;
	camera->height = raw->height;
	camera->subseconds = raw->subseconds;
	if (raw->width < SIDE_LEAST || raw->height < SIDE_LEAST || raw->width > SIDE_MOST ||
	    raw->height > SIDE_MOST || raw->width % 2 || raw->height % 2 || raw->width < raw->height) {
		return bad(error, path,
			   "a camera's width and height are even, 64 to 16384, and the width is the larger");
	}
	pf_status status = copy_text(camera->make, sizeof camera->make, raw->make, "make", path, error);
	status = status ? status
			: copy_text(camera->model, sizeof camera->model, raw->model, "model", path, error);
	status = status ? status
			: copy_text(camera->serial, sizeof camera->serial, raw->serial, "serial", path,
				    error);
	return status ? status : copy_text(camera->lens, sizeof camera->lens, raw->lens, "lens", path, error);
}

static pf_status take_group(const pf_raw_group *raw, unsigned cameras, pf_spec_group *group, const char *path,
			    pf_error *error)
{
	group->kind = raw->kind;
	group->frames_min = raw->kind == PF_GROUP_BURST ? raw->frames : raw->kind == PF_GROUP_BRACKET ? 3 : 1;
	group->frames_max = raw->frames_max ? raw->frames_max : group->frames_min;
	group->camera = -1;
	group->subseconds = !raw->no_subseconds;
	if (raw->kind == PF_GROUP_BURST &&
	    (group->frames_min < 2 || group->frames_max < group->frames_min || group->frames_max > 40)) {
		return bad(error, path, "a burst has 2 to 40 frames, and frames_max is not below frames");
	}
	if (raw->kind != PF_GROUP_BURST && (raw->frames || raw->frames_max)) {
		return bad(error, path, "only a burst has frames and frames_max");
	}
	if (raw->camera) {
		if (raw->camera[0] < 'A' || raw->camera[0] >= (char)('A' + cameras) || raw->camera[1]) {
			return bad(error, path, "a group's camera is the letter of one (A is the first)");
		}
		group->camera = raw->camera[0] - 'A';
	}
	return PF_OK;
}

static pf_status take_choice(const pf_raw_spec *raw, pf_scene_choice *choice, const char *path,
			     pf_error *error)
{
	const unsigned percents[] = {raw->mix.portrait, raw->mix.second_athlete, raw->mix.crowd,
				     raw->mix.frontal,  raw->mix.close_up,       raw->mix.variety};
	const unsigned severities[] = {raw->mix.blur, raw->mix.defocus, raw->mix.exposure, raw->mix.noise};
	float *const chances[] = {&choice->portrait, &choice->second_athlete, &choice->crowd,
				  &choice->frontal,  &choice->close_up,       &choice->variety};
	float *const levels[] = {&choice->blur, &choice->defocus, &choice->exposure, &choice->noise};
	for (int i = 0; i < 6; i++) {
		if (percents[i] > 100) {
			return bad(
				error, path,
				"portrait, second_athlete, crowd, frontal, close_up and variety are per cent, 0 to 100");
		}
		*chances[i] = (float)percents[i] * 0.01f;
	}
	for (int i = 0; i < 4; i++) {
		if (severities[i] > 400) {
			return bad(error, path,
				   "blur, defocus, exposure and noise are per cent of the usual, 0 to 400");
		}
		*levels[i] = (float)severities[i] * 0.01f;
	}
	memcpy(choice->motions, raw->motions, raw->motion_count * sizeof *choice->motions);
	memcpy(choice->palettes, raw->palettes, raw->palette_count * sizeof *choice->palettes);
	memcpy(choice->patterns, raw->patterns, raw->pattern_count * sizeof *choice->patterns);
	memcpy(choice->backdrops, raw->backdrops, raw->backdrop_count * sizeof *choice->backdrops);
	choice->motion_count = raw->motion_count;
	choice->palette_count = raw->palette_count;
	choice->pattern_count = raw->pattern_count;
	choice->backdrop_count = raw->backdrop_count;
	return PF_OK;
}

static pf_status take_start(const char *text, int64_t *start_s, const char *path, pf_error *error)
{
	struct tm tm;
	char rest;
	memset(&tm, 0, sizeof tm);
	if (sscanf(text, "%4d-%2d-%2d %2d:%2d:%2d%c", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
		   &tm.tm_min, &tm.tm_sec, &rest) != 6 ||
	    tm.tm_year < 1990 || tm.tm_year > 2100 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 28 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 59) {
		return bad(error, path, "start is a time like \"2026-06-07 10:15:00\" (day 1 to 28)");
	}
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*start_s = (int64_t)timegm(&tm);
	return PF_OK;
}

static pf_status check_name(const char *name, const char *path, pf_error *error)
{
	if (!*name || *name == '.' ||
	    strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") !=
		    strlen(name)) {
		return bad(error, path,
			   "name has letters, digits, '.', '_' and '-' and does not begin with '.'");
	}
	return PF_OK;
}

static pf_status take(const pf_raw_spec *raw, pf_spec *spec, const char *path, pf_error *error)
{
	memset(spec, 0, sizeof *spec);
	pf_status status = check_name(raw->name, path, error);
	status = status ? status : copy_text(spec->name, sizeof spec->name, raw->name, "name", path, error);
	status = status ? status
			: copy_text(spec->summary, sizeof spec->summary, raw->summary, "summary", path,
				    error);
	status = status ? status : take_start(raw->start, &spec->start_s, path, error);
	status = status ? status : take_choice(raw, &spec->choice, path, error);
	if (status) {
		return status;
	}
	if (raw->photos < 1 || raw->photos > 1000000 || raw->quality < 1 || raw->quality > 100 ||
	    raw->frames_per_second < 1 || raw->frames_per_second > 60) {
		return bad(error, path,
			   "photos is 1 to 1000000, quality 1 to 100, frames_per_second 1 to 60");
	}
	spec->seed = raw->seed;
	spec->photos = raw->photos;
	spec->quality = (int)raw->quality;
	spec->naming = raw->naming;
	spec->frames_per_second = raw->frames_per_second;
	spec->camera_count = raw->camera_count;
	spec->sequence_count = raw->sequence_count;
	for (unsigned i = 0; i < raw->camera_count && status == PF_OK; i++) {
		status = take_camera(&raw->cameras[i], i, &spec->cameras[i], path, error);
	}
	for (unsigned i = 0; i < raw->sequence_count && status == PF_OK; i++) {
		status = take_group(&raw->sequence[i], raw->camera_count, &spec->sequence[i], path, error);
	}
	return status;
}

typedef struct identity {
	uint64_t low, high;
} identity;

static void mix(identity *id, const void *bytes, size_t size)
{
	const unsigned char *b = bytes;
	for (size_t i = 0; i < size; i++) { /* FNV-1a, two of them */
		id->low = (id->low ^ b[i]) * 0x100000001B3u;
		id->high = (id->high ^ (unsigned char)(b[i] + 0x5B)) * 0x100000001B3u;
	}
}

static void mix_number(identity *id, int64_t v)
{
	char text[32];
	mix(id, text, (size_t)snprintf(text, sizeof text, "%lld;", (long long)v));
}

static void mix_list(identity *id, const unsigned *list, unsigned count)
{
	mix_number(id, count);
	for (unsigned i = 0; i < count; i++) {
		mix_number(id, list[i]);
	}
}

/* Name and summary stay out: they change no byte of a photo. */
static void identify(pf_spec *spec)
{
	identity id = {0xCBF29CE484222325u, 0x84222325CBF29CE4u};
	const pf_scene_choice *c = &spec->choice;
	const int64_t numbers[] = {PF_RENDER_VERSION,       (int64_t)spec->seed, spec->photos,
				   spec->quality,           spec->naming,        spec->start_s,
				   spec->frames_per_second, spec->camera_count,  spec->sequence_count};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		mix_number(&id, numbers[i]);
	}
	for (unsigned i = 0; i < spec->camera_count; i++) {
		const pf_spec_camera *k = &spec->cameras[i];
		const char *const texts[] = {k->make, k->model, k->serial, k->lens};
		for (int t = 0; t < 4; t++) {
			mix(&id, texts[t], strlen(texts[t]) + 1);
		}
		mix_number(&id, k->width);
		mix_number(&id, k->height);
		mix_number(&id, k->subseconds);
	}
	for (unsigned i = 0; i < spec->sequence_count; i++) {
		const pf_spec_group *g = &spec->sequence[i];
		const unsigned list[] = {g->kind, g->frames_min, g->frames_max, (unsigned)g->camera,
					 g->subseconds};
		mix_list(&id, list, 5);
	}
	mix_list(&id, (const unsigned *)c->motions, c->motion_count);
	mix_list(&id, (const unsigned *)c->palettes, c->palette_count);
	mix_list(&id, (const unsigned *)c->patterns, c->pattern_count);
	mix_list(&id, (const unsigned *)c->backdrops, c->backdrop_count);
	const float shares[] = {c->portrait, c->second_athlete, c->crowd,    c->frontal, c->close_up,
				c->blur,     c->defocus,        c->exposure, c->noise};
	for (int i = 0; i < 9; i++) {
		mix_number(&id, pf_round_int(shares[i] * 100.0f));
	}
	if (c->variety > 0) { /* without it the photos are those that they were before it existed */
		mix_number(&id, pf_round_int(c->variety * 100.0f));
	}
	snprintf(spec->id, sizeof spec->id, "%016llx%016llx", (unsigned long long)id.low,
		 (unsigned long long)id.high);
}

pf_status pf_spec_resize(pf_spec *spec, double megapixels, pf_error *error)
{
	for (unsigned i = 0; i < spec->camera_count; i++) {
		pf_spec_camera *camera = &spec->cameras[i];
		double factor = sqrt(megapixels * 1e6 / ((double)camera->width * camera->height));
		double width = 2 * round(factor * camera->width / 2),
		       height = 2 * round(factor * camera->height / 2);
		if (width > SIDE_MOST || height < SIDE_LEAST) {
			return pf_fail(error, PF_ERR_INVALID, spec->name,
				       "photos of %g MP have sides beyond %d to %d pixels", megapixels,
				       SIDE_LEAST, SIDE_MOST);
		}
		camera->width = (unsigned)width;
		camera->height = (unsigned)height;
	}
	identify(spec);
	return PF_OK;
}

static const char *spec_folder(char folder[PATH_MAX])
{
	return pf_data_file("specs", PF_SPEC_DIR, folder, PATH_MAX);
}

pf_status pf_spec_load(const char *name_or_path, pf_spec *spec, pf_error *error)
{
	char path[512], folder[PATH_MAX];
	pf_raw_spec *raw = NULL;
	size_t length = strlen(name_or_path);
	bool is_path = strchr(name_or_path, '/') ||
		       (length > 5 && strcmp(name_or_path + length - 5, ".yaml") == 0);
	int used = is_path ? snprintf(path, sizeof path, "%s", name_or_path)
			   : snprintf(path, sizeof path, "%s/%s.yaml", spec_folder(folder), name_or_path);
	if (used < 0 || (size_t)used >= sizeof path) {
		return pf_fail(error, PF_ERR_USAGE, name_or_path, "the path of the spec is too long");
	}
	pf_error why = {0};
	FILE *probe = pf_open_regular(path, &why);
	if (!probe && why.code == PF_ERR_NOT_REGULAR) {
		*error = why;
		return why.code;
	}
	if (!probe) {
		return is_path ? pf_fail_errno(error, path, "cannot open the spec")
			       : pf_fail(error, PF_ERR_NOT_FOUND, path,
					 "there is no spec named \"%.64s\" (photofinish dataset list shows them)",
					 name_or_path);
	}
	fclose(probe);
	pf_status status = pf_spec_parse(path, &raw, error);
	if (status) {
		return status;
	}
	status = take(raw, spec, path, error);
	pf_spec_parse_free(raw);
	if (status == PF_OK) {
		identify(spec);
	}
	return status;
}

static int is_spec(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name);
	return length > 5 && entry->d_name[0] != '.' && strcmp(entry->d_name + length - 5, ".yaml") == 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

pf_status pf_spec_list(void (*visit)(void *context, const char *name), void *context, pf_error *error)
{
	struct dirent **entries = NULL;
	char folder[PATH_MAX];
	int count = scandir(spec_folder(folder), &entries, is_spec, by_bytes);
	if (count < 0) {
		return pf_fail_errno(error, folder, "cannot list the specs");
	}
	for (int i = 0; i < count; i++) {
		entries[i]->d_name[strlen(entries[i]->d_name) - 5] = 0;
		visit(context, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
	return PF_OK;
}
