/* What the machine did beside a trial: read from files as kernels write them, and what tags a trial. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "harness/machine/machine_state.h"
#include "harness/record/machine_json.h"
#include "harness/show/machine_lines.h"
#include "photofinish/file.h"
#include "photofinish/trace.h"
#include "run_fixture.h"
#include "temp_folder.h"

static char root[256];

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

static pf_cpus first_two(void)
{
	pf_cpus cpus = {0};
	pf_cpus_add(&cpus, 0);
	pf_cpus_add(&cpus, 1);
	return cpus;
}

static void test_nothing_can_be_read(void **state)
{
	(void)state;
	pf_machine_counters counters;
	pf_cpus cpus = first_two();
	pf_machine_read(root, &cpus, &counters);
	assert_int_equal(counters.processors, 0);
	assert_true(counters.busy_ns == PF_UNKNOWN && counters.steal_ns == PF_UNKNOWN);
	for (int i = 0; i < PF_PRESSURE_COUNT; i++) {
		assert_true(counters.some_ns[i] == PF_UNKNOWN && counters.full_ns[i] == PF_UNKNOWN);
	}
	assert_true(counters.throttled_ns == PF_UNKNOWN && counters.thermal_throttles == PF_UNKNOWN);
	assert_true(counters.swapped_pages == PF_UNKNOWN);

	pf_machine_state between = {0};
	pf_machine_counters after = counters;
	after.when_ns += 1000000000u;
	pf_machine_between(&counters, &after, 500, &between);
	assert_true(between.others_ns == PF_UNKNOWN && between.steal_ns == PF_UNKNOWN);
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) { /* what is not known accuses nobody */
		assert_true(pf_machine_disturbed(&between, (pf_disturbance)kind) == 0);
	}
	json_t *json = pf_machine_state_json(&between);
	assert_true(json_is_null(json_object_get(json, "others_ns")));
	assert_true(json_is_null(json_object_get(json_object_get(json, "pressure"), "io")));
	json_decref(json);
}

static void test_files_are_read(void **state)
{
	(void)state;
	pf_machine_counters counters;
	pf_cpus cpus = first_two();
	put("/proc/stat",
	    "cpu  1 9 9 9 9 9 9 9 9 9\ncpu0 100 10 5 1000 7 3 2 4 50 0\n"
	    "cpu1 200 0 1 1000 7 0 0 6 0 0\ncpu2 5000 0 0 0 0 0 0 900 0 0\nintr 5\ncpu0 9 9 9 9 9 9 9 9\n");
	put("/proc/pressure/cpu", "some avg10=95.70 avg60=42.33 avg300=17.64 total=125125011\n"
				  "full avg10=0.00 avg60=0.00 avg300=0.00 total=17\n");
	put("/proc/pressure/memory", "some avg10=0.00 avg60=0.00 avg300=0.00 total=3\n");
	put("/proc/vmstat", "nr_free 4\npswpin 12\npswpout 30\n");
	put("/proc/self/cgroup", "0::/a/b\n");
	put("/sys/fs/cgroup/a/cpu.stat", "usage_usec 5\nthrottled_usec 7\n");
	put("/sys/fs/cgroup/a/b/cpu.stat", "nr_throttled 5\nthrottled_usec 4\n");
	put("/sys/devices/system/cpu/cpu0/thermal_throttle/core_throttle_count", "3\n");
	pf_machine_read(root, &cpus, &counters);
	assert_int_equal(counters.processors, 2); /* the third one is not ours */
	assert_int_equal(counters.busy_ns, (120 + 201) * 10000000ull);
	assert_int_equal(counters.steal_ns, 10 * 10000000ull);
	assert_int_equal(counters.some_ns[PF_PRESSURE_CPU], 125125011000ull);
	assert_int_equal(counters.full_ns[PF_PRESSURE_CPU], 17000);
	assert_int_equal(counters.some_ns[PF_PRESSURE_MEMORY], 3000);
	assert_true(counters.full_ns[PF_PRESSURE_MEMORY] == PF_UNKNOWN);
	assert_true(counters.some_ns[PF_PRESSURE_IO] == PF_UNKNOWN);
	assert_int_equal(counters.swapped_pages, 42);
	assert_int_equal(counters.throttled_ns, 11000);
	assert_true(counters.thermal_throttles == PF_UNKNOWN); /* only one of the two tells */
	put("/sys/devices/system/cpu/cpu1/thermal_throttle/core_throttle_count", "4\n");
	put("/proc/self/cgroup", "4:cpu,cpuacct:/\n0::/nowhere\n");
	put("/sys/fs/cgroup/cpu/cpu.stat", "nr_periods 0\nthrottled_time 123\n");
	pf_machine_read(root, &cpus, &counters);
	assert_int_equal(counters.thermal_throttles, 7);
	assert_int_equal(counters.throttled_ns, 123); /* the root once */
}

static void test_frequency(void **state)
{
	(void)state;
	pf_machine_state machine = {0};
	pf_cpus allowed = pf_cpus_allowed();
	pf_machine_look_frequency(root, 1, &machine);
	assert_true(machine.high_khz == 0 && machine.low_khz == 0);
	static const char *const values[] = {"2000000\n", "3000000\n", "1000000\n", "900000\n"};
	for (int look = 0; look < 4; look++) {
		for (uint32_t cpu = 0; cpu < PF_MAX_CPUS; cpu++) {
			char name[128];
			snprintf(name, sizeof name, "/sys/devices/system/cpu/cpu%u/cpufreq/scaling_cur_freq",
				 cpu);
			if (pf_cpus_has(&allowed, cpu)) {
				put(name, values[look]);
			}
		}
		/* The last look comes too soon after the one before. */
		pf_machine_look_frequency(
			root, 2000000000ull * (look < 3 ? (uint64_t)look + 1 : 3) + (look == 3), &machine);
	}
	assert_int_equal(machine.low_khz, 1000000);
	assert_int_equal(machine.high_khz, 3000000);
}

/* Ten seconds on two processors. */
static pf_machine_state quiet(void)
{
	pf_machine_state machine = {0};
	pf_machine_counters before = {.when_ns = 1, .processors = 2}, after = before;
	after.when_ns += 10000000000u;
	after.busy_ns = 10010000000u;
	after.harness_cpu_ns = 10000000;
	pf_machine_between(&before, &after, 9900000000u, &machine);
	return machine;
}

static double amount_of(const pf_machine_state *machine, pf_disturbance only)
{
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
		double amount = pf_machine_disturbed(machine, (pf_disturbance)kind);
		assert_true(amount == 0 || (pf_disturbance)kind == only);
	}
	return pf_machine_disturbed(machine, only);
}

static void test_thresholds(void **state)
{
	(void)state;
	pf_machine_state machine = quiet();
	assert_int_equal(machine.others_ns, 100000000);
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) == 0);
	machine.others_ns = 499000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) == 0);
	machine.others_ns = 510000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) > 0.05);
	machine.processors = 64; /* 1 % of all of them is more than 5 % of one */
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) == 0);
	machine.others_ns = 6500000000u;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) > 0.64);

	machine = quiet();
	machine.steal_ns = 190000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_STEAL) == 0);
	machine.steal_ns = 210000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_STEAL) > 0.02);
	machine = quiet();
	machine.throttled_ns = 110000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_QUOTA) > 0.01);
	machine.throttled_ns = 15000000000u; /* more than there was time: both processors' queues */
	char text[80];
	assert_string_equal(pf_disturbance_text(PF_DISTURBED_BY_QUOTA,
						amount_of(&machine, PF_DISTURBED_BY_QUOTA), 2, text,
						sizeof text),
			    "its CPU quota held back 1.50 of 2 processors");
	machine = quiet();
	machine.some_ns[PF_PRESSURE_MEMORY] = 210000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_MEMORY) > 0.02);
	machine = quiet();
	machine.swapped_pages = 300;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_SWAP) == 300);
	machine = quiet();
	machine.thermal_throttles = 1;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_HEAT) == 1);

	/* A few ticks in a short trial are the error of counting in ticks. */
	machine = quiet();
	machine.elapsed_ns = 100000000;
	machine.others_ns = 30000000;
	machine.steal_ns = 20000000;
	assert_true(amount_of(&machine, PF_DISTURBED_BY_OTHERS) == 0);
}

static void test_own_time_is_nobody_elses(void **state)
{
	(void)state;
	pf_machine_counters before = {.processors = 2}, after = {.when_ns = 1000000000u, .processors = 2};
	pf_machine_state machine = {0};
	after.busy_ns = 900000000;
	pf_machine_between(&before, &after, 950000000,
			   &machine); /* ticks are coarser than the trial's own time */
	assert_int_equal(machine.others_ns, 0);
	before.steal_ns = 5; /* a counter that runs backwards, as some hypervisors have it */
	pf_machine_between(&before, &after, 0, &machine);
	assert_int_equal(machine.steal_ns, 0);
}

static void test_a_busy_processor_is_seen(void **state)
{
	(void)state;
	pf_machine_counters before, after;
	pf_machine_state machine = {0};
	pf_machine_read(NULL, NULL, &before);
	for (uint64_t begin = pf_now_ns(); pf_now_ns() - begin < 300000000u;) {
	}
	pf_machine_read(NULL, NULL, &after);
	pf_machine_between(&before, &after, 0, &machine);
	assert_true(machine.processors > 0);
	assert_in_range(machine.elapsed_ns, 300000000u, UINT64_MAX);
	assert_true(machine.busy_ns >= 30000000u); /* of 300 ms; others may have had the rest */
	assert_true(machine.harness_cpu_ns >= 20000000u);
}

static void test_table(void **state)
{
	(void)state;
	static pf_fixture_run fixture;
	pf_fixture_run_open(&fixture, 100);
	pf_contestant *one = pf_fixture_run_add(&fixture, "one", NULL, 1, (double[]){10, 10, 10, 0});
	char *text = NULL;
	size_t bytes;
	for (size_t i = 0; i < 3; i++) {
		one->trials[i].machine = quiet();
	}
	FILE *stream = open_memstream(&text, &bytes);
	pf_machine_busy_print(&fixture.run, 80, stream);
	fflush(stream);
	assert_int_equal(bytes, 0);
	one->trials[0].machine.others_ns = 8000000000u;
	one->trials[2].machine.others_ns = 6000000000u;
	one->trials[2].machine.steal_ns = 700000000u;
	one->trials[1].cpu_ns /= 4;
	pf_machine_busy_print(&fixture.run, 0, stream);
	fclose(stream);
	assert_non_null(strstr(
		text, "This machine was busy: 2 of 3 trials are tagged, and trials of one worker got 75 %"));
	assert_non_null(strstr(text, "\n  tagged 2 trials: at most others used 0.8 of 2 processors\n"));
	assert_non_null(strstr(text, "\n  tagged 1 trial: steal 7 %\n"));
	free(text);
	json_t *list = pf_disturbed_by_json(&one->trials[2].machine);
	assert_int_equal(json_array_size(list), 2);
	assert_string_equal(json_string_value(json_array_get(list, 0)), "others used 0.6 of 2 processors");
	json_decref(list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_can_be_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_files_are_read, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_frequency, set_up, tear_down),
		cmocka_unit_test(test_thresholds),
		cmocka_unit_test(test_own_time_is_nobody_elses),
		cmocka_unit_test(test_a_busy_processor_is_seen),
		cmocka_unit_test(test_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
