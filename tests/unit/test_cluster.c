/* What goes through Redis, and what Redis may do: entries that are not ours, replies that are none, a server
 * that never answers; and hosts that take shards and are lost with them. The server is a real redis-server,
 * or, where no real one would do that, a process that says a text. Without redis-server the parts that need
 * it are skipped. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/cluster/broker.h"
#include "core/cluster/cluster_message.h"
#include "photofinish/trace.h"
#include "shared_memory.h"
#include "temp_folder.h"

enum { PHOTOS = 5, LEASE_MS = 200 };

static char folder[256];

static void make_folder(void)
{
	pf_temp_make(folder);
}

/* Addresses. */

static void test_addresses(void **state)
{
	static const char *const wrong[] = {"",
					    "localhost:6379",
					    "redis://",
					    "redis://:6379",
					    "redis://h:0",
					    "redis://h:65536",
					    "redis://h:12x",
					    "redis://h/-1",
					    "redis://h/1x",
					    "redis://secret@h",
					    "redis://[::1",
					    "unix:",
					    "rediss://h"};
	pf_broker_address address;
	pf_error error;
	char text[PF_BROKER_NAME], path[200];
	(void)state;
	assert_int_equal(pf_broker_address_read("redis://nas", &address, &error), PF_OK);
	assert_string_equal(pf_broker_address_text(&address, text), "redis at nas:6379");
	assert_int_equal(pf_broker_address_read("redis://me:p@ss:word@10.0.0.2:7000/3", &address, &error),
			 PF_OK);
	assert_string_equal(address.user, "me");
	assert_string_equal(address.password, "p@ss:word");
	assert_int_equal(address.database, 3);
	assert_string_equal(pf_broker_address_text(&address, text), "redis at 10.0.0.2:7000");
	assert_int_equal(pf_broker_address_read("redis://[::1]:7000/", &address, &error), PF_OK);
	assert_string_equal(address.host, "::1");
	assert_int_equal(pf_broker_address_read("unix:/run/redis.sock", &address, &error), PF_OK);
	assert_string_equal(address.path, "/run/redis.sock");
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		assert_int_equal(pf_broker_address_read(wrong[i], &address, &error), PF_ERR_USAGE);
	}
	memset(path, 'x', sizeof path);
	memcpy(path, "unix:", 5);
	path[sizeof path - 1] = '\0';
	assert_int_equal(pf_broker_address_read(path, &address, &error), PF_ERR_USAGE);
}

/* Messages. */

static void test_messages(void **state)
{
	pf_cluster_seal seal, other;
	pf_error error;
	pf_shard_message shard = {.number = 7, .burst = 2, .count = 3, .photos = {2, 3, 4}}, read_shard;
	static pf_result_message result = {.shard = 7, .photo = 3, .bytes = 100, .entry = "1-0"}, read_result;
	uint8_t bytes[PF_MESSAGE_MOST], told[PF_MESSAGE_MOST];
	(void)state;
	assert_int_equal(pf_cluster_seal_draw(&seal, &error), PF_OK);
	memset(result.told, 5, sizeof result.told);
	size_t size = pf_shard_write(&seal, &shard, bytes), told_size = pf_result_write(&seal, &result, told);
	assert_true(pf_shard_read(&seal, bytes, size, PHOTOS, &read_shard));
	assert_int_equal(read_shard.photos[2], 4);
	assert_true(pf_result_read(&seal, told, told_size, PHOTOS, &read_result));
	assert_int_equal(read_result.photo, 3);

	/* Any bit, any other length, any other run, secret or kind, and photos that there are not. */
	for (size_t bit = 0; bit < 8 * size; bit++) {
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		assert_false(pf_shard_read(&seal, bytes, size, PHOTOS, &read_shard));
		bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	for (size_t part = 0; part < size; part++) {
		assert_false(pf_shard_read(&seal, bytes, part, PHOTOS, &read_shard));
	}
	for (size_t part = 0; part < told_size; part++) {
		assert_false(pf_result_read(&seal, told, part, PHOTOS, &read_result));
	}
	other = seal;
	other.run[0] ^= 1;
	assert_false(pf_shard_read(&other, bytes, size, PHOTOS, &read_shard));
	other = seal;
	other.secret[0] ^= 1;
	assert_false(pf_result_read(&other, told, told_size, PHOTOS, &read_result));
	assert_false(pf_result_read(&seal, bytes, size, PHOTOS, &read_result));
	assert_false(pf_shard_read(&seal, bytes, size, 4, &read_shard));
	assert_false(pf_result_read(&seal, told, told_size, 3, &read_result));

	/* What who has the secret may not say either. */
	shard.photos[2] = shard.photos[0];
	size = pf_shard_write(&seal, &shard, bytes);
	assert_false(pf_shard_read(&seal, bytes, size, PHOTOS, &read_shard));
	memset(result.entry, 'x', sizeof result.entry);
	told_size = pf_result_write(&seal, &result, told);
	assert_false(pf_result_read(&seal, told, told_size, PHOTOS, &read_result));
}

/* Another one's facts are refused, and no announcement of who has not the secret is one. */
static void test_announcements(void **state)
{
	pf_announcement announcement = {.lease_ms = 5000, .facts = {.version = "1", .processor = "p"}}, got;
	uint8_t bytes[PF_MESSAGE_MOST], secret[32], other[32];
	pf_error error;
	(void)state;
	assert_int_equal(pf_cluster_secret("0123456789abcde", secret, &error), PF_ERR_USAGE);
	assert_int_equal(pf_cluster_secret(NULL, secret, &error), PF_ERR_USAGE);
	assert_int_equal(pf_cluster_secret("0123456789abcdef", secret, &error), PF_OK);
	assert_int_equal(pf_cluster_secret("0123456789abcdeg", other, &error), PF_OK);
	size_t size = pf_announcement_write(secret, &announcement, bytes);
	assert_true(pf_announcement_read(secret, bytes, size, &got));
	assert_null(pf_cluster_facts_differ(&announcement.facts, &got.facts));
	assert_false(pf_announcement_read(other, bytes, size, &got));
	assert_false(pf_announcement_read(secret, bytes, size - 1, &got));
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= 1;
		assert_false(pf_announcement_read(secret, bytes, size, &got));
		bytes[at] ^= 1;
	}
	announcement.lease_ms = 0;
	size = pf_announcement_write(secret, &announcement, bytes);
	assert_false(pf_announcement_read(secret, bytes, size, &got));

	pf_cluster_facts facts = announcement.facts;
	facts.processor[0] = 'q';
	assert_string_equal(pf_cluster_facts_differ(&announcement.facts, &facts), "the processors");
	facts = announcement.facts;
	facts.engine[0] ^= 1;
	assert_string_equal(pf_cluster_facts_differ(&announcement.facts, &facts), "the engine");
	facts = announcement.facts;
	facts.config[31] ^= 1;
	assert_non_null(strstr(pf_cluster_facts_differ(&announcement.facts, &facts), "models"));
	facts = announcement.facts;
	facts.version[0] = '2';
	assert_non_null(strstr(pf_cluster_facts_differ(&announcement.facts, &facts), "instruction set"));
}

/* Servers that are none. */

/* Says `text`, `repeat` times, to the first who connects, and no more. */
static pid_t say(pf_broker_address *address, const char *text, size_t bytes, unsigned repeat)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	*address = (pf_broker_address){.port = 0};
	snprintf(address->path, sizeof address->path, "%s/says", folder);
	snprintf(name.sun_path, sizeof name.sun_path, "%s", address->path);
	unlink(address->path);
	int listening = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listening, (struct sockaddr *)&name, sizeof name), 0);
	assert_int_equal(listen(listening, 4), 0);
	pid_t pid = fork();
	if (pid == 0) {
		signal(SIGPIPE, SIG_IGN);
		int connection = accept(listening, NULL, NULL);
		for (unsigned i = 0; i < repeat && write(connection, text, bytes) > 0; i++) {
		}
		pause();
	}
	close(listening);
	return pid;
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

static pf_status what_becomes_of(const char *text, size_t bytes, unsigned repeat, pf_error *error)
{
	pf_broker_address address;
	pf_broker *broker = NULL;
	pid_t pid = say(&address, text, bytes, repeat);
	uint64_t begin = pf_now_ns();
	pf_status status = pf_broker_open(&address, &broker, error);
	assert_true(pf_now_ns() - begin < 60 * 1000000000ull);
	assert_int_equal(broker != NULL, status == PF_OK);
	pf_broker_close(broker);
	end(pid);
	return status;
}

static void test_servers_that_are_none(void **state)
{
	static char large[1 << 16];
	pf_error error;
	(void)state;
	make_folder();
#define SAYS(text, repeat) what_becomes_of(text, sizeof(text) - 1, repeat, &error)
	assert_int_equal(SAYS("HTTP/1.1 400 Bad Request\r\n\r\n", 1), PF_ERR_INVALID);
	assert_int_equal(SAYS("$-7\r\n", 1), PF_ERR_INVALID);
	assert_int_equal(SAYS("*2000000000\r\n", 1), PF_ERR_INVALID);           /* 16 GB of pointers */
	assert_int_equal(SAYS("*99999999999999999999\r\n", 1), PF_ERR_INVALID); /* what no number holds */
	assert_int_equal(SAYS("*1\r\n", 1000), PF_ERR_INVALID);                 /* arrays in arrays */
	assert_int_equal(SAYS(":1\r\n", 1), PF_ERR_UNAVAILABLE);                /* no version */
	assert_int_equal(SAYS("-LOADING Redis is loading the dataset in memory\r\n", 1), PF_ERR_IO);
	assert_int_equal(SAYS("$22\r\nredis_version:nonsense\r\n", 1), PF_ERR_UNAVAILABLE);
	assert_int_equal(SAYS("$19\r\nredis_version:6.0.9\r\n", 1), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "is version 6.0: 6.2 or newer is needed"));
	assert_int_equal(SAYS("$21\r\nredis_version:999.0.1\r\n", 1), PF_OK);
	assert_int_equal(SAYS("-NOAUTH Authentication required.\r\n", 1), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "NOAUTH"));
	/* Control characters of others do not reach a terminal. */
	assert_int_equal(SAYS("-OOM \x1b[31m\x9b\r\n", 1), PF_ERR_NO_MEMORY);
	assert_non_null(strstr(error.message, "OOM ?[31m?"));
	memset(large, 'x', sizeof large);
	static const char begin[] = "$2000000000\r\n";
	memcpy(large, begin, sizeof begin - 1);
	assert_int_equal(what_becomes_of(large, sizeof large, 1000, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "larger than"));
	assert_int_equal(SAYS("", 0), PF_ERR_IO); /* takes PF_BROKER_PATIENCE_MS */
	assert_non_null(strstr(error.message, "did not answer"));
#undef SAYS
	pf_broker *broker;
	pf_broker_address nobody = {.port = 1, .host = "127.0.0.1"};
	assert_int_equal(pf_broker_open(&nobody, &broker, &error), PF_ERR_IO);
	assert_non_null(strstr(error.message, "cannot reach redis at 127.0.0.1:1"));
	pf_temp_remove(folder);
}

/* A submitter, with a real server. */

static struct {
	pf_own_broker broker;
	pf_cluster_seal seal;
	pf_cluster_keys keys;
	pf_cluster *cluster;
	pf_broker *other; /* of somebody else who reaches it */
	struct pf_env env;
	pf_scorer_config config;
	pf_dataset dataset;
	pf_dataset_photo photos[PHOTOS];
	unsigned found, ranked, done[PHOTOS];
	pf_status outcomes[PHOTOS];
} run;

static pf_status hear_burst(struct pf_sink *sink, const pf_burst *burst)
{
	(void)sink;
	(void)burst;
	run.found++;
	return PF_OK;
}

static pf_status hear_photo(struct pf_sink *sink, const pf_photo_result *result)
{
	(void)sink;
	run.done[result->index]++;
	run.outcomes[result->index] = result->status;
	return PF_OK;
}

static pf_status hear_ranks(struct pf_sink *sink, const pf_burst *burst, const uint32_t *ranks)
{
	(void)sink;
	(void)burst;
	(void)ranks;
	run.ranked++;
	return PF_OK;
}

static struct pf_sink sink = {sizeof sink, hear_burst, hear_photo, hear_ranks};

static void open_run(void)
{
	static const uint32_t photos[PHOTOS] = {0, 1, 2, 3, 4};
	pf_error error = {0};
	atomic_int *cancel;
	memset(&run, 0, sizeof run);
	make_folder();
	pf_status status = pf_own_broker_start(&run.broker, folder, &error);
	if (status == PF_ERR_UNAVAILABLE) {
		print_message("%s\n", error.message);
		pf_temp_remove(folder);
		skip();
	}
	assert_int_equal(status, PF_OK);
	pf_scorer_config_default(&run.config);
	run.env = pf_shared_env(1, &cancel);
	run.env.scorer = &run.config;
	run.dataset = (pf_dataset){.root = folder, .photos = run.photos, .count = PHOTOS};
	for (int i = 0; i < PHOTOS; i++) {
		run.photos[i].path = "photo.jpg";
	}
	assert_int_equal(pf_cluster_seal_draw(&run.seal, &error), PF_OK);
	pf_cluster_name_keys(&run.seal, &run.keys);
	assert_int_equal(pf_cluster_open(&run.env, &run.dataset, &sink, &run.broker.address, &run.seal,
					 LEASE_MS, &run.cluster, &error),
			 PF_OK);
	assert_int_equal(pf_broker_open(&run.broker.address, &run.other, &error), PF_OK);
	const pf_burst burst = {.id = 0, .count = PHOTOS, .photos = photos};
	assert_int_equal(pf_cluster_add(run.cluster, &burst), PF_OK);
	assert_false(pf_cluster_is_done(run.cluster));
}

static void close_run(void)
{
	pf_broker_close(run.other);
	pf_cluster_close(run.cluster);
	pf_own_broker_stop(&run.broker);
	pf_temp_remove(folder);
}

static void step(void)
{
	pf_error error = {0};
	pf_status status = pf_cluster_step(run.cluster, 10, &error);
	if (status != PF_OK) {
		print_message("%s\n", error.message);
	}
	assert_int_equal(status, PF_OK);
}

/* Long enough for a Redis that was lost to be made anew. */
static void settle(void)
{
	for (int i = 0; i < 40; i++) {
		step();
	}
}

/* A host that takes all there is, and is not heard of any more. Returns how many shards it got. */
static size_t take_and_vanish(void)
{
	redisReply *reply = NULL;
	pf_error error;
	pf_status status = pf_broker_ask(run.other, &reply, &error,
					 "XREADGROUP GROUP " PF_CLUSTER_GROUP " lost COUNT 100 STREAMS %s >",
					 run.keys.tasks);
	assert_true(status == PF_OK || status == PF_ERR_NOT_FOUND);
	const redisReply *entries = status == PF_OK ? pf_stream_entries(reply) : NULL;
	size_t count = entries ? entries->elements : 0;
	freeReplyObject(reply);
	return count;
}

static void test_photos_that_take_hosts_along(void **state)
{
	uint64_t begin = pf_now_ns();
	size_t taken = 0;
	(void)state;
	open_run();
	while (!pf_cluster_is_done(run.cluster) && pf_now_ns() - begin < 120 * 1000000000ull) {
		taken += take_and_vanish();
		step();
	}
	/* The burst twice, then each of its photos twice. */
	assert_int_equal(taken, 2 + 2 * PHOTOS);
	for (int i = 0; i < PHOTOS; i++) {
		assert_int_equal(run.done[i], 1);
		assert_int_equal(run.outcomes[i], PF_ERR_CRASHED);
	}
	assert_int_equal(run.found, 1);
	assert_int_equal(run.ranked, 1);
	pf_cluster_counts counts = pf_cluster_count(run.cluster);
	assert_int_equal(counts.quarantined, PHOTOS);
	assert_int_equal(counts.refused, 0);
	assert_int_equal(counts.rebuilt, 0);
	close_run();
}

static void tell(const char *format, ...)
{
	va_list arguments;
	char command[256];
	pf_error error;
	redisReply *reply = NULL;
	va_start(arguments, format);
	vsnprintf(command, sizeof command, format, arguments);
	va_end(arguments);
	assert_int_equal(pf_broker_ask(run.other, &reply, &error, command), PF_OK);
	freeReplyObject(reply);
}

/* What others write into the streams is refused, whatever it is; what they remove comes again. */
static void test_others_in_the_streams(void **state)
{
	static char large[9 << 20];
	redisReply *reply = NULL;
	pf_error error;
	(void)state;
	open_run();
	tell("XADD %s * m garbage", run.keys.results);
	tell("XADD %s * other field", run.keys.results);
	tell("XADD %s * m one m two", run.keys.results);
	pf_cluster_seal foreign = run.seal;
	foreign.run[3] ^= 1;
	uint8_t bytes[PF_MESSAGE_MOST];
	static pf_result_message result = {.shard = 0, .photo = 1, .bytes = 8, .entry = "1-0"};
	size_t size = pf_result_write(&foreign, &result, bytes);
	assert_int_equal(
		pf_broker_ask(run.other, &reply, &error, "XADD %s * m %b", run.keys.results, bytes, size),
		PF_OK);
	freeReplyObject(reply);
	size = pf_result_write(&run.seal, &result, bytes); /* ours, but no outcome */
	assert_int_equal(
		pf_broker_ask(run.other, &reply, &error, "XADD %s * m %b", run.keys.results, bytes, size),
		PF_OK);
	freeReplyObject(reply);
	for (int i = 0; i < 100 && pf_cluster_count(run.cluster).refused < 5; i++) {
		step();
	}
	assert_int_equal(pf_cluster_count(run.cluster).refused, 5);
	assert_int_equal(run.done[1], 0);

	/* More than one reply may have. */
	memset(large, 'x', sizeof large);
	assert_int_equal(pf_broker_ask(run.other, &reply, &error, "XADD %s * m %b", run.keys.results, large,
				       sizeof large),
			 PF_OK);
	freeReplyObject(reply);
	for (int i = 0; i < 300 && pf_cluster_count(run.cluster).rebuilt < 1; i++) {
		step();
	}
	assert_int_equal(pf_cluster_count(run.cluster).rebuilt, 1);
	settle();
	for (int i = 0; i < 300 && take_and_vanish() == 0; i++) {
		step();
	}

	/* All of it, and another kind of value under our name. */
	tell("FLUSHALL");
	for (int i = 0; i < 300 && take_and_vanish() == 0; i++) {
		step();
	}
	assert_int_equal(pf_cluster_count(run.cluster).rebuilt, 2);
	tell("SET %s text", run.keys.tasks);
	for (int i = 0; i < 300 && take_and_vanish() == 0; i++) {
		step();
	}
	assert_int_equal(pf_cluster_count(run.cluster).rebuilt, 3);
	assert_false(pf_cluster_is_done(run.cluster));
	close_run();
}

static void test_no_memory(void **state)
{
	pf_error error = {0};
	pf_status status = PF_OK;
	(void)state;
	open_run();
	tell("CONFIG SET maxmemory 1");
	for (int i = 0; i < 300 && status == PF_OK; i++) {
		status = pf_cluster_step(run.cluster, 10, &error);
	}
	assert_int_equal(status, PF_ERR_NO_MEMORY);
	assert_non_null(strstr(error.message, "out of memory (maxmemory)"));
	close_run();
}

static void test_password(void **state)
{
	pf_error error = {0};
	pf_broker *broker = NULL;
	pf_broker_address address;
	(void)state;
	open_run();
	tell("CONFIG SET requirepass right");
	address = run.broker.address;
	assert_int_equal(pf_broker_open(&address, &broker, &error), PF_ERR_UNAVAILABLE);
	assert_non_null(strstr(error.message, "NOAUTH"));
	snprintf(address.password, sizeof address.password, "wrong");
	assert_int_equal(pf_broker_open(&address, &broker, &error), PF_ERR_UNAVAILABLE);
	assert_null(strstr(error.message, "wrong "));
	snprintf(address.password, sizeof address.password, "right");
	assert_int_equal(pf_broker_open(&address, &broker, &error), PF_OK);
	pf_broker_close(broker);
	close_run();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_announcements),
		cmocka_unit_test(test_servers_that_are_none),
		cmocka_unit_test(test_photos_that_take_hosts_along),
		cmocka_unit_test(test_others_in_the_streams),
		cmocka_unit_test(test_no_memory),
		cmocka_unit_test(test_password),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
