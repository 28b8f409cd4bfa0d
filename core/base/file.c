#include "photofinish/file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/abandon.h"

enum { OPEN_MOST = 16 };

static pf_status sync_folder(const char *target, pf_error *error)
{
	char *copy = strdup(target);
	if (!copy) {
		return pf_fail(error, PF_ERR_NO_MEMORY, target, "not enough memory");
	}
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	free(copy);
	/* Some file systems refuse fsync on folders; the rename has happened all the same. */
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	return PF_OK;
}

/* Temporary files that this process has open: who ends in the midst removes them. */
static struct {
	pid_t process;
	const char *names[OPEN_MOST]; /* their files' own */
} open_now;

static void note_open(const char *name)
{
	if (open_now.process != getpid()) {
		memset(&open_now, 0, sizeof open_now);
		open_now.process = getpid();
	}
	for (size_t i = 0; i < OPEN_MOST; i++) {
		if (!open_now.names[i]) {
			open_now.names[i] = name;
			return;
		}
	}
}

static void forget_open(const char *name)
{
	for (size_t i = 0; i < OPEN_MOST; i++) {
		open_now.names[i] = open_now.names[i] == name ? NULL : open_now.names[i];
	}
}

void pf_new_file_abandon_all(void)
{
	for (size_t i = 0; i < OPEN_MOST && open_now.process == getpid(); i++) {
		if (open_now.names[i]) {
			unlink(open_now.names[i]);
		}
	}
}

/* A device or FIFO that was renamed onto would be gone: it is written to as it is. Never waits for a FIFO's
 * reader. */
static pf_status open_in_place(pf_new_file *file, pf_error *error)
{
	int fd = open(file->target, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0) {
		fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
		file->stream = fdopen(fd, "w");
	}
	if (!file->stream) {
		pf_status status = pf_fail_errno(error, file->target, "cannot open");
		if (fd >= 0) {
			close(fd);
		}
		pf_new_file_abandon(file);
		return status;
	}
	return PF_OK;
}

pf_status pf_new_file_open(pf_new_file *file, const char *target, pf_error *error)
{
	/* A link stays a link: the file that it leads to is the one that is made anew. */
	char *real = realpath(target, NULL);
	*file = (pf_new_file){.target = real ? real : strdup(target)};
	target = file->target ? file->target : target;
	int fd = -1;
	struct stat info;
	if (file->target && stat(target, &info) == 0 && !S_ISREG(info.st_mode)) {
		return open_in_place(file, error);
	}
	if (!file->target || asprintf(&file->temporary, "%s.new-XXXXXX", target) < 0) {
		file->temporary = NULL;
		pf_new_file_abandon(file);
		return pf_fail(error, PF_ERR_NO_MEMORY, target, "not enough memory");
	}
	fd = mkostemp(file->temporary, O_CLOEXEC);
	if (fd < 0) {
		pf_status status = pf_fail_errno(error, target, "cannot create a file there");
		free(file->temporary);
		file->temporary = NULL;
		pf_new_file_abandon(file);
		return status;
	}
	note_open(file->temporary);
	mode_t mask = umask(0);
	umask(mask);
	fchmod(fd, 0666 & ~mask);
	file->stream = fdopen(fd, "w");
	if (!file->stream) {
		pf_status status = pf_fail_errno(error, target, "cannot open");
		close(fd);
		pf_new_file_abandon(file);
		return status;
	}
	return PF_OK;
}

bool pf_file_is_absent(const char *path)
{
	return access(path, F_OK) != 0 && (errno == ENOENT || errno == ENOTDIR);
}

FILE *pf_open_regular(const char *path, pf_error *error)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &info)) {
		pf_fail_errno(error, path, "cannot open");
	} else if (!S_ISREG(info.st_mode)) {
		pf_fail(error, PF_ERR_NOT_REGULAR, path, "not a regular file");
	} else {
		FILE *file = fdopen(fd, "rb");
		if (file) {
			return file;
		}
		pf_fail_errno(error, path, "cannot open");
	}
	if (fd >= 0) {
		close(fd);
	}
	return NULL;
}

/* Renames the temporary file; without `replace` an existing target is refused atomically. */
static int take_name(const pf_new_file *file, bool replace)
{
	if (replace) {
		return rename(file->temporary, file->target);
	}
	int failed = renameat2(AT_FDCWD, file->temporary, AT_FDCWD, file->target, RENAME_NOREPLACE);
	if (failed && (errno == EINVAL || errno == ENOSYS)) { /* a file system without RENAME_NOREPLACE */
		failed = link(file->temporary, file->target);
		if (!failed) {
			unlink(file->temporary);
		}
	}
	return failed;
}

pf_status pf_new_file_commit(pf_new_file *file, bool replace, pf_error *error)
{
	pf_status status = PF_OK;
	FILE *stream = file->stream;
	file->stream = NULL;
	if (!file->temporary && !replace) { /* opened in place */
		status = pf_fail(error, PF_ERR_EXISTS, file->target, "it is there, and not a regular file");
		fclose(stream);
		goto out;
	}
	bool written = fflush(stream) == 0 && !ferror(stream) &&
		       (!file->temporary || fsync(fileno(stream)) == 0);
	if (!written) {
		status = pf_fail_errno(error, file->target, "cannot write");
		fclose(stream);
		goto out;
	}
	if (fclose(stream) != 0) {
		status = pf_fail_errno(error, file->target, "cannot write");
		goto out;
	}
	if (!file->temporary) {
		goto out;
	}
	if (take_name(file, replace)) {
		status = pf_fail_errno(error, file->target, "cannot give the file its name");
		goto out;
	}
	forget_open(file->temporary);
	free(file->temporary);
	file->temporary = NULL;
	status = sync_folder(file->target, error);
out:
	pf_new_file_abandon(file);
	return status;
}

void pf_new_file_abandon(pf_new_file *file)
{
	if (file->stream) {
		fclose(file->stream);
	}
	if (file->temporary) {
		unlink(file->temporary);
		forget_open(file->temporary);
	}
	free(file->temporary);
	free(file->target);
	*file = (pf_new_file){0};
}

pf_status pf_make_folders(const char *path, pf_error *error)
{
	char copy[PATH_MAX];
	if (snprintf(copy, sizeof copy, "%s", path) >= (int)sizeof copy) {
		return pf_fail(error, PF_ERR_INVALID, path, "the path is too long");
	}
	for (char *slash = copy + (copy[0] == '/');; slash++) {
		slash = strchrnul(slash, '/');
		char end = *slash;
		*slash = '\0';
		if (mkdir(copy, 0777) && errno != EEXIST) {
			return pf_fail_errno(error, copy, "cannot make the folder");
		}
		if (!end) {
			break;
		}
		*slash = end;
	}
	struct stat info;
	if (stat(path, &info) || !S_ISDIR(info.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, path, "not a folder");
	}
	return PF_OK;
}

/* Length of the valid UTF-8 sequence at `s` (1 to 4), 0 where there is none; its code point in *point. */
static size_t utf8_length(const unsigned char *s, uint32_t *point)
{
	static const uint32_t least[5] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = s[0] < 0x80 ? 1 : s[0] >= 0xF0 ? 4 : s[0] >= 0xE0 ? 3 : 2;
	if (length == 1) {
		*point = s[0];
		return 1;
	}
	if (s[0] < 0xC2 || s[0] > 0xF4) {
		return 0;
	}
	uint32_t value = s[0] & (0x7Fu >> length);
	for (size_t i = 1; i < length; i++) {
		if ((s[i] & 0xC0) != 0x80) {
			return 0;
		}
		value = value << 6 | (s[i] & 0x3Fu);
	}
	if (value < least[length] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) {
		return 0;
	}
	*point = value;
	return length;
}

static bool shown_as_is(uint32_t point)
{
	bool control = point < 0x20 || (point >= 0x7F && point < 0xA0) || point == '\\';
	bool bidi = (point >= 0x202A && point <= 0x202E) || (point >= 0x2066 && point <= 0x2069) ||
		    point == 0x200E || point == 0x200F || point == 0x061C || point == 0x2028 ||
		    point == 0x2029;
	/* What cannot be seen at all: zero width, joiners, byte order marks, tags. */
	bool unseen = (point >= 0x200B && point <= 0x200D) || (point >= 0x2060 && point <= 0x2065) ||
		      point == 0xFEFF || point == 0x00AD || point == 0x180E ||
		      (point >= 0xFFF9 && point <= 0xFFFB) || (point >= 0xE0000 && point <= 0xE0FFF);
	return !control && !bidi && !unseen;
}

char *pf_escape(const char *bytes, char *out, size_t capacity)
{
	const unsigned char *in = (const unsigned char *)bytes;
	size_t used = 0, safe = 0; /* `safe`: where "..." still fits */
	while (*in) {
		uint32_t point = 0;
		size_t length = utf8_length(in, &point);
		char piece[20];
		size_t taken = length ? length : 1;
		if (length && shown_as_is(point)) {
			memcpy(piece, in, length);
			piece[length] = '\0';
		} else {
			for (size_t i = 0; i < taken; i++) {
				snprintf(piece + 4 * i, 5, "\\x%02x", in[i]);
			}
		}
		size_t size = strlen(piece);
		if (used + size + 1 > capacity) {
			memcpy(out + safe, "...", 4);
			return out;
		}
		memcpy(out + used, piece, size);
		used += size;
		if (used + 4 <= capacity) {
			safe = used;
		}
		in += taken;
	}
	out[used] = '\0';
	return out;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool pf_unescape(char *text)
{
	char *out = text;
	for (const char *in = text; *in; out++) {
		if (*in != '\\') {
			*out = *in++;
			continue;
		}
		if (in[1] != 'x' || hex_digit(in[2]) < 0 || hex_digit(in[3]) < 0) {
			return false;
		}
		*out = (char)(hex_digit(in[2]) << 4 | hex_digit(in[3]));
		if (*out == '\0') {
			return false;
		}
		in += 4;
	}
	*out = '\0';
	return true;
}

int pf_memory_file(const char *name, uint64_t bytes)
{
	int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd >= 0 && (bytes > INT64_MAX || ftruncate(fd, (off_t)bytes) ||
			fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL))) {
		int why = bytes > INT64_MAX ? EFBIG : errno;
		close(fd);
		errno = why;
		fd = -1;
	}
	return fd;
}

bool pf_write_all(int fd, const void *bytes, size_t count)
{
	for (const char *at = bytes; count > 0;) {
		ssize_t written = TEMP_FAILURE_RETRY(write(fd, at, count));
		if (written <= 0) {
			return false;
		}
		at += written;
		count -= (size_t)written;
	}
	return true;
}

bool pf_cache_folder(const char *name, char *out, size_t capacity)
{
	const char *data = getenv("PHOTOFINISH_DATA"), *cache = getenv("XDG_CACHE_HOME"),
		   *user = getenv("HOME");
	int used = -1;
	if (data && *data) {
		used = snprintf(out, capacity, "%s/%s", data, name);
	} else if (cache && *cache == '/') {
		used = snprintf(out, capacity, "%s/photofinish/%s", cache, name);
	} else if (user && *user) {
		used = snprintf(out, capacity, "%s/.cache/photofinish/%s", user, name);
	}
	return used > 0 && (size_t)used < capacity;
}
