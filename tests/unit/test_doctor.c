/* The doctor on machines that are good, bad and silent, made of files; the noise floor on known noise. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/doctor/doctor.h"
#include "harness/doctor/noise_floor.h"
#include "harness/record/doctor_json.h"
#include "harness/show/doctor_table.h"
#include "harness/stats/student.h"
#include "noise.h"
#include "photofinish/file.h"
#include "temp_folder.h"

static char root[256];
static pf_finding findings[PF_FINDING_COUNT];

static int set_up(void **state)
{
	(void)state;
	pf_temp_make(root);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pf_temp_remove(root);
	return 0;
}

static void put(const char *name, const char *text)
{
	char path[PF_TEMP_PATH];
	snprintf(path, sizeof path, "%s%s", root, name);
	for (char *slash = strchr(path + strlen(root) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	pf_temp_write(path, text, strlen(text));
}

/* The same file of each processor that this process may use. */
static void put_each(const char *name, const char *text)
{
	pf_cpus allowed = pf_cpus_allowed();
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
		char path[256];
		snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/%s", cpu, name);
		if (pf_cpus_has(&allowed, cpu)) {
			put(path, text);
		}
	}
}

static void ask(void)
{
	pf_doctor_question question = {.root = root, .folder = root, .look_s = 0.01};
	pf_doctor_ask(&question, findings);
}

static void expect(pf_finding_id id, pf_finding_status status, const char *read, const char *mend)
{
	const pf_finding *finding = &findings[id];
	if (finding->status != status || !strstr(finding->read, read) || !strstr(finding->mend, mend) ||
	    (!mend[0] && finding->mend[0])) {
		print_error("%s is %s: %s; mend: %s\n", pf_finding_name(id),
			    pf_finding_status_word(finding->status), finding->read, finding->mend);
		fail();
	}
}

static void test_a_silent_machine(void **state)
{
	(void)state;
	ask();
	for (int i = 0; i < PF_FINDING_COUNT; i++) { /* nothing is called good that was not read */
		bool other = i == PF_FINDING_BUILD || i == PF_FINDING_CONTAINER || i == PF_FINDING_SPACE ||
			     i == PF_FINDING_GPU || i == PF_FINDING_CONTAINMENT;
		assert_true(other || findings[i].status == PF_FINDING_UNREADABLE);
		assert_true(findings[i].read[0] != '\0');
		assert_true(strlen(pf_finding_why((pf_finding_id)i)) > 10);
	}
	expect(PF_FINDING_GOVERNOR, PF_FINDING_UNREADABLE, "not there: a hypervisor", "");
	expect(PF_FINDING_SMT, PF_FINDING_UNREADABLE, "/sys/devices/system/cpu/smt/active: No such file", "");
}

static void test_a_bad_machine(void **state)
{
	(void)state;
	put_each("cpufreq/scaling_governor", "powersave\n");
	put("/sys/devices/system/cpu/intel_pstate/no_turbo", "0\n");
	put("/sys/devices/system/cpu/smt/active", "1\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "hpet\n");
	put("/sys/devices/system/clocksource/clocksource0/available_clocksource", "tsc hpet acpi_pm\n");
	put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu hypervisor sse\n");
	put("/sys/bus/event_source/devices/cpu/type", "4\n");
	put("/proc/sys/kernel/perf_event_paranoid", "4\n");
	put("/proc/sys/kernel/nmi_watchdog", "1\n");
	put("/proc/sys/kernel/randomize_va_space", "0\n");
	put("/proc/sys/kernel/numa_balancing", "1\n");
	put("/sys/devices/system/node/node1/cpulist", "1\n");
	put("/sys/kernel/mm/transparent_hugepage/enabled", "[always] madvise never\n");
	put("/proc/loadavg", "9999.50 2.91 1.25 26/226 21442\n");
	put("/proc/stat", "cpu 1000 0 0 9000 0 0 0 200 0 0\n");
	put("/proc/meminfo",
	    "MemTotal: 8000000 kB\nMemAvailable: 100000 kB\nSwapTotal: 2000000 kB\nSwapFree: 1000000 kB\n");
	put("/proc/self/cgroup", "0::/box\n");
	put("/sys/fs/cgroup/box/cpu.max", "50000 100000\n");
	put("/.dockerenv", "");
	ask();
	expect(PF_FINDING_GOVERNOR, PF_FINDING_SPOILS, "scaling_governor: powersave",
	       "echo performance | sudo tee");
	expect(PF_FINDING_TURBO, PF_FINDING_ADVICE, "no_turbo: 0, boost is on", "echo 1 | sudo tee");
	expect(PF_FINDING_SMT, PF_FINDING_ADVICE, "active: 1", "echo off | sudo tee");
	expect(PF_FINDING_CLOCK, PF_FINDING_SPOILS, "hpet", "echo tsc | sudo tee");
	expect(PF_FINDING_HYPERVISOR, PF_FINDING_ADVICE, "a virtual machine", "interleaved");
	expect(PF_FINDING_PMU, PF_FINDING_OK, "counters", "");
	if (geteuid() != 0) {
		expect(PF_FINDING_PARANOID, PF_FINDING_ADVICE, "4, users get no counters", "sudo sysctl");
	} else {
		expect(PF_FINDING_PARANOID, PF_FINDING_OK, "4, and root may all", "");
	}
	expect(PF_FINDING_WATCHDOG, PF_FINDING_ADVICE, "1", "kernel.nmi_watchdog=0");
	expect(PF_FINDING_ASLR, PF_FINDING_ADVICE, "every process has the same", "randomize_va_space=2");
	expect(PF_FINDING_NUMA, PF_FINDING_ADVICE, "several nodes", "numa_balancing=0");
	expect(PF_FINDING_THP, PF_FINDING_ADVICE, "[always]", "echo madvise");
	expect(PF_FINDING_LOAD, PF_FINDING_SPOILS, "9999.50", "uptime");
	expect(PF_FINDING_MEMORY, PF_FINDING_SPOILS, "0.1 of 8.2 GB", "ps ");
	expect(PF_FINDING_SWAP, PF_FINDING_ADVICE, "1.0 of 2.0 GB used", "swapoff");
	expect(PF_FINDING_QUOTA, PF_FINDING_SPOILS, "allow 0.5 of", "CPUQuota");
	expect(PF_FINDING_CONTAINER, PF_FINDING_ADVICE, "/.dockerenv", "cpuset");
	for (int i = 0; i < PF_FINDING_COUNT; i++) {
		bool ill = findings[i].status == PF_FINDING_ADVICE || findings[i].status == PF_FINDING_SPOILS;
		assert_true(!ill || findings[i].mend[0]); /* who complains says what to do */
	}
}

static void test_a_good_machine(void **state)
{
	(void)state;
	put_each("cpufreq/scaling_governor", "performance\n");
	put("/sys/devices/system/cpu/cpufreq/boost", "0\n");
	put("/sys/devices/system/cpu/smt/active", "0\n");
	put("/sys/devices/system/clocksource/clocksource0/current_clocksource", "tsc\n");
	put("/proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu sse\n");
	put("/sys/bus/event_source/devices/cpu/type", "4\n");
	put("/proc/sys/kernel/perf_event_paranoid", "1\n");
	put("/proc/sys/kernel/nmi_watchdog", "0\n");
	put("/proc/sys/kernel/randomize_va_space", "2\n");
	put("/proc/sys/kernel/numa_balancing", "1\n"); /* on one node it has nothing to do */
	put("/sys/kernel/mm/transparent_hugepage/enabled", "always [madvise] never\n");
	put("/proc/loadavg", "0.05 0.01 0.00 1/226 21442\n");
	put("/proc/meminfo",
	    "MemTotal: 8000000 kB\nMemAvailable: 7000000 kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
	put("/proc/self/cgroup", "0::/\n");
	char stat[8192] = "cpu 1000 0 0 9000 0 0 0 1 0 0\n", line[128];
	pf_cpus allowed = pf_cpus_allowed();
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS && strlen(stat) + sizeof line < sizeof stat; cpu++) {
		snprintf(line, sizeof line, "cpu%u 500 0 0 4500 0 0 0 0 0 0\n", cpu);
		strcat(stat, pf_cpus_has(&allowed, cpu) ? line : "");
	}
	put("/proc/stat", stat);
	ask();
	for (int i = 0; i < PF_FINDING_COUNT; i++) {
		bool elsewhere = i == PF_FINDING_BUILD || i == PF_FINDING_DISK || i == PF_FINDING_SPACE ||
				 i == PF_FINDING_GPU || i == PF_FINDING_CONTAINMENT;
		if (!elsewhere) {
			expect((pf_finding_id)i, PF_FINDING_OK, "", "");
		}
	}
	/* Steal since the start: 1 % and more is told. */
	put("/proc/stat", "cpu 1000 0 0 9000 0 0 0 20 0 0\ncpu0 1 0 0 0 0 0 0 0\ncpu1 1 0 0 0 0 0 0 0\n");
	ask();
	expect(PF_FINDING_STEAL, PF_FINDING_ADVICE, "1.96 %", "tagged");
}

static void test_a_governor_that_differs(void **state)
{
	(void)state;
	pf_cpus allowed = pf_cpus_allowed();
	char path[128];
	uint32_t last = 0;
	put_each("cpufreq/scaling_governor", "performance\n");
	for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
		last = pf_cpus_has(&allowed, cpu) ? cpu : last;
	}
	snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_governor", last);
	put(path, "schedutil\n");
	ask();
	assert_int_equal(findings[PF_FINDING_GOVERNOR].status, PF_FINDING_SPOILS);
}

/* Chunks of 10 us that vary a little; every thousandth is interrupted for 2 ms. */
static void test_known_noise(void **state)
{
	(void)state;
	enum { SLOTS = 2000, CHUNKS = SLOTS * PF_NOISE_CHUNKS };
	uint32_t *chunks = malloc(CHUNKS * sizeof *chunks);
	double *scratch = malloc(CHUNKS * sizeof *scratch);
	pf_slot_noise noise = {.cpu = 3};
	assert_true(chunks && scratch);
	for (int i = 0; i < CHUNKS; i++) {
		chunks[i] = (uint32_t)(10000 + (i * 7919) % 101 + (i % 1000 == 500 ? 2000000 : 0));
	}
	pf_noise_summarise(chunks, CHUNKS, scratch, &noise);
	assert_int_equal(noise.cpu, 3);
	assert_int_equal(noise.slots, SLOTS);
	assert_int_equal(noise.interruptions, CHUNKS / 1000);
	assert_true(fabs(noise.longest_ns - 2000000) < 200);
	assert_true(fabs(noise.stolen - 2000.0 / (10050 + 2000)) < 0.002);
	assert_true(fabs(noise.median_ns - 64 * 10050) < 500);

	/* Independent slots: the deviation of a pair is the root of two times one's, and falls with the
	 * length's root. */
	pf_random random = {.state = 5};
	for (int i = 0; i < SLOTS; i++) {
		double slot = 10000 * (1 + 0.01 * draw_normal(&random));
		for (int k = 0; k < PF_NOISE_CHUNKS; k++) {
			chunks[i * PF_NOISE_CHUNKS + k] = (uint32_t)slot;
		}
	}
	pf_noise_summarise(chunks, CHUNKS, scratch, &noise);
	assert_int_equal(noise.interruptions, 0);
	assert_int_equal(noise.level_count, 6); /* 1, 2, ... 32: 64 would have 15 pairs */
	for (size_t i = 0; i < noise.level_count; i++) {
		double expected = 0.01 * sqrt(2.0) / sqrt(pow(2, (double)i));
		assert_true(noise.levels[i].pairs == (size_t)(SLOTS / (2 << i)));
		assert_true(fabs(noise.levels[i].deviation / expected - 1) <
			    4 / sqrt(2.0 * (double)noise.levels[i].pairs));
		assert_true(fabs(noise.levels[i].length_ns / (640000 * pow(2, (double)i)) - 1) < 0.01);
	}
	pf_noise_summarise(chunks, 0, scratch, &noise);
	assert_int_equal(noise.slots, 0);
	assert_null(pf_noise_longest(&noise));
	free(chunks);
	free(scratch);
}

/* What pf_noise_margin promises: of comparisons of equal things, 19 of 20 lie within it with their whole
 * interval. */
static void test_the_margin_holds(void **state)
{
	(void)state;
	enum { TIMES = 2000 };
	static const size_t pairs[] = {3, 5, 10, 50};
	pf_random random = {.state = 11};
	for (size_t k = 0; k < sizeof pairs / sizeof *pairs; k++) {
		const double alpha = 0.01, deviation = 0.004;
		const size_t n = pairs[k];
		double margin = pf_noise_margin(deviation, n, alpha);
		int within = 0;
		for (int time = 0; time < TIMES; time++) {
			double logs[50];
			for (size_t i = 0; i < n; i++) {
				logs[i] = deviation * draw_normal(&random);
			}
			pf_interval interval = pf_mean_interval(logs, n, 1 - alpha);
			within += fabs(interval.low) < log1p(margin) && fabs(interval.high) < log1p(margin);
		}
		print_message("margin %.2f %% of %zu pairs holds %.1f %% of the time\n", 100 * margin, n,
			      100.0 * within / TIMES);
		assert_true(within >= TIMES * 0.95);
	}
}

static void test_this_machine(void **state)
{
	(void)state;
	pf_noise_floor floor;
	pf_error error;
	pf_cpus allowed = pf_cpus_allowed();
	assert_int_equal(pf_noise_measure(0.3, NULL, &floor, &error), PF_OK);
	assert_true(floor.complete && floor.processors == pf_cpus_count(&allowed));
	for (size_t i = 0; i < floor.processors * PF_KERNEL_COUNT; i++) {
		const pf_slot_noise *noise = &floor.noises[i];
		assert_true(noise->slots > 0 && noise->median_ns > 0);
		assert_true(noise->low_ns <= noise->median_ns && noise->median_ns <= noise->high_ns);
		assert_true(noise->stolen >= 0 && noise->stolen < 1);
	}
	char *text = NULL;
	size_t bytes;
	FILE *stream = open_memstream(&text, &bytes);
	pf_doctor_print_noise(&floor, 0, stream);
	pf_doctor_report report = {.noise = &floor};
	assert_int_equal(pf_doctor_json(&report, stream, &error), PF_OK);
	fclose(stream);
	assert_non_null(strstr(text, "compute"));
	free(text);
	pf_noise_release(&floor);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_silent_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_bad_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_good_machine, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_a_governor_that_differs, set_up, tear_down),
		cmocka_unit_test(test_known_noise),
		cmocka_unit_test(test_the_margin_holds),
		cmocka_unit_test(test_this_machine),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
