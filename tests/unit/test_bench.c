/* Commands run and timed: what a run tells, the time limit, what is left behind, interrupts, rounds. */
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/base/interrupt.h"
#include "harness/bench/bench.h"
#include "harness/bench/bench_counts.h"
#include "photofinish/trace.h"

static char folder[] = "/tmp/photofinish-bench-XXXXXX";

static pf_timed_run shell(const char *line, double timeout_s)
{
	char *const arguments[] = {"sh", "-c", (char *)line, NULL};
	const pf_timed_setting setting = {.timeout_s = timeout_s};
	pf_timed_run run;
	pf_error error = {0};
	pf_status status = pf_timed_command_run(arguments, &setting, &run, &error);
	if (status != PF_OK) {
		print_error("%s\n", error.message);
	}
	assert_int_equal(status, PF_OK);
	return run;
}

static void test_what_a_run_tells(void **state)
{
	(void)state;
	pf_timed_run run = shell("exit 3", 0);
	assert_int_equal(run.status, 3);
	assert_false(run.timed_out || run.stopped);
	assert_int_equal(shell("kill -9 $$", 0).status, 128 + SIGKILL);
	run = shell("sleep 0.2", 0);
	assert_true(run.wall_ns >= 200000000u);
	assert_true(run.user_ns + run.system_ns < 150000000u); /* asleep, not busy */
	assert_true(run.peak_rss_bytes > 100000);
	run = shell("i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done", 0);
	assert_true(run.user_ns > 5000000u && run.user_ns <= run.wall_ns + 20000000u);
}

/* A process that a large one starts begins with its peak (ru_maxrss survives exec): a command's is its own.
 */
static void test_memory_is_the_commands_own(void **state)
{
	(void)state;
	enum { LARGE = 100 << 20, SMALL = 30 << 20 };
	char *block = malloc(LARGE);
	assert_non_null(block);
	memset(block, 1, LARGE);
	uint64_t small = shell("exit 0", 0).peak_rss_bytes;
	uint64_t large = shell("exec head -c 60000000 /dev/zero | tail -n 1 >/dev/null", 0).peak_rss_bytes;
	assert_true(block[LARGE - 1] == 1 && small > 300000 && small < SMALL);
	assert_true(large > 59000000 && large < LARGE);
	free(block);
}

static void test_what_cannot_be_started(void **state)
{
	(void)state;
	char *const arguments[] = {"/nowhere/nothing", NULL};
	pf_timed_run run;
	pf_error error = {0};
	assert_int_equal(pf_timed_command_run(arguments, &(pf_timed_setting){0}, &run, &error),
			 PF_ERR_NOT_FOUND);
	assert_non_null(strstr(error.message, "No such file"));
	assert_string_equal(error.file, "/nowhere/nothing");
}

/* The process whose number the command wrote there is gone; what was killed takes a moment. */
static void check_gone(const char *file)
{
	int pid = 0;
	FILE *stream = fopen(file, "r");
	assert_non_null(stream);
	assert_int_equal(fscanf(stream, "%d", &pid), 1);
	fclose(stream);
	for (int i = 0; i < 6000 && kill(pid, 0) == 0; i++) {
		char path[64], text[256] = "";
		snprintf(path, sizeof path, "/proc/%d/stat", pid);
		stream = fopen(path, "r");
		bool zombie = !stream || !fgets(text, sizeof text, stream) || strstr(text, ") Z ");
		if (stream) {
			fclose(stream);
		}
		if (zombie) {
			return;
		}
		usleep(10000);
	}
	assert_int_not_equal(kill(pid, 0), 0);
}

static void test_the_group_is_killed(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		double timeout_s;
		bool timed_out;
	} cases[] = {
		{"sleep 600 & echo $! >pid", 0, false},
		{"sleep 600 & echo $! >pid; wait", 0.2, true},
		{"trap '' TERM; sleep 600 & echo $! >pid; wait; sleep 600", 0.2, true},
		{"sleep 600 & echo $! >pid; kill -STOP $!; kill -STOP $$", 0.2, true},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		/* On a busy machine the shell may not have come so far: it gets ten times as long. */
		pf_timed_run run;
		struct stat written;
		double timeout_s = cases[i].timeout_s;
		do {
			unlink("pid");
			run = shell(cases[i].line, timeout_s);
			timeout_s *= 10;
		} while (timeout_s > 0 && timeout_s < 1000 &&
			 (stat("pid", &written) != 0 || written.st_size == 0));
		assert_int_equal(run.timed_out, cases[i].timed_out);
		assert_false(run.stopped);
		assert_true(run.wall_ns < 300000000000u); /* not the 600 s of its child */
		check_gone("pid");
	}
}

static void interrupt(int signal)
{
	(void)signal;
	pf_interrupts = pf_interrupts + 1;
}

/* Once the command has come so far as to write its child's number. */
static void interrupt_when_begun(int signal)
{
	struct stat written;
	if (stat("pid", &written) == 0 && written.st_size > 0) {
		interrupt(signal);
	}
}

static void test_an_interrupt_ends_it(void **state)
{
	(void)state;
	struct sigaction action = {.sa_handler = interrupt_when_begun};
	unlink("pid");
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &(struct itimerval){{0, 200000}, {0, 200000}}, NULL);
	pf_timed_run run = shell("sleep 600 & echo $! >pid; wait", 0);
	setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL);
	assert_true(run.stopped && !run.timed_out);
	assert_true(run.status == 128 + SIGTERM ||
		    run.status == 128 + SIGKILL); /* killed where it took long to end */
	check_gone("pid");
	pf_interrupts = 0;
}

static void read_log(char *out, size_t capacity)
{
	FILE *stream = fopen("log", "r");
	out[0] = '\0';
	if (stream) {
		out[fread(out, 1, capacity - 1, stream)] = '\0';
		fclose(stream);
	}
	unlink("log");
}

static pf_bench make_bench(pf_bench_command *commands, char *lines[][4], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		commands[i] = (pf_bench_command){.arguments = lines[i], .name = lines[i][2]};
	}
	return (pf_bench){
		.commands = commands, .count = count, .rounds = 4, .seed = 1, .rules = {0.02, 0.01, false}};
}

static void test_rounds(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "printf a >>log", NULL}, {"sh", "-c", "printf b >>log", NULL}};
	pf_bench_command commands[2];
	pf_error error = {0};
	char log[64] = "";
	pf_bench bench = make_bench(commands, lines, 2);
	bench.warmup = 2;
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	read_log(log, sizeof log);
	assert_int_equal(strlen(log), 2 * 2 + 4 * 2);
	assert_memory_equal(log, "abab", 4); /* to warm up */
	for (size_t i = 4; i < 12; i += 4) { /* odd rounds draw an order, even rounds reverse it */
		assert_int_equal(log[i], log[i + 3]);
		assert_int_equal(log[i + 1], log[i + 2]);
		assert_int_not_equal(log[i], log[i + 1]);
	}
	assert_int_equal(bench.rounds_done, 4);
	assert_string_equal(bench.stopped, "rounds");
	for (int i = 0; i < 2; i++) {
		double sum = 0, least = INFINITY;
		for (int k = 0; k < 4; k++) {
			double seconds = (double)commands[i].runs[k].wall_ns * 1e-9;
			sum += seconds;
			least = fmin(least, seconds);
		}
		assert_true(fabs(commands[i].seconds.mean - sum / 4) < 1e-12);
		assert_true(commands[i].least_s == least && commands[i].most_s >= commands[i].median_s);
		assert_true(commands[i].seconds.n == 4 && commands[i].seconds.has_interval);
	}
	pf_bench_release(&bench);
}

static void test_faster_and_slower(void **state)
{
	(void)state;
	char *lines[][4] = {
		{"sh", "-c", "sleep 0.02", NULL}, {"sh", "-c", "sleep 1", NULL}, {"sh", "-c", ":", NULL}};
	pf_bench_command commands[3];
	pf_error error = {0};
	pf_bench bench = make_bench(commands, lines, 3);
	bench.rounds = 6;
	assert_true(fabs(pf_bench_rules(&bench).alpha - 0.005) < 1e-15); /* shared out */
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	assert_int_equal(commands[1].comparison.word, PF_WORD_FASTER);
	assert_true(commands[1].comparison.ratio.mean < 0.5);
	pf_bench_release(&bench);
}

/* Stops once every comparison has its word, not before. */
static void test_until_decided(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "sleep 0.1", NULL}, {"sh", "-c", ":", NULL}};
	pf_bench_command commands[2];
	pf_error error = {0};
	pf_bench bench = make_bench(commands, lines, 2);
	bench.rounds = 200;
	bench.rules.until_decided = true;
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	assert_string_equal(bench.stopped, "decided");
	assert_int_equal(commands[1].comparison.word, PF_WORD_SLOWER);
	assert_int_equal(commands[1].comparison.decided_after, bench.rounds_done);
	assert_in_range(bench.rounds_done, 8, 199);
	pf_bench_release(&bench);
}

static void test_failures(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "printf a >>log", NULL},
			    {"sh", "-c", "printf b >>log; [ $(wc -c <log) -lt 5 ]", NULL}};
	pf_bench_command commands[2];
	pf_error error = {0};
	char log[64] = "";
	pf_bench bench = make_bench(commands, lines, 2);
	assert_int_equal(pf_bench_run(&bench, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "ends with status 1"));
	assert_true(bench.rounds_done >= 1 && bench.rounds_done < 4); /* the whole rounds are kept */
	assert_int_equal(commands[0].seconds.n, bench.rounds_done);
	assert_string_equal(bench.stopped, "failure");
	read_log(log, sizeof log);
	pf_bench_release(&bench);

	bench = make_bench(commands, lines, 2);
	bench.ignore_failure = true;
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	assert_int_equal(bench.rounds_done, 4);
	assert_int_equal(commands[1].runs[3].status, 1);
	read_log(log, sizeof log);
	pf_bench_release(&bench);

	bench = make_bench(commands, lines, 2);
	commands[0].prepare = "exit 3";
	assert_int_equal(pf_bench_run(&bench, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "the preparation \"exit 3\" ends with status 3"));
	assert_int_equal(bench.rounds_done, 0);
	read_log(log, sizeof log);
	pf_bench_release(&bench);
}

static void test_max_time(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "sleep 0.3", NULL}};
	pf_bench_command commands[1];
	pf_error error = {0};
	pf_bench bench = make_bench(commands, lines, 1);
	bench.rounds = 100;
	bench.max_time_s = 1;
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	assert_string_equal(bench.stopped, "time");
	assert_in_range(bench.rounds_done, 1, 3);
	pf_bench_release(&bench);
}

static void test_interrupted_rounds(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", ":", NULL}, {"sh", "-c", "sleep 0.3", NULL}};
	pf_bench_command commands[2];
	pf_error error = {0};
	pf_bench bench = make_bench(commands, lines, 2);
	bench.rounds = 1000;
	struct sigaction action = {.sa_handler = interrupt};
	sigaction(SIGALRM, &action, NULL);
	alarm(2);
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	pf_interrupts = 0;
	assert_string_equal(bench.stopped, "request");
	assert_in_range(bench.rounds_done, 0, 7);
	pf_bench_release(&bench);
}

/* Lines beside the runs, in their order; clean-ups come after a failure, too, but only for what was set up.
 */
static void test_lines_beside_the_runs(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "printf a >>log", NULL}, {"sh", "-c", "printf b >>log", NULL}};
	pf_bench_command commands[2];
	pf_error error = {0};
	char log[64] = "";
	pf_bench bench = make_bench(commands, lines, 2);
	bench.rounds = 1;
	bench.warmup = 1;
	commands[0].setup = "printf s >>log";
	commands[1].setup = "printf S >>log";
	commands[0].prepare = "printf p >>log";
	commands[0].conclude = "printf c >>log";
	commands[0].cleanup = "printf x >>log";
	commands[1].cleanup = "printf X >>log";
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	read_log(log, sizeof log);
	assert_true(strcmp(log, "sSpacbpacbxX") == 0 || strcmp(log, "sSpacbbpacxX") == 0);
	pf_bench_release(&bench);

	bench = make_bench(commands, lines, 2);
	commands[0].setup = commands[0].conclude = "printf f >>log; exit 4";
	commands[0].cleanup = "printf x >>log; exit 5";
	commands[1].cleanup = "printf X >>log";
	assert_int_equal(pf_bench_run(&bench, &error), PF_ERR_INVALID);
	assert_non_null(strstr(error.message, "the set-up"));
	assert_non_null(strstr(error.message, "ends with status 4")); /* the first failure counts */
	read_log(log, sizeof log);
	assert_string_equal(log, "fx");
	pf_bench_release(&bench);
}

static void check_file(const char *file, const char *expected)
{
	char text[64] = "";
	FILE *stream = fopen(file, "r");
	assert_non_null(stream);
	text[fread(text, 1, sizeof text - 1, stream)] = '\0';
	fclose(stream);
	assert_string_equal(text, expected);
	unlink(file);
}

static void test_input_and_output(void **state)
{
	(void)state;
	char *const cat[] = {"cat", NULL};
	/* More than a pipe holds, and to a reader that has to be there. */
	char *const much[] = {"sh", "-c", "[ -p /dev/stdout ] && head -c 1000000 /dev/zero && echo >&2",
			      NULL};
	FILE *stream = fopen("input", "w");
	assert_non_null(stream);
	fputs("what is read", stream);
	fclose(stream);
	pf_timed_setting setting = {.input = "input", .output = "output"};
	pf_timed_run run;
	pf_error error = {0};
	for (int i = 0; i < 2; i++) { /* written anew each time */
		assert_int_equal(pf_timed_command_run(cat, &setting, &run, &error), PF_OK);
		assert_int_equal(run.status, 0);
	}
	check_file("output", "what is read");
	setting = (pf_timed_setting){.output = "pipe", .timeout_s = 3600};
	assert_int_equal(pf_timed_command_run(much, &setting, &run, &error), PF_OK);
	assert_int_equal(run.status, 0);
	unlink("input");
	setting = (pf_timed_setting){.input = "input"};
	assert_int_equal(pf_timed_command_run(cat, &setting, &run, &error), PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, "input");
	setting = (pf_timed_setting){.output = "nowhere/output"};
	assert_int_equal(pf_timed_command_run(cat, &setting, &run, &error), PF_ERR_NOT_FOUND);
	assert_string_equal(error.file, "nowhere/output");
}

/* The environment has another size in each run. */
static void test_random_offset(void **state)
{
	(void)state;
	char *lines[][4] = {{"sh", "-c", "echo ${#PHOTOFINISH_RANDOM_OFFSET} >>log", NULL}};
	pf_bench_command commands[1];
	pf_error error = {0};
	char log[64] = "";
	int sizes[4];
	pf_bench bench = make_bench(commands, lines, 1);
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	read_log(log, sizeof log);
	assert_int_equal(sscanf(log, "%d %d %d %d", &sizes[0], &sizes[1], &sizes[2], &sizes[3]), 4);
	assert_true(sizes[0] != sizes[1] && sizes[1] != sizes[2] && sizes[2] != sizes[3]);
	for (int i = 0; i < 4; i++) {
		assert_in_range(sizes[i], 0, 4096);
	}
	pf_bench_release(&bench);
}

static int make_folder(void **state)
{
	(void)state;
	return !mkdtemp(folder) || chdir(folder);
}

/* The command's and its children's are counted, not what starts it, and each run anew; where the kernel
 * counts nothing there is no value. */
static void test_counters(void **state)
{
	(void)state;
	char *const small[] = {"true", NULL},
		    *const large[] = {
			    "sh", "-c",
			    "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do /bin/true; done",
			    NULL};
	pf_bench_command commands[2] = {{.arguments = small, .name = "small"},
					{.arguments = large, .name = "large"}};
	pf_counter_plan plan;
	pf_error error;
	assert_int_equal(pf_counter_plan_parse("page-faults,cycles", &plan, &error), PF_OK);
	pf_bench bench = {.commands = commands, .count = 2, .rounds = 3, .warmup = 1, .counters = &plan};
	assert_int_equal(pf_bench_run(&bench, &error), PF_OK);
	for (uint32_t event = 0; event < plan.count; event++) {
		bool open = bench.openings[event].why == 0;
		assert_true(!pf_bench_counter_mean(&bench, &commands[0], event).known || open);
	}
	if (bench.openings[0].why == 0) {
		for (uint32_t round = 0; round < 3; round++) {
			pf_counter_value few = pf_bench_counter(&bench, &commands[0], round, 0),
					 many = pf_bench_counter(&bench, &commands[1], round, 0);
			assert_true(few.known && few.value > 5 && few.value < 1000);
			assert_true(many.known && many.value > 8 * few.value); /* twenty children */
		}
	}
	pf_bench_release(&bench);
}

static int remove_folder(void **state)
{
	(void)state;
	unlink("pid");
	unlink("log");
	return chdir("/") || rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_run_tells),
		cmocka_unit_test(test_memory_is_the_commands_own),
		cmocka_unit_test(test_what_cannot_be_started),
		cmocka_unit_test(test_the_group_is_killed),
		cmocka_unit_test(test_an_interrupt_ends_it),
		cmocka_unit_test(test_rounds),
		cmocka_unit_test(test_faster_and_slower),
		cmocka_unit_test(test_until_decided),
		cmocka_unit_test(test_failures),
		cmocka_unit_test(test_max_time),
		cmocka_unit_test(test_lines_beside_the_runs),
		cmocka_unit_test(test_input_and_output),
		cmocka_unit_test(test_random_offset),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_interrupted_rounds),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
