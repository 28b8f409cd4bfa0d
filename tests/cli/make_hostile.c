/* Fills a folder with one good photo and with files that no scorer should trip over, for the command line
 * cases. Usage: make_hostile FOLDER */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/unit/jpeg_fixture.h"
#include "tests/unit/temp_folder.h"

static void put(const char *name, pf_fixture_bytes bytes, size_t length)
{
	assert_true(length <= bytes.bytes);
	pf_temp_write(name, bytes.data, length ? length : bytes.bytes);
	pf_fixture_free(&bytes);
}

int main(int argc, char **argv)
{
	if (argc != 2 || chdir(argv[1])) {
		fprintf(stderr, "usage: make_hostile FOLDER\n");
		return 2;
	}
	pf_fixture_spec plain = {.width_px = 320, .height_px = 240};
	pf_fixture_spec progressive = plain, many_scans = plain, cmyk = plain;
	progressive.scans = 1;
	many_scans.scans = 500;
	cmyk.components = 4;
	put("good.jpg", pf_fixture_jpeg(&plain), 0);
	put("progressive.jpg", pf_fixture_jpeg(&progressive), 0);
	put("scans.jpg", pf_fixture_jpeg(&many_scans), 0);
	put("cmyk.jpg", pf_fixture_jpeg(&cmyk), 0);
	put("bomb.jpg", pf_fixture_bomb(65500, 65500), 0);
	put("escape\x1b[31m\xE2\x80\xAEgpj.jpg", pf_fixture_jpeg(&plain), 0);
	put("formula.jpg", pf_fixture_jpeg(&plain), 0);
	rename("formula.jpg", "=1+1.jpg");
	pf_fixture_bytes cut = pf_fixture_jpeg(&plain);
	put("truncated.jpg", cut, cut.bytes / 2);
	pf_temp_write("text.jpg", "this is no photo\n", 17);
	pf_temp_write("empty.jpg", "", 0);
	pf_temp_write("notes.txt", "not a photo by its name\n", 24);
	assert_int_equal(mkfifo("fifo.jpg", 0600), 0);
	assert_int_equal(symlink("/etc/hostname", "link_out.jpg"), 0);
	assert_int_equal(symlink("good.jpg", "link_in.jpg"), 0);
	assert_int_equal(symlink("nowhere.jpg", "link_dangling.jpg"), 0);
	assert_int_equal(mkdir("folder.jpg", 0777), 0);
	return 0;
}
