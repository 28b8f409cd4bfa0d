/* The manifest as a file, and hashes. */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/dataset/dataset_storage.h"
#include "photofinish/dataset.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"

#define MAX_MANIFEST_BYTES (UINT64_C(1) << 30)
#define MAX_PHOTOS 10000000u
#define MAX_LINE (4 * PATH_MAX + 128)

void pf_sha256_hex(const uint8_t hash[PF_SHA256_BYTES], char hex[2 * PF_SHA256_BYTES + 1])
{
	for (int i = 0; i < PF_SHA256_BYTES; i++) {
		snprintf(hex + 2 * i, 3, "%02x", hash[i]);
	}
}

static bool parse_sha256(const char *hex, uint8_t hash[PF_SHA256_BYTES])
{
	if (strlen(hex) != 2 * PF_SHA256_BYTES || strspn(hex, "0123456789abcdef") != 2 * PF_SHA256_BYTES) {
		return false;
	}
	for (int i = 0; i < PF_SHA256_BYTES; i++) {
		unsigned byte = 0;
		sscanf(hex + 2 * i, "%2x", &byte);
		hash[i] = (uint8_t)byte;
	}
	return true;
}

pf_status pf_file_sha256(const char *path, uint8_t hash[PF_SHA256_BYTES], uint64_t *size_bytes,
			 pf_error *error)
{
	enum { CHUNK = 1 << 18 };
	pf_status status = PF_OK;
	uint64_t total = 0;
	pf_sha256 context;
	uint8_t *buffer = malloc(CHUNK);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat info;
	if (fd < 0 || fstat(fd, &info)) {
		status = pf_fail_errno(error, path, "cannot open");
		goto out;
	}
	if (!S_ISREG(info.st_mode)) {
		status = pf_fail(error, PF_ERR_NOT_REGULAR, path, "not a regular file");
		goto out;
	}
	if (!buffer) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
		goto out;
	}
	pf_sha256_begin(&context);
	for (;;) {
		ssize_t got = read(fd, buffer, CHUNK);
		if (got < 0 && errno == EINTR) {
			continue;
		}
		if (got < 0) {
			status = pf_fail_errno(error, path, "cannot read");
			goto out;
		}
		if (got == 0) {
			break;
		}
		total += (uint64_t)got;
		pf_sha256_add(&context, buffer, (size_t)got);
	}
	pf_sha256_end(&context, hash);
	if (size_bytes) {
		*size_bytes = total;
	}
out:
	if (fd >= 0) {
		close(fd);
	}
	free(buffer);
	return status;
}

/* One photo line of the manifest, with its new line. */
static void format_line(const pf_dataset_photo *photo, char line[MAX_LINE])
{
	char hex[2 * PF_SHA256_BYTES + 1] = "-";
	char path[4 * PATH_MAX];
	if (photo->hashed) {
		pf_sha256_hex(photo->sha256, hex);
	}
	snprintf(line, MAX_LINE, "%s\t%" PRIu64 "\t%s\n", hex, photo->size_bytes,
		 pf_escape(photo->path, path, sizeof path));
}

void pf_dataset_hash(const pf_dataset *dataset, uint8_t hash[PF_SHA256_BYTES])
{
	char line[MAX_LINE];
	pf_sha256 context;
	pf_sha256_begin(&context);
	for (size_t i = 0; i < dataset->count; i++) {
		format_line(&dataset->photos[i], line);
		pf_sha256_add(&context, line, strlen(line));
	}
	pf_sha256_end(&context, hash);
}

/* The root as it is written: relative where the photos lie below the manifest's folder. */
static const char *written_root(const pf_dataset *dataset, const char *manifest)
{
	char folder[PATH_MAX], copy[PATH_MAX];
	snprintf(copy, sizeof copy, "%s", manifest);
	if (!realpath(dirname(copy), folder)) {
		return dataset->root;
	}
	size_t length = strlen(folder);
	if (strncmp(dataset->root, folder, length) != 0) {
		return dataset->root;
	}
	if (dataset->root[length] == '\0') {
		return ".";
	}
	return dataset->root[length] == '/' ? dataset->root + length + 1 : dataset->root;
}

void pf_dataset_write(const pf_dataset *dataset, const char *root, FILE *stream)
{
	char line[MAX_LINE];
	fprintf(stream, "photofinish-manifest\t1\nname\t%s\n", pf_escape(dataset->name, line, sizeof line));
	fprintf(stream, "root\t%s\n", pf_escape(root, line, sizeof line));
	fprintf(stream, "count\t%zu\n", dataset->count);
	for (size_t i = 0; i < dataset->count; i++) {
		format_line(&dataset->photos[i], line);
		fputs(line, stream);
	}
}

pf_status pf_dataset_save(const pf_dataset *dataset, const char *manifest, pf_error *error)
{
	pf_new_file file;
	pf_status status = pf_new_file_open(&file, manifest, error);
	if (status != PF_OK) {
		return status;
	}
	pf_dataset_write(dataset, written_root(dataset, manifest), file.stream);
	return pf_new_file_commit(&file, true, error);
}

/* A manifest being read, line by line. */
typedef struct reader {
	FILE *stream;
	const char *file;
	uint64_t bytes; /* of the file */
	int64_t offset; /* of the current line */
	char line[MAX_LINE];
	pf_error *error;
} reader;

static pf_status malformed(reader *in, const char *what)
{
	pf_status status = pf_fail(in->error, PF_ERR_INVALID, in->file,
				   "malformed manifest at byte %" PRId64 ": %s", in->offset, what);
	if (in->error) {
		in->error->offset = in->offset;
	}
	return status;
}

static pf_status next_line(reader *in)
{
	in->offset = ftello(in->stream);
	if (!fgets(in->line, sizeof in->line, in->stream)) {
		return malformed(in, "it ends too early");
	}
	size_t length = strlen(in->line);
	if (length == 0 || in->line[length - 1] != '\n') {
		return malformed(in, "a line is cut or too long");
	}
	in->line[length - 1] = '\0';
	return PF_OK;
}

/* Reads "KEY<tab>VALUE"; *value points into the line. */
static pf_status next_field(reader *in, const char *key, char **value)
{
	pf_status status = next_line(in);
	size_t length = strlen(key);
	if (status == PF_OK && (strncmp(in->line, key, length) != 0 || in->line[length] != '\t')) {
		char text[64];
		snprintf(text, sizeof text, "expected \"%s\"", key);
		return malformed(in, text);
	}
	*value = in->line + length + 1;
	return status;
}

static bool parse_count(const char *text, uint64_t limit, uint64_t *value)
{
	if (!isdigit((unsigned char)*text)) {
		return false;
	}
	char *end;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return !errno && !*end && *value <= limit;
}

static pf_status read_photo(reader *in, pf_dataset *dataset)
{
	pf_status status = next_line(in);
	if (status != PF_OK) {
		return status;
	}
	char *rest = in->line;
	const char *hex = strsep(&rest, "\t");
	const char *size_text = strsep(&rest, "\t");
	uint8_t hash[PF_SHA256_BYTES];
	uint64_t size = 0;
	bool hashed = strcmp(hex, "-") != 0;
	if (!size_text || !rest || !parse_count(size_text, INT64_MAX, &size) ||
	    (hashed && !parse_sha256(hex, hash)) || !pf_unescape(rest)) {
		return malformed(in, "expected SHA256, SIZE and PATH");
	}
	pf_error why = {0};
	status = pf_dataset_add(dataset, rest, size, hashed ? hash : NULL, &why);
	if (status == PF_ERR_INVALID) {
		return malformed(in, why.message);
	}
	return status == PF_OK ? PF_OK : pf_fail(in->error, status, in->file, "%s", why.message);
}

static pf_status read_root(reader *in, const char *name, pf_dataset **out)
{
	char *value, root[PATH_MAX], folder[PATH_MAX];
	pf_status status = next_field(in, "root", &value);
	if (status != PF_OK) {
		return status;
	}
	if (!pf_unescape(value)) {
		return malformed(in, "the root has a malformed escape");
	}
	snprintf(folder, sizeof folder, "%s", in->file);
	const char *base = dirname(folder);
	int length = value[0] == '/' ? snprintf(root, sizeof root, "%s", value)
				     : snprintf(root, sizeof root, "%s/%s", base, value);
	if (length >= (int)sizeof root) {
		return malformed(in, "the root is too long");
	}
	return pf_dataset_create(name, root, out, in->error);
}

static pf_status read_manifest(reader *in, pf_dataset **dataset)
{
	char *value, name[PATH_MAX];
	uint64_t count = 0;
	pf_status status = next_field(in, "photofinish-manifest", &value);
	if (status == PF_OK && strcmp(value, "1") != 0) {
		status = malformed(in, "unknown version");
	}
	if (status == PF_OK) {
		status = next_field(in, "name", &value);
	}
	if (status == PF_OK &&
	    (!pf_unescape(value) || snprintf(name, sizeof name, "%s", value) >= (int)sizeof name)) {
		status = malformed(in, "the name is malformed or too long");
	}
	if (status == PF_OK) {
		status = read_root(in, name, dataset);
	}
	if (status == PF_OK) {
		status = next_field(in, "count", &value);
	}
	if (status == PF_OK && !parse_count(value, MAX_PHOTOS, &count)) {
		status = malformed(in, "the count is malformed or too large");
	}
	if (status == PF_OK) { /* no line is shorter: what the count claims is no reason to reserve more */
		uint64_t lines = in->bytes / strlen("-\t0\tx\n");
		status = pf_dataset_reserve(*dataset, count < lines ? count : lines, in->bytes);
	}
	for (uint64_t i = 0; i < count && status == PF_OK; i++) {
		status = read_photo(in, *dataset);
	}
	if (status == PF_OK) {
		in->offset = ftello(in->stream);
		status = fgetc(in->stream) == EOF ? PF_OK : malformed(in, "more lines than its count says");
	}
	return status == PF_OK ? pf_dataset_sort(*dataset, in->error) : status;
}

pf_status pf_dataset_load(const char *manifest, pf_dataset **out, pf_error *error)
{
	int fd = open(manifest, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat info;
	if (fd < 0 || fstat(fd, &info)) {
		pf_status status = pf_fail_errno(error, manifest, "cannot open the manifest");
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	reader *in = malloc(sizeof *in);
	FILE *stream = fdopen(fd, "r");
	pf_dataset *dataset = NULL;
	pf_status status;
	if (!in || !stream) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, manifest, "not enough memory");
	} else if (!S_ISREG(info.st_mode) || (uint64_t)info.st_size > MAX_MANIFEST_BYTES) {
		status = pf_fail(error, PF_ERR_INVALID, manifest,
				 "not a manifest (not a regular file, or above 1 GiB)");
	} else {
		*in = (reader){
			.stream = stream, .file = manifest, .bytes = (uint64_t)info.st_size, .error = error};
		status = read_manifest(in, &dataset);
	}
	if (stream) {
		fclose(stream);
	} else {
		close(fd);
	}
	free(in);
	if (status != PF_OK) {
		pf_dataset_free(dataset);
		return status;
	}
	*out = dataset;
	return PF_OK;
}
