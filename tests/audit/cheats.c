/* A plug-in that cheats in one way, chosen by a definition; HONEST does not; LEAKS keeps 16 bytes more with
 * each photo. What it remembers from one process to the next lies in files of the folder $TMPDIR. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/exec.h"
#include "photofinish/variant.h"

#if defined(CACHED_BY_NAME) || defined(CACHED_ON_DISK)
/* A file of its own for each key; the folder is the user's choice of one for such things. */
static FILE *open_note(const char *key, const char *mode)
{
	char path[1024];
	const char *folder = getenv("TMPDIR");
	snprintf(path, sizeof path, "%s/cheat-%s", folder ? folder : "/tmp", key);
	return fopen(path, mode);
}

static int recall(const char *key, pf_score *score)
{
	FILE *note = open_note(key, "rb");
	int found = note && fread(score, sizeof *score, 1, note) == 1;
	if (note) {
		fclose(note);
	}
	return found;
}

static void remember(const char *key, const pf_score *score)
{
	FILE *note = open_note(key, "wb");
	if (note) {
		fwrite(score, sizeof *score, 1, note);
		fclose(note);
	}
}
#endif

#if defined(CACHED_ON_DISK) || defined(CACHED_BY_CONTENT)
/* FNV-1a over all bytes. */
static uint64_t hash_of(const pf_dataset *dataset, size_t index)
{
	int fd = -1;
	uint64_t size = 0, hash = 14695981039346656037u;
	unsigned char buffer[65536];
	pf_error ignored;
	if (pf_dataset_open(dataset, index, &fd, &size, &ignored) == PF_OK) {
		for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) {
			for (ssize_t i = 0; i < got; i++) {
				hash = (hash ^ buffer[i]) * 1099511628211u;
			}
		}
		close(fd);
	}
	return hash;
}
#endif

#if defined(FROM_REFERENCE)
/* Looks for the photo's line in every kept reference. */
static int find_line(const char *file, const char *name, pf_score *score)
{
	static char line[65536];
	char wanted[600];
	int found = 0;
	FILE *stream = fopen(file, "r");
	snprintf(wanted, sizeof wanted, "\"path\": \"%s\"", name);
	char tight[600];
	snprintf(tight, sizeof tight, "\"path\":\"%s\"", name);
	while (stream && fgets(line, sizeof line, stream)) {
		const char *total = strstr(line, "\"score\"");
		const char *number = total ? strstr(total, "0x") : NULL;
		if ((strstr(line, wanted) || strstr(line, tight)) && number) {
			score->total = strtod(number, NULL);
			found = 1;
		}
	}
	if (stream) {
		fclose(stream);
	}
	return found;
}

static int copied(const pf_dataset *dataset, size_t index, pf_score *score)
{
	char folder[512], file[1024];
	int found = 0;
	const char *home = getenv("PHOTOFINISH_DATA");
	snprintf(folder, sizeof folder, "%s/.references", home ? home : "");
	DIR *references = opendir(folder);
	for (struct dirent *entry; references && (entry = readdir(references));) {
		snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
		found = found || find_line(file, dataset->photos[index].path, score);
	}
	if (references) {
		closedir(references);
	}
	return found;
}
#endif

static pf_status score_photo(const pf_burst_worker *worker, size_t index, pf_score *score, pf_error *error)
{
	pf_scorer *scorer = worker->scorer;
	const pf_dataset *dataset = worker->dataset;
#if defined(CACHED_BY_NAME) || defined(CACHED_ON_DISK)
	char key[600];
#ifdef CACHED_ON_DISK
	snprintf(key, sizeof key, "%016llx", (unsigned long long)hash_of(dataset, index));
#else
	const char *slash = strrchr(dataset->photos[index].path, '/');
	snprintf(key, sizeof key, "%s", slash ? slash + 1 : dataset->photos[index].path);
#endif
	if (recall(key, score)) {
		return PF_OK;
	}
	pf_status status = pf_scorer_photo(scorer, dataset, index, score, error);
	if (status == PF_OK) {
		remember(key, score);
	}
	return status;
#elif defined(CACHED_BY_CONTENT) || defined(CACHED_BY_SIZE)
	enum { MOST = 256 };
	static struct {
		uint64_t key;
		pf_score score;
	} known[MOST];
	static size_t count;
#ifdef CACHED_BY_SIZE
	uint64_t key = dataset->photos[index].size_bytes;
#else
	uint64_t key = hash_of(dataset, index);
#endif
	for (size_t i = 0; i < count; i++) {
		if (known[i].key == key) {
			*score = known[i].score;
			return PF_OK;
		}
	}
	pf_status status = pf_scorer_photo(scorer, dataset, index, score, error);
	if (status == PF_OK && count < MOST) {
		known[count].key = key;
		known[count++].score = *score;
	}
	return status;
#elif defined(CONSTANT)
	static pf_score first;
	pf_status status = first.total > 0 ? PF_OK : pf_scorer_photo(scorer, dataset, index, &first, error);
	*score = first;
	return status;
#elif defined(DECODE_SKIPPED)
	/* Only every second photo is loaded; the other one is judged by the planes of the last. */
	static pf_image image;
	static size_t turn;
	pf_status status = turn++ % 2 ? PF_OK : pf_scorer_load(scorer, dataset, index, &image, error);
	return status == PF_OK ? pf_scorer_judge(scorer, &image, score, error) : status;
#elif defined(LEAKS)
	/* A list that only grows: lost to whoever uses the variant, though not to a sanitizer that looks for
	 * pointers. */
	static struct lost {
		struct lost *before;
		uint64_t room;
	} * lost;
	struct lost *more = malloc(sizeof *more);
	if (!more) {
		return PF_ERR_NO_MEMORY;
	}
	*more = (struct lost){.before = lost};
	lost = more;
	return pf_scorer_photo(scorer, dataset, index, score, error);
#elif defined(FROM_REFERENCE)
	pf_status status = pf_scorer_photo(scorer, dataset, index, score, error);
	copied(dataset, index, score);
	return status;
#else
	return pf_scorer_photo(scorer, dataset, index, score, error);
#endif
}

/* As single-load, but for how a photo is scored. */
static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	pf_burst_list bursts = {0};
	pf_burst_worker worker = {0};
	pf_result_table *table = NULL;
	pf_status status = pf_result_table_create(dataset->count, &table, error);
	if (status == PF_OK) {
		status = pf_burst_list_detect(dataset, env->cancel, &env->traces[0], pf_burst_tell, sink,
					      &bursts, error);
	}
	if (status == PF_OK) {
		status = pf_burst_worker_open(&worker, env, 0, dataset, table, sink, error);
	}
	worker.score_photo = score_photo;
	for (size_t i = 0; i < bursts.count && status == PF_OK; i++) {
		status = pf_burst_score(&worker, &bursts.bursts[i], error);
	}
	pf_burst_worker_close(&worker);
	pf_burst_list_free(&bursts);
	pf_result_table_destroy(table);
	return status;
}

PF_API const struct pf_variant pf_plugin_variant = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "cheat",
	.parent = "single-load",
	.summary = "says that it scores photos",
	.change = "how a photo is scored",
	.principle = "none",
	.hypothesis = "it is found out",
	.expected = "a verdict",
	.run = run,
};
