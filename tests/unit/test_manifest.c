/* Manifests: round trips with nasty names, malformed files, hashes. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "photofinish/dataset.h"
#include "temp_folder.h"

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define HEAD "photofinish-manifest\t1\nname\tn\nroot\t.\ncount\t"

static char folder[256];

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(folder);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(folder);
	return 0;
}

static const char *const nasty[] = {
	"\x01.jpg",        "\xff\xfe.jpg",   " lead.jpg",           "-",
	"-rf.jpg",         "=cmd|.jpg",      "\xE2\x80\xAEgpj.jpg", "\x1b[31mred.jpg",
	"a\tb.jpg",        "a\nb/c.jpg",     "a\\x41.jpg",          "a b/.hidden/...",
	"gr\xC3\xBCn.jpg", "\"quoted\".jpg",
};
enum { NASTY = sizeof nasty / sizeof *nasty };

static pf_dataset *make_nasty(void)
{
	pf_dataset *dataset;
	pf_error error;
	assert_int_equal(pf_dataset_create("na\tme\x1b", folder, &dataset, &error), PF_OK);
	for (int i = NASTY - 1; i >= 0; i--) {
		uint8_t hash[PF_SHA256_BYTES];
		memset(hash, i * 16 + 1, sizeof hash);
		assert_int_equal(pf_dataset_add(dataset, nasty[i], i ? (uint64_t)i << 40 : 0,
						i % 3 ? hash : NULL, &error),
				 PF_OK);
	}
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	return dataset;
}

static void check_same(const pf_dataset *a, const pf_dataset *b)
{
	assert_int_equal(a->count, b->count);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->root, b->root);
	for (size_t i = 0; i < a->count; i++) {
		assert_string_equal(a->photos[i].path, b->photos[i].path);
		assert_int_equal(a->photos[i].size_bytes, b->photos[i].size_bytes);
		assert_int_equal(a->photos[i].hashed, b->photos[i].hashed);
		if (a->photos[i].hashed) {
			assert_memory_equal(a->photos[i].sha256, b->photos[i].sha256, PF_SHA256_BYTES);
		}
	}
}

static void test_nasty_names_round_trip(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset = make_nasty(), *read = NULL;
	const char *file = pf_temp_path(folder, "manifest");
	for (size_t i = 1; i < dataset->count; i++) {
		assert_true(strcmp(dataset->photos[i - 1].path, dataset->photos[i].path) < 0);
	}
	assert_int_equal(pf_dataset_save(dataset, file, &error), PF_OK);
	assert_int_equal(pf_dataset_load(file, &read, &error), PF_OK);
	check_same(dataset, read);
	uint8_t hashes[2][PF_SHA256_BYTES];
	pf_dataset_hash(dataset, hashes[0]);
	pf_dataset_hash(read, hashes[1]);
	assert_memory_equal(hashes[0], hashes[1], PF_SHA256_BYTES);
	pf_dataset_free(read);
	pf_dataset_free(dataset);
}

static void test_empty_dataset_round_trips(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset, *read;
	const char *file = pf_temp_path(folder, "manifest");
	assert_int_equal(pf_dataset_create("empty", folder, &dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_save(dataset, file, &error), PF_OK);
	assert_int_equal(pf_dataset_load(file, &read, &error), PF_OK);
	check_same(dataset, read);
	pf_dataset_free(read);
	pf_dataset_free(dataset);
}

/* A root below the manifest's folder is written relative: both can be moved together. */
static void test_root_relative_or_absolute(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset, *read;
	char moved[PATH_MAX];
	mkdir(pf_temp_path(folder, "set"), 0777);
	mkdir(pf_temp_path(folder, "set/photos"), 0777);
	assert_int_equal(pf_dataset_create("n", pf_temp_path(folder, "set/photos"), &dataset, &error), PF_OK);
	assert_int_equal(pf_dataset_save(dataset, pf_temp_path(folder, "set/manifest"), &error), PF_OK);
	char *text = pf_temp_read(pf_temp_path(folder, "set/manifest"), NULL);
	assert_string_equal(text, "photofinish-manifest\t1\nname\tn\nroot\tphotos\ncount\t0\n");
	free(text);
	assert_int_equal(rename(pf_temp_path(folder, "set"), pf_temp_path(folder, "moved")), 0);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "moved/manifest"), &read, &error), PF_OK);
	assert_non_null(realpath(pf_temp_path(folder, "moved/photos"), moved));
	assert_string_equal(read->root, moved);
	pf_dataset_free(dataset);
	/* In the photos' own folder it is ".", elsewhere the root is absolute, with a common prefix or not.
	 */
	assert_int_equal(pf_dataset_save(read, pf_temp_path(folder, "moved/photos/manifest"), &error), PF_OK);
	text = pf_temp_read(pf_temp_path(folder, "moved/photos/manifest"), NULL);
	assert_non_null(strstr(text, "\nroot\t.\n"));
	free(text);
	mkdir(pf_temp_path(folder, "moved/photo"), 0777);
	assert_int_equal(pf_dataset_save(read, pf_temp_path(folder, "moved/photo/manifest"), &error), PF_OK);
	text = pf_temp_read(pf_temp_path(folder, "moved/photo/manifest"), NULL);
	char line[PATH_MAX + 16];
	snprintf(line, sizeof line, "\nroot\t%s\n", moved);
	assert_non_null(strstr(text, line));
	free(text);
	pf_dataset_free(read);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "moved/photo/manifest"), &read, &error), PF_OK);
	assert_string_equal(read->root, moved);
	pf_dataset_free(read);
}

/* `text` up to its first '@' is what precedes the malformed line; -1: no offset is demanded. */
static void check_malformed(const char *text, const char *message)
{
	char copy[2048];
	pf_error error = {0};
	pf_dataset *dataset = (pf_dataset *)1;
	const char *mark = strchr(text, '@'), *file = pf_temp_path(folder, "manifest");
	assert_non_null(mark);
	int before = (int)(mark - text);
	int length = snprintf(copy, sizeof copy, "%.*s%s", before, text, mark + 1);
	pf_temp_write(file, copy, (size_t)length);
	assert_int_equal(pf_dataset_load(file, &dataset, &error), PF_ERR_INVALID);
	assert_ptr_equal(dataset, (pf_dataset *)1);
	char place[64];
	snprintf(place, sizeof place, "malformed manifest at byte %d: ", before);
	if (!strstr(error.message, place) || !strstr(error.message, message)) {
		print_error("manifest:\n%s\nmessage: %s\nexpected: %s%s\n", copy, error.message, place,
			    message);
		fail();
	}
	assert_int_equal(error.offset, before);
	assert_string_equal(error.file, file);
	assert_int_equal(pf_dataset_load(file, &dataset, NULL), PF_ERR_INVALID);
}

static void test_malformed_heads(void **state)
{
	(void)state;
	check_malformed("@", "it ends too early");
	check_malformed("@garbage\n", "expected \"photofinish-manifest\"");
	check_malformed("@photofinish-manifest 1\n", "expected");
	check_malformed("@photofinish-manifest\t2\n", "unknown version");
	check_malformed("@photofinish-manifest\t1", "cut");
	check_malformed("photofinish-manifest\t1\n@", "it ends too early");
	check_malformed("photofinish-manifest\t1\n@root\t.\n", "expected \"name\"");
	check_malformed("photofinish-manifest\t1\n@name\tx\\q\n", "name");
	check_malformed("photofinish-manifest\t1\nname\tn\n@root\t\\x\n", "root");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@", "it ends too early");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t\n", "count");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t-1\n", "count");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t 1\n", "count");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t1x\n", "count");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t10000001\n", "count");
	check_malformed("photofinish-manifest\t1\nname\tn\nroot\t.\n@count\t99999999999999999999\n", "count");
}

static void test_malformed_photos(void **state)
{
	(void)state;
	check_malformed(HEAD "1\n@", "it ends too early");
	check_malformed(HEAD "2\n-\t1\ta.jpg\n@", "it ends too early");
	check_malformed(HEAD "0\n@-\t1\ta.jpg\n", "more lines");
	check_malformed(HEAD "1\n-\t1\ta.jpg\n@\n", "more lines");
	check_malformed(HEAD "1\n@-\t1\ta.jpg", "cut");
	check_malformed(HEAD "1\n@\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@-\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@-\t1\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@\t1\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@e3b0\t1\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@" HASH "0\t1\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD
			"1\n@E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\t1\ta.jpg\n",
			"expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@" HASH "\t-1\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@" HASH "\t9223372036854775808\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@" HASH "\t0x1\ta.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@-\t1\ta\\x0.jpg\n", "expected SHA256, SIZE and PATH");
	check_malformed(HEAD "1\n@-\t1\ta\\x00.jpg\n", "expected SHA256, SIZE and PATH");
}

static void test_paths_that_lead_elsewhere(void **state)
{
	(void)state;
	static const char *const paths[] = {"/etc/passwd", "..",      "../a.jpg",         "a/../b.jpg",
					    "a/..",        "./a.jpg", "a/./b.jpg",        "a//b.jpg",
					    "a/",          "",        "\\x2e\\x2e/a.jpg", "\\x2fetc/passwd"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		char text[512];
		snprintf(text, sizeof text, HEAD "2\n-\t1\tb.jpg\n@-\t1\t%s\n", paths[i]);
		check_malformed(text, "path");
	}
	static char text[24000];
	int used = snprintf(text, sizeof text, HEAD "1\n");
	int head = used;
	used += snprintf(text + used, sizeof text - (size_t)used, "-\t1\t");
	for (; used < head + 5000; used++) {
		text[used] = used % 100 ? 'x' : '/';
	}
	text[used++] = '\n';
	pf_error error;
	pf_dataset *dataset;
	pf_temp_write(pf_temp_path(folder, "manifest"), text, (size_t)used);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "manifest"), &dataset, &error), PF_ERR_INVALID);
	assert_int_equal(error.offset, head);
	memset(text + head, 'x', sizeof text - (size_t)head);
	pf_temp_write(pf_temp_path(folder, "manifest"), text, sizeof text);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "manifest"), &dataset, &error), PF_ERR_INVALID);
	assert_int_equal(error.offset, head);
}

static void test_bytes_of_zero_are_malformed(void **state)
{
	(void)state;
	static const char text[] = HEAD "1\n-\t1\ta\0b.jpg\n";
	pf_error error;
	pf_dataset *dataset;
	pf_temp_write(pf_temp_path(folder, "manifest"), text, sizeof text - 1);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "manifest"), &dataset, &error), PF_ERR_INVALID);
	assert_int_equal(error.offset, strlen(HEAD) + 2);
}

static void test_a_path_stands_once(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset;
	static const char text[] = HEAD "3\n-\t1\tb.jpg\n-\t1\ta.jpg\n-\t2\tb.jpg\n";
	pf_temp_write(pf_temp_path(folder, "manifest"), text, sizeof text - 1);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "manifest"), &dataset, &error), PF_ERR_INVALID);
	assert_string_equal(error.file, "b.jpg");
	assert_non_null(strstr(error.message, "twice"));
}

/* Cut anywhere, a manifest is refused. */
static void test_cut_files(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset = make_nasty();
	const char *file = pf_temp_path(folder, "manifest"), *cut = pf_temp_path(folder, "cut");
	assert_int_equal(pf_dataset_save(dataset, file, &error), PF_OK);
	pf_dataset_free(dataset);
	size_t size;
	char *text = pf_temp_read(file, &size);
	for (size_t length = 0; length < size; length++) {
		pf_temp_write(cut, text, length);
		assert_int_equal(pf_dataset_load(cut, &dataset, &error), PF_ERR_INVALID);
		assert_true(error.offset >= 0 && error.offset <= (int64_t)length);
	}
	free(text);
}

static void test_not_a_manifest(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *dataset;
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "none"), &dataset, &error), PF_ERR_NOT_FOUND);
	assert_int_equal(pf_dataset_load(folder, &dataset, &error), PF_ERR_INVALID);
	assert_int_equal(mkfifo(pf_temp_path(folder, "fifo"), 0600), 0);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "fifo"), &dataset, &error), PF_ERR_INVALID);
	pf_temp_write(pf_temp_path(folder, "huge"), "", 0);
	assert_int_equal(truncate(pf_temp_path(folder, "huge"), ((off_t)1 << 30) + 1), 0);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "huge"), &dataset, &error), PF_ERR_INVALID);
	static const char gone[] = "photofinish-manifest\t1\nname\tn\nroot\tnone\ncount\t0\n";
	pf_temp_write(pf_temp_path(folder, "gone"), gone, sizeof gone - 1);
	assert_int_equal(pf_dataset_load(pf_temp_path(folder, "gone"), &dataset, &error), PF_ERR_NOT_FOUND);
	assert_non_null(strstr(error.file, "/none"));
}

static void test_identity_is_of_the_photos_alone(void **state)
{
	(void)state;
	pf_error error;
	pf_dataset *a = make_nasty(), *b;
	uint8_t hashes[2][PF_SHA256_BYTES];
	pf_dataset_hash(a, hashes[0]);
	assert_int_equal(pf_dataset_create("another name", "/", &b, &error), PF_OK);
	for (size_t i = 0; i < a->count; i++) {
		const pf_dataset_photo *photo = &a->photos[i];
		pf_dataset_add(b, photo->path, photo->size_bytes, photo->hashed ? photo->sha256 : NULL,
			       &error);
	}
	pf_dataset_hash(b, hashes[1]);
	assert_memory_equal(hashes[0], hashes[1], PF_SHA256_BYTES);
	for (size_t i = 0; i < b->count; i++) {
		b->photos[i].size_bytes ^= 1;
		pf_dataset_hash(b, hashes[1]);
		assert_memory_not_equal(hashes[0], hashes[1], PF_SHA256_BYTES);
		b->photos[i].size_bytes ^= 1;
		if (b->photos[i].hashed) {
			b->photos[i].sha256[31] ^= 1;
			pf_dataset_hash(b, hashes[1]);
			assert_memory_not_equal(hashes[0], hashes[1], PF_SHA256_BYTES);
			b->photos[i].sha256[31] ^= 1;
		}
	}
	b->count--;
	pf_dataset_hash(b, hashes[1]);
	assert_memory_not_equal(hashes[0], hashes[1], PF_SHA256_BYTES);
	b->count++;
	pf_dataset_free(a);
	pf_dataset_free(b);
}

static void test_sha256_of_files(void **state)
{
	(void)state;
	pf_error error;
	uint8_t hash[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1];
	uint64_t size = 1;
	const char *file = pf_temp_path(folder, "file");
	pf_temp_write(file, "", 0);
	assert_int_equal(pf_file_sha256(file, hash, &size, &error), PF_OK);
	pf_sha256_hex(hash, hex);
	assert_string_equal(hex, HASH);
	assert_int_equal(size, 0);
	pf_temp_write(file, "abc", 3); /* FIPS 180-2, B.1 */
	assert_int_equal(pf_file_sha256(file, hash, &size, &error), PF_OK);
	pf_sha256_hex(hash, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_int_equal(size, 3);
	char *million = malloc(1000000); /* B.3; more than one read */
	memset(million, 'a', 1000000);
	pf_temp_write(file, million, 1000000);
	free(million);
	assert_int_equal(pf_file_sha256(file, hash, NULL, &error), PF_OK);
	pf_sha256_hex(hash, hex);
	assert_string_equal(hex, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	assert_int_equal(mkfifo(pf_temp_path(folder, "fifo"), 0600), 0);
	assert_int_equal(pf_file_sha256(pf_temp_path(folder, "fifo"), hash, &size, &error),
			 PF_ERR_NOT_REGULAR);
	assert_int_equal(pf_file_sha256(folder, hash, &size, &error), PF_ERR_NOT_REGULAR);
	assert_int_equal(pf_file_sha256(pf_temp_path(folder, "none"), hash, &size, &error), PF_ERR_NOT_FOUND);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

/* What a trial gets: the same dataset, and no image that is cut or was changed is taken over. */
static void test_packed(void **state)
{
	(void)state;
	enum { MANY = 700 };
	char name[64];
	pf_error error;
	pf_dataset *dataset, *again = NULL;
	uint8_t hash[PF_SHA256_BYTES] = {0}, one[PF_SHA256_BYTES], other[PF_SHA256_BYTES];
	assert_int_equal(pf_dataset_create("packed", folder, &dataset, &error), PF_OK);
	for (int i = 0; i < MANY; i++) {
		hash[0] = (uint8_t)i;
		snprintf(name, sizeof name, "%0*d.jpg", 4 + i % 9, i);
		assert_int_equal(pf_dataset_add(dataset, name, (uint64_t)i, i % 3 ? hash : NULL, &error),
				 PF_OK);
	}
	assert_int_equal(pf_dataset_sort(dataset, &error), PF_OK);
	const char *path = pf_temp_path(folder, "image");
	FILE *stream = fopen(path, "w+e");
	assert_non_null(stream);
	assert_int_equal(pf_dataset_pack(dataset, stream), PF_OK);
	long bytes = ftell(stream);
	assert_int_equal(pf_dataset_unpack(fileno(stream), &again, &error), PF_OK);
	assert_int_equal(again->count, MANY);
	assert_string_equal(again->name, dataset->name);
	assert_string_equal(again->root, dataset->root);
	pf_dataset_hash(dataset, one);
	pf_dataset_hash(again, other);
	assert_memory_equal(one, other, sizeof one);
	pf_dataset_free(again);
	for (long cut = bytes - 1; cut >= 0; cut -= cut > 200 ? 97 : 1) {
		assert_int_equal(ftruncate(fileno(stream), cut), 0);
		assert_int_equal(pf_dataset_unpack(fileno(stream), &again, &error), PF_ERR_INVALID);
	}
	rewind(stream);
	assert_int_equal(pf_dataset_pack(dataset, stream), PF_OK);
	uint64_t far =
		UINT64_C(1) << 62; /* first the number of photos, then a path that lies beyond the others */
	assert_int_equal(pwrite(fileno(stream), &far, sizeof far, 16), sizeof far);
	assert_int_equal(pf_dataset_unpack(fileno(stream), &again, &error), PF_ERR_INVALID);
	rewind(stream);
	assert_int_equal(pf_dataset_pack(dataset, stream), PF_OK);
	long first = 48 + (long)strlen(dataset->name) + (long)strlen(dataset->root) + 2;
	assert_int_equal(pwrite(fileno(stream), &far, sizeof far, first), sizeof far);
	assert_int_equal(pf_dataset_unpack(fileno(stream), &again, &error), PF_ERR_INVALID);
	assert_string_equal(error.message, "a packed dataset is damaged");
	rewind(stream); /* a bool that is neither */
	assert_int_equal(pf_dataset_pack(dataset, stream), PF_OK);
	uint8_t neither = 255;
	assert_int_equal(
		pwrite(fileno(stream), &neither, 1, first + (long)offsetof(pf_dataset_photo, hashed)), 1);
	assert_int_equal(pf_dataset_unpack(fileno(stream), &again, &error), PF_ERR_INVALID);
	fclose(stream);
	pf_dataset_free(dataset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FOLDER(test_nasty_names_round_trip),
		WITH_FOLDER(test_empty_dataset_round_trips),
		WITH_FOLDER(test_root_relative_or_absolute),
		WITH_FOLDER(test_malformed_heads),
		WITH_FOLDER(test_malformed_photos),
		WITH_FOLDER(test_paths_that_lead_elsewhere),
		WITH_FOLDER(test_bytes_of_zero_are_malformed),
		WITH_FOLDER(test_a_path_stands_once),
		WITH_FOLDER(test_cut_files),
		WITH_FOLDER(test_not_a_manifest),
		WITH_FOLDER(test_identity_is_of_the_photos_alone),
		WITH_FOLDER(test_sha256_of_files),
		WITH_FOLDER(test_packed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
