#include "datasets/make_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 128 };

/* True if `path` still leads to the open file: whoever finished a make has removed it. */
static bool still_named(int fd, const char *path)
{
	struct stat held, named;
	return fstat(fd, &held) == 0 && lstat(path, &named) == 0 && held.st_dev == named.st_dev &&
	       held.st_ino == named.st_ino;
}

pf_status pf_journal_open(const char *path, int *fd, pf_error *error)
{
	for (;;) {
		*fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0666);
		if (*fd < 0) {
			return pf_fail_errno(error, path, "cannot open the journal of the dataset");
		}
		if (flock(*fd, LOCK_EX | LOCK_NB) != 0) {
			pf_status status = errno == EWOULDBLOCK
						   ? pf_fail(error, PF_ERR_EXISTS, path,
							     "another process is making this dataset")
						   : pf_fail_errno(error, path, "cannot lock the journal");
			close(*fd);
			*fd = -1;
			return status;
		}
		struct stat info;
		bool regular = fstat(*fd, &info) == 0 && S_ISREG(info.st_mode);
		if (regular && still_named(*fd, path)) {
			return PF_OK;
		}
		close(*fd);
		if (!regular) {
			*fd = -1;
			return pf_fail(error, PF_ERR_NOT_REGULAR, path, "not a regular file");
		}
	}
}

static bool unhex(const char *hex, uint8_t *out, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned v;
		if (!strchr("0123456789abcdef", hex[2 * i]) || !strchr("0123456789abcdef", hex[2 * i + 1]) ||
		    sscanf(hex + 2 * i, "%2x", &v) != 1) {
			return false;
		}
		out[i] = (uint8_t)v;
	}
	return true;
}

/* False where the line is torn or nonsense. */
static bool parse_line(const char *line, uint32_t *index, pf_made_photo *photo)
{
	uint64_t size;
	char hex[2 * PF_SHA256_BYTES + 1], end[4];
	*photo = (pf_made_photo){.done = 1};
	if (sscanf(line, "%" SCNu32 " %" SCNu64 " %64s %3s", index, &size, hex, end) != 4 ||
	    strcmp(end, "ok") != 0 || strlen(hex) != 2 * PF_SHA256_BYTES ||
	    !unhex(hex, photo->sha256, PF_SHA256_BYTES)) {
		return false;
	}
	photo->size_bytes = size;
	return true;
}

static pf_status open_stream(int fd, FILE **stream, pf_error *error)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	*stream = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (!*stream) {
		pf_status status = pf_fail_errno(error, NULL, "cannot read the journal");
		if (copy >= 0) {
			close(copy);
		}
		return status;
	}
	rewind(*stream);
	return PF_OK;
}

static pf_status close_stream(FILE *stream, pf_error *error)
{
	pf_status status = ferror(stream) ? pf_fail_errno(error, NULL, "cannot read the journal") : PF_OK;
	fclose(stream);
	return status;
}

pf_status pf_journal_read(int fd, pf_made_photo *photos, uint32_t count, pf_error *error)
{
	char line[LINE_MAX_BYTES];
	FILE *stream;
	pf_status status = open_stream(fd, &stream, error);
	if (status != PF_OK) {
		return status;
	}
	while (fgets(line, sizeof line, stream)) {
		uint32_t index;
		pf_made_photo photo;
		if (parse_line(line, &index, &photo) && index < count) {
			photos[index] = photo;
		}
	}
	status = close_stream(stream, error);
	/* what follows a torn line must not join it */
	return status == PF_OK && write(fd, "\n", 1) != 1
		       ? pf_fail_errno(error, NULL, "cannot write the journal")
		       : status;
}

pf_status pf_journal_read_all(int fd, pf_made_photo **photos, size_t *count, pf_error *error)
{
	char line[LINE_MAX_BYTES];
	size_t room = 0;
	FILE *stream;
	*photos = NULL;
	*count = 0;
	pf_status status = open_stream(fd, &stream, error);
	if (status != PF_OK) {
		return status;
	}
	while (status == PF_OK && fgets(line, sizeof line, stream)) {
		uint32_t index;
		if (*count == room) {
			room = room ? 2 * room : 256;
			pf_made_photo *more = realloc(*photos, room * sizeof *more);
			if (!more) {
				status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
				break;
			}
			*photos = more;
		}
		*count += parse_line(line, &index, &(*photos)[*count]);
	}
	pf_status closed = close_stream(stream, error);
	status = status ? status : closed;
	if (status != PF_OK) {
		free(*photos);
		*photos = NULL;
		*count = 0;
	}
	return status;
}

pf_status pf_journal_append(int fd, uint32_t index, const pf_made_photo *photo, pf_error *error)
{
	char line[LINE_MAX_BYTES], hex[2 * PF_SHA256_BYTES + 1];
	pf_sha256_hex(photo->sha256, hex);
	int size = snprintf(line, sizeof line, "%" PRIu32 " %" PRIu64 " %s ok\n", index, photo->size_bytes,
			    hex);
	return write(fd, line, (size_t)size) == size ? PF_OK
						     : pf_fail_errno(error, NULL, "cannot write the journal");
}
