/* Kept scores: found by what they are of, and by nothing else; damaged rows are none; another process that
 * writes holds nobody up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "harness/base/interrupt.h"
#include "harness/cache/score_cache.h"
#include "photofinish/sha256.h"
#include "photofinish/trace.h"
#include "temp_folder.h"

static char folder[256];
static unsigned complaints;
static char last[300];

static void hear(const pf_error *error)
{
	complaints++;
	snprintf(last, sizeof last, "%s", error->message);
}

static pf_score_cache *open_cache(uint8_t context, uint64_t limit_bytes)
{
	pf_score_cache_order order = {.folder = folder, .limit_bytes = limit_bytes, .complain = hear};
	pf_score_cache *cache = NULL;
	pf_error error = {0};
	memset(order.context, context, sizeof order.context);
	if (pf_score_cache_open(&order, &cache, &error) != PF_OK) {
		fail_msg("%s", error.message);
	}
	return cache;
}

static const uint8_t *name_of(unsigned photo)
{
	static uint8_t sha256[PF_SHA256_BYTES];
	pf_sha256_of(&photo, sizeof photo, sha256);
	return sha256;
}

static void put(pf_score_cache *cache, unsigned photo)
{
	const pf_cached_score score = {.score = {.total = 0.25 + photo}, .service_ns = 7};
	pf_score_cache_put(cache, name_of(photo), 1000 + photo, &score);
}

static bool finds(pf_score_cache *cache, unsigned photo)
{
	pf_cached_score found = {.service_ns = 0};
	bool there = pf_score_cache_find(cache, name_of(photo), 1000 + photo, &found);
	if (there) {
		assert_true(found.score.total == 0.25 + photo && found.service_ns == 7);
	}
	return there;
}

static sqlite3 *other_process(void)
{
	sqlite3 *database = NULL;
	assert_int_equal(sqlite3_open(pf_temp_path(folder, "scores.db"), &database), SQLITE_OK);
	return database;
}

static void execute(sqlite3 *database, const char *sql)
{
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static size_t rows(void)
{
	sqlite3 *database = other_process();
	sqlite3_stmt *query = NULL;
	assert_int_equal(sqlite3_prepare_v2(database, "SELECT count(*) FROM score", -1, &query, NULL),
			 SQLITE_OK);
	assert_int_equal(sqlite3_step(query), SQLITE_ROW);
	size_t count = (size_t)sqlite3_column_int64(query, 0);
	sqlite3_finalize(query);
	sqlite3_close(database);
	return count;
}

static void test_kept(void **state)
{
	(void)state;
	pf_cached_score found;
	pf_score_cache *cache = open_cache(1, UINT64_MAX);
	for (unsigned i = 0; i < 200; i++) {
		assert_false(finds(cache, i));
		put(cache, i);
	}
	pf_score_cache_close(cache);
	cache = open_cache(1, UINT64_MAX);
	pf_score_cache_begin_reading(cache);
	for (unsigned i = 0; i < 200; i++) {
		assert_true(pf_score_cache_may_have(cache, 1000 + i));
		assert_true(finds(cache, i));
	}
	assert_false(pf_score_cache_may_have(cache, 999));
	assert_false(pf_score_cache_find(cache, name_of(5), 1006, &found)); /* of another size */
	pf_score_cache_end_reading(cache);
	pf_score_cache_close(cache);
	cache = open_cache(2, UINT64_MAX); /* scored by something else */
	assert_false(pf_score_cache_may_have(cache, 1000) || finds(cache, 0));
	pf_score_cache_close(cache);
	assert_int_equal(complaints, 0);
}

static void test_dropped(void **state)
{
	(void)state;
	pf_score_cache *cache = open_cache(3, UINT64_MAX);
	put(cache, 1);
	put(cache, 2);
	pf_score_cache_close(cache);
	cache = open_cache(3, UINT64_MAX);
	assert_true(finds(cache, 1));
	pf_score_cache_drop(cache, name_of(1));
	pf_score_cache_close(cache);
	cache = open_cache(3, UINT64_MAX);
	assert_false(finds(cache, 1));
	assert_true(finds(cache, 2));
	pf_score_cache_close(cache);
}

static void test_damaged(void **state)
{
	(void)state;
	pf_score_cache_facts facts;
	pf_score_cache *cache = open_cache(4, UINT64_MAX);
	put(cache, 1);
	put(cache, 2);
	pf_score_cache_close(cache);
	size_t before = rows();
	sqlite3 *database = other_process();
	execute(database, "UPDATE score SET service_ns = 8 WHERE bytes = 1001");
	sqlite3_close(database);
	cache = open_cache(4, UINT64_MAX);
	pf_score_cache_begin_reading(cache);
	assert_false(finds(cache, 1));
	assert_true(finds(cache, 2));
	pf_score_cache_end_reading(cache);
	pf_score_cache_facts_get(cache, &facts);
	assert_int_equal(facts.damaged, 1);
	assert_int_equal(facts.rows, before - 1);
	pf_score_cache_close(cache);
}

/* It waits for nobody while photos are scored, and loses nothing by that. */
static void test_held(void **state)
{
	(void)state;
	pf_score_cache *cache = open_cache(5, UINT64_MAX);
	sqlite3 *database = other_process();
	execute(database, "BEGIN IMMEDIATE");
	uint64_t begin_ns = pf_now_ns();
	for (unsigned i = 0; i < 300; i++) {
		put(cache, i);
		pf_score_cache_tick(cache);
	}
	assert_true(pf_now_ns() - begin_ns < 5000000000u); /* a wait takes ten seconds */
	assert_int_equal(complaints, 0);
	execute(database, "ROLLBACK");
	sqlite3_close(database);
	pf_score_cache_close(cache);
	cache = open_cache(5, UINT64_MAX);
	for (unsigned i = 0; i < 300; i++) {
		assert_true(finds(cache, i));
	}
	pf_score_cache_close(cache);
}

/* At the end it waits, but not long where somebody wants it to end; and says what is lost. */
static void test_interrupted(void **state)
{
	(void)state;
	pf_score_cache *cache = open_cache(6, UINT64_MAX);
	sqlite3 *database = other_process();
	execute(database, "BEGIN IMMEDIATE");
	put(cache, 1);
	pf_interrupts = 1;
	pf_score_cache_close(cache);
	pf_interrupts = 0;
	assert_int_equal(complaints, 1);
	assert_non_null(strstr(last, "database is locked"));
	execute(database, "ROLLBACK");
	sqlite3_close(database);
}

static void test_bounded(void **state)
{
	(void)state;
	pf_score_cache_facts facts;
	pf_score_cache *cache = open_cache(7, 300000);
	for (unsigned i = 0; i < 2000; i++) {
		put(cache, i);
	}
	pf_score_cache_facts_get(cache, &facts);
	assert_true(facts.bytes <= 300000 && facts.rows > 50);
	pf_score_cache_close(cache);
}

static void test_broken(void **state)
{
	(void)state;
	pf_temp_write(pf_temp_path(folder, "scores.db"), "this is none, and long enough to see it", 39);
	pf_score_cache *cache = open_cache(8, UINT64_MAX);
	assert_int_equal(complaints, 1);
	assert_non_null(strstr(last, "set aside"));
	put(cache, 1);
	pf_score_cache_close(cache);
	assert_true(pf_temp_exists(pf_temp_path(folder, "scores.db.broken")));
	assert_int_equal(rows(), 1);
}

static int begin(void **state)
{
	(void)state;
	complaints = 0;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_kept, begin),        cmocka_unit_test_setup(test_dropped, begin),
		cmocka_unit_test_setup(test_damaged, begin),     cmocka_unit_test_setup(test_held, begin),
		cmocka_unit_test_setup(test_interrupted, begin), cmocka_unit_test_setup(test_bounded, begin),
		cmocka_unit_test_setup(test_broken, begin)};
	pf_temp_make(folder);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	pf_temp_remove(folder);
	return failed;
}
