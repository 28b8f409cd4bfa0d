#include "datasets/make_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 128 };

pf_status pf_journal_open(const char *path, int *fd, pf_error *error)
{
	*fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
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
	return PF_OK;
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

static void take_line(const char *line, pf_made_photo *photos, uint32_t count)
{
	uint32_t index;
	uint64_t size;
	char hex[2 * PF_SHA256_BYTES + 1], end[4];
	pf_made_photo photo;
	if (sscanf(line, "%" SCNu32 " %" SCNu64 " %64s %3s", &index, &size, hex, end) != 4 ||
	    strcmp(end, "ok") != 0 || index >= count || strlen(hex) != 2 * PF_SHA256_BYTES ||
	    !unhex(hex, photo.sha256, PF_SHA256_BYTES)) {
		return;
	}
	photo.size_bytes = size;
	photo.done = 1;
	photos[index] = photo;
}

pf_status pf_journal_read(int fd, pf_made_photo *photos, uint32_t count, pf_error *error)
{
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	FILE *file = copy >= 0 ? fdopen(copy, "r") : NULL;
	if (!file) {
		pf_status status = pf_fail_errno(error, NULL, "cannot read the journal");
		if (copy >= 0) {
			close(copy);
		}
		return status;
	}
	char line[LINE_MAX_BYTES];
	rewind(file);
	while (fgets(line, sizeof line, file)) {
		take_line(line, photos, count);
	}
	pf_status status = ferror(file) ? pf_fail_errno(error, NULL, "cannot read the journal") : PF_OK;
	fclose(file);
	/* what follows a torn line must not join it */
	return status == PF_OK && write(fd, "\n", 1) != 1
		       ? pf_fail_errno(error, NULL, "cannot write the journal")
		       : status;
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
