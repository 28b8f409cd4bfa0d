#include "temp_folder.h"

#include <dirent.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

void pf_temp_make(char path[256])
{
	const char *base = getenv("TMPDIR");
	snprintf(path, 256, "%s/photofinish-test-XXXXXX", base && base[0] ? base : "/tmp");
	assert_non_null(mkdtemp(path));
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void pf_temp_remove(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
}

const char *pf_temp_path(const char *folder, const char *name)
{
	static char paths[8][PF_TEMP_PATH];
	static unsigned next;
	char *path = paths[next++ % 8];
	assert_true(snprintf(path, PF_TEMP_PATH, "%s/%s", folder, name) < PF_TEMP_PATH);
	return path;
}

void pf_temp_write(const char *path, const void *bytes, size_t count)
{
	FILE *stream = fopen(path, "we");
	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, count, stream), count);
	assert_int_equal(fclose(stream), 0);
}

char *pf_temp_read(const char *path, size_t *count)
{
	FILE *stream = fopen(path, "re");
	assert_non_null(stream);
	char *bytes = NULL;
	size_t used = 0;
	for (size_t got = 1; got > 0; used += got) {
		bytes = realloc(bytes, used + 65537);
		assert_non_null(bytes);
		got = fread(bytes + used, 1, 65536, stream);
	}
	fclose(stream);
	bytes[used] = '\0';
	if (count) {
		*count = used;
	}
	return bytes;
}

size_t pf_temp_entries(const char *path)
{
	DIR *folder = opendir(path);
	assert_non_null(folder);
	size_t count = 0;
	for (const struct dirent *entry; (entry = readdir(folder));) {
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	}
	closedir(folder);
	return count;
}

bool pf_temp_exists(const char *path)
{
	struct stat info;
	return lstat(path, &info) == 0;
}
