/* Reading a cascade: the part of XML that OpenCV's training tool writes, in its order, and nothing else. */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/faces/haar_cascade.h"

enum {
	FILE_MOST_BYTES = 16 << 20,
	STAGES_MOST = 100,
	STUMPS_MOST = 20000,
};

/* A text that ends with a 0, and how far it was read. What is not as expected makes all that follows fail. */
typedef struct reader {
	const char *at;
	bool bad;
} reader;

static bool is_blank(char c)
{
	return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

/* Moves behind the next `text`. */
static void skip_to(reader *r, const char *text)
{
	const char *found = strstr(r->at, text);
	r->bad |= !found;
	r->at = found ? found + strlen(text) : r->at;
}

static void skip_blank(reader *r)
{
	for (;;) {
		r->at += strspn(r->at, " \n\r\t");
		if (strncmp(r->at, "<!--", 4) == 0) {
			skip_to(r, "-->");
		} else if (strncmp(r->at, "<?", 2) == 0) {
			skip_to(r, "?>");
		} else {
			return;
		}
		if (r->bad) {
			return;
		}
	}
}

/* Whether an element of that name begins here; if so, moves into it. */
static bool enters(reader *r, const char *name)
{
	skip_blank(r);
	size_t length = strlen(name);
	if (r->bad || r->at[0] != '<' || strncmp(r->at + 1, name, length) != 0) {
		return false;
	}
	const char *behind = r->at + 1 + length;
	if (*behind != '>' && !is_blank(*behind)) {
		return false;
	}
	const char *end = strchr(behind, '>'); /* strstr takes the length of all the rest under sanitizers */
	r->bad |= !end;
	r->at = end ? end + 1 : r->at;
	return !r->bad && r->at[-2] != '/';
}

static void enter(reader *r, const char *name)
{
	r->bad |= !enters(r, name);
}

static void leave(reader *r, const char *name)
{
	skip_blank(r);
	size_t length = strlen(name);
	if (!r->bad && strncmp(r->at, "</", 2) == 0 && strncmp(r->at + 2, name, length) == 0 &&
	    r->at[2 + length] == '>') {
		r->at += 3 + length;
	} else {
		r->bad = true;
	}
}

static double take_number(reader *r)
{
	skip_blank(r);
	char *end = NULL;
	double value = r->bad ? 0.0 : strtod(r->at, &end);
	if (r->bad || end == r->at || !isfinite(value) || !(is_blank(*end) || *end == '<')) {
		r->bad = true;
		return 0.0;
	}
	r->at = end;
	return value;
}

/* A number from `least` to `most` without a fraction, as "12", "-1" or "3.". Most numbers are such: they are
 * not left to strtod. */
static int32_t take_integer(reader *r, int32_t least, int32_t most)
{
	skip_blank(r);
	const char *at = r->at + (r->at[0] == '-');
	int32_t value = 0, digits = 0;
	for (; *at >= '0' && *at <= '9' && digits < 9; digits++) {
		value = 10 * value + *at++ - '0';
	}
	at += *at == '.';
	value = r->at[0] == '-' ? -value : value;
	if (r->bad || digits == 0 || !(is_blank(*at) || *at == '<') || value < least || value > most) {
		r->bad = true;
		return least;
	}
	r->at = at;
	return value;
}

static int32_t element_integer(reader *r, const char *name, int32_t least, int32_t most)
{
	enter(r, name);
	int32_t value = take_integer(r, least, most);
	leave(r, name);
	return value;
}

static void element_word(reader *r, const char *name, const char *word)
{
	enter(r, name);
	skip_blank(r);
	size_t length = strlen(word);
	r->bad |= strncmp(r->at, word, length) != 0;
	r->at += r->bad ? 0 : length;
	leave(r, name);
}

/* One more entry of an array that grows; NULL without memory. */
static void *one_more(void **entries, uint32_t count, uint32_t *capacity, size_t size)
{
	if (count == *capacity) {
		uint32_t wanted = *capacity ? 2 * *capacity : 64;
		void *grown = realloc(*entries, wanted * size);
		if (!grown) {
			return NULL;
		}
		*entries = grown;
		*capacity = wanted;
	}
	return (char *)*entries + count * size;
}

/* What is read before features are there: each stump knows the number of its feature. */
typedef struct draft {
	pf_haar_cascade *cascade;
	uint32_t stump_capacity, stage_capacity, feature_capacity, number_capacity, feature_count;
	pf_haar_stump *features; /* their rectangles */
	uint32_t *numbers;       /* of features, one for each stump */
	bool no_memory;
} draft;

static void read_stump(reader *r, draft *d)
{
	pf_haar_cascade *c = d->cascade;
	pf_haar_stump *stump = one_more((void **)&c->stumps, c->stump_count, &d->stump_capacity,
					sizeof *stump);
	uint32_t *number = one_more((void **)&d->numbers, c->stump_count, &d->number_capacity,
				    sizeof *number);
	if (!stump || !number || c->stump_count == STUMPS_MOST) {
		d->no_memory |= !stump || !number;
		r->bad = true;
		return;
	}
	c->stump_count++;
	memset(stump, 0, sizeof *stump);
	enter(r, "internalNodes"); /* left leaf 0, right leaf -1: a tree of one node */
	take_integer(r, 0, 0);
	take_integer(r, -1, -1);
	*number = (uint32_t)take_integer(r, 0, STUMPS_MOST);
	stump->threshold = (float)take_number(r);
	leave(r, "internalNodes");
	enter(r, "leafValues");
	stump->left = (float)take_number(r);
	stump->right = (float)take_number(r);
	leave(r, "leafValues");
}

/* OpenCV takes 1e-5 from each threshold of a stage, as a float. */
static void read_stage(reader *r, draft *d)
{
	pf_haar_cascade *c = d->cascade;
	pf_haar_stage *stage = one_more((void **)&c->stages, c->stage_count, &d->stage_capacity,
					sizeof *stage);
	if (!stage || c->stage_count == STAGES_MOST) {
		d->no_memory |= !stage;
		r->bad = true;
		return;
	}
	c->stage_count++;
	*stage = (pf_haar_stage){.first = c->stump_count};
	element_integer(r, "maxWeakCount", 1, STUMPS_MOST);
	enter(r, "stageThreshold");
	stage->threshold = (float)take_number(r) - 1e-5f;
	leave(r, "stageThreshold");
	enter(r, "weakClassifiers");
	while (enters(r, "_")) {
		read_stump(r, d);
		leave(r, "_");
	}
	leave(r, "weakClassifiers");
	stage->count = c->stump_count - stage->first;
	r->bad |= stage->count == 0;
}

static void read_rect(reader *r, const pf_haar_cascade *c, pf_haar_rect *rect)
{
	int32_t width = (int32_t)c->window_width_px, height = (int32_t)c->window_height_px;
	rect->x = take_integer(r, 0, width - 1);
	rect->y = take_integer(r, 0, height - 1);
	rect->width = take_integer(r, 1, width - rect->x);
	rect->height = take_integer(r, 1, height - rect->y);
	rect->weight = take_integer(r, -16, 16);
	r->bad |= rect->weight == 0;
}

static void read_feature(reader *r, draft *d)
{
	pf_haar_stump *feature = one_more((void **)&d->features, d->feature_count, &d->feature_capacity,
					  sizeof *feature);
	if (!feature || d->feature_count == STUMPS_MOST) {
		d->no_memory |= !feature;
		r->bad = true;
		return;
	}
	d->feature_count++;
	memset(feature, 0, sizeof *feature);
	enter(r, "rects");
	while (enters(r, "_")) {
		if (feature->rect_count == PF_HAAR_RECTS_MAX) {
			r->bad = true;
			return;
		}
		read_rect(r, d->cascade, &feature->rects[feature->rect_count++]);
		leave(r, "_");
	}
	leave(r, "rects");
	if (enters(r, "tilted")) {
		take_integer(r, 0, 0);
		leave(r, "tilted");
	}
	r->bad |= feature->rect_count < 2;
}

/* Parameters of the training; of interest is only that there are no categories. */
static void skip_parameters(reader *r)
{
	enter(r, "stageParams");
	skip_to(r, "</stageParams>");
	enter(r, "featureParams");
	element_integer(r, "maxCatCount", 0, 0);
	skip_to(r, "</featureParams>");
}

static void read_all(reader *r, draft *d)
{
	pf_haar_cascade *c = d->cascade;
	enter(r, "opencv_storage");
	enter(r, "cascade");
	element_word(r, "stageType", "BOOST");
	element_word(r, "featureType", "HAAR");
	c->window_height_px = (uint32_t)element_integer(r, "height", PF_HAAR_WINDOW_LEAST_PX,
							PF_HAAR_WINDOW_MOST_PX);
	c->window_width_px = (uint32_t)element_integer(r, "width", PF_HAAR_WINDOW_LEAST_PX,
						       PF_HAAR_WINDOW_MOST_PX);
	skip_parameters(r);
	uint32_t stages = (uint32_t)element_integer(r, "stageNum", 1, STAGES_MOST);
	enter(r, "stages");
	while (enters(r, "_")) {
		read_stage(r, d);
		leave(r, "_");
	}
	leave(r, "stages");
	enter(r, "features");
	while (enters(r, "_")) {
		read_feature(r, d);
		leave(r, "_");
	}
	leave(r, "features");
	leave(r, "cascade");
	leave(r, "opencv_storage");
	r->bad |= c->stage_count != stages;
}

/* Values of a window have to be exact as floats: sums of integers below 2^24. */
static bool take_feature(pf_haar_stump *stump, const pf_haar_stump *feature)
{
	int64_t most = 0;
	stump->rect_count = feature->rect_count;
	stump->small = true;
	for (uint32_t i = 0; i < feature->rect_count; i++) {
		const pf_haar_rect *rect = &feature->rects[i];
		int64_t largest = INT64_C(255) * rect->width * rect->height;
		stump->rects[i] = *rect;
		stump->small &= largest <= INT16_MAX;
		most += largest * abs(rect->weight);
	}
	return most < 1 << 24;
}

/* Leaves rounded to multiples of 2^-20. A sum of `count` of them is off by count / 2 of these at most, and
 * the exact one in doubles by far less than one. */
static bool round_leaves(pf_haar_cascade *c, pf_haar_stage *stage)
{
	const double unit = 1 << PF_HAAR_FIXED_BITS;
	double rights = 0.0, most = 0.0;
	for (uint32_t i = stage->first; i < stage->first + stage->count; i++) {
		pf_haar_stump *stump = &c->stumps[i];
		double left = nearbyint(stump->left * unit), right = nearbyint(stump->right * unit);
		if (!(fabs(left) <= 1e9 && fabs(right) <= 1e9)) {
			return false;
		}
		stump->left_less_right = (int32_t)(left - right);
		rights += right;
		most += fmax(fabs(left), fabs(right));
	}
	double threshold = stage->threshold * unit - rights, slack = stage->count + 2.0;
	if (!(most < 5e8 && fabs(threshold) < 1.9e9)) {
		return false;
	}
	stage->surely_below = (int32_t)floor(fmax(threshold - slack, -2e9));
	stage->surely_above = (int32_t)ceil(fmin(threshold + slack, 2e9));
	return true;
}

static bool finish(draft *d)
{
	pf_haar_cascade *c = d->cascade;
	for (uint32_t i = 0; i < c->stump_count; i++) {
		if (d->numbers[i] >= d->feature_count ||
		    !take_feature(&c->stumps[i], &d->features[d->numbers[i]])) {
			return false;
		}
	}
	for (uint32_t i = 0; i < c->stage_count; i++) {
		if (!round_leaves(c, &c->stages[i])) {
			return false;
		}
	}
	return true;
}

static pf_status read_text(const char *file, char **out, pf_error *error)
{
	struct stat info;
	char *text = NULL;
	int fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return pf_fail_errno(error, file, "cannot read the face cascade");
	}
	pf_status status = PF_OK;
	if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > FILE_MOST_BYTES) {
		status = pf_fail(error, PF_ERR_UNSUPPORTED, file, "no cascade of the usual size");
	}
	size_t size = status == PF_OK ? (size_t)info.st_size : 0, have = 0;
	if (status == PF_OK && !(text = malloc(size + 1))) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, file, "no memory for the face cascade");
	}
	while (status == PF_OK && have < size) {
		ssize_t got = read(fd, text + have, size - have);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			status = pf_fail_errno(error, file, "cannot read the face cascade");
		}
		if (got <= 0) {
			break;
		}
		have += (size_t)got;
	}
	close(fd);
	if (status != PF_OK || !text) {
		free(text);
		return status;
	}
	text[have] = '\0';
	*out = text;
	return PF_OK;
}

pf_status pf_haar_cascade_read(const char *file, pf_haar_cascade **out, pf_error *error)
{
	char *text = NULL;
	*out = NULL;
	pf_status status = read_text(file, &text, error);
	if (!text) {
		return status;
	}
	draft d = {.cascade = calloc(1, sizeof(pf_haar_cascade))};
	reader r = {.at = text};
	if (d.cascade) {
		read_all(&r, &d);
	}
	if (!d.cascade || d.no_memory) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, file, "no memory for the face cascade");
	} else if (r.bad || !finish(&d)) {
		status = pf_fail(error, PF_ERR_UNSUPPORTED, file,
				 "not a cascade of stumps over upright Haar features");
	}
	if (status == PF_OK) {
		*out = d.cascade;
	} else {
		pf_haar_cascade_destroy(d.cascade);
	}
	free(d.features);
	free(d.numbers);
	free(text);
	return status;
}

void pf_haar_cascade_destroy(pf_haar_cascade *cascade)
{
	if (cascade) {
		free(cascade->stages);
		free(cascade->stumps);
		free(cascade);
	}
}
