/* Which processors are chosen, on topologies of other machines; limits of control groups; the lines that tell
 * of it. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "harness/machine/cpu_quota.h"
#include "harness/show/placement_lines.h"
#include "photofinish/file.h"
#include "photofinish/placement.h"
#include "temp_folder.h"

/* 2 sockets of 4 cores of 2 threads; the second threads have the numbers from 8 on, as Linux gives them. */
#define SERVER "pack:2 core:4 pu:2(indexes=0,8,1,9,2,10,3,11,4,12,5,13,6,14,7,15)"

static pf_topology topology;

static pf_cpus cpus_of(const char *list)
{
	pf_cpus cpus = {0};
	for (const char *at = list; *at; at += strcspn(at, ",") + (at[strcspn(at, ",")] == ',')) {
		pf_cpus_add(&cpus, (uint32_t)atoi(at));
	}
	return cpus;
}

static void load(const char *description, const char *allowed)
{
	pf_error error = {0};
	pf_cpus cpus = allowed ? cpus_of(allowed) : (pf_cpus){0};
	for (uint32_t i = 0; i < PF_MAX_CPUS && !allowed; i++) {
		pf_cpus_add(&cpus, i);
	}
	pf_status status = pf_topology_read(description, &cpus, &topology, &error);
	if (status != PF_OK) {
		print_error("%s\n", error.message);
	}
	assert_int_equal(status, PF_OK);
}

/* The places of workers 0, 1, ... as "0|1|4-7". */
static const char *places(const char *text, uint32_t workers)
{
	static char out[512];
	pf_placement placement;
	pf_error error = {0};
	out[0] = '\0';
	if (pf_placement_choose(&topology, text, &placement, &error) != PF_OK) {
		snprintf(out, sizeof out, "%s", error.message);
		assert_int_equal(error.code, PF_ERR_USAGE);
		return out;
	}
	for (uint32_t i = 0; i < workers; i++) {
		char place[128];
		pf_cpus cpus = pf_placement_place(&placement, i);
		size_t used = strlen(out);
		snprintf(out + used, sizeof out - used, "%s%s", i ? "|" : "",
			 pf_cpus_text(&cpus, place, sizeof place));
	}
	return out;
}

static void test_cores_come_first(void **state)
{
	(void)state;
	load(SERVER, NULL);
	assert_int_equal(topology.count, 16);
	assert_int_equal(topology.cores, 8);
	assert_int_equal(topology.sockets, 2);
	assert_string_equal(places("cores", 4), "0|1|2|3");
	assert_string_equal(places("cores", 10), "0|1|2|3|4|5|6|7|8|9");
	assert_string_equal(places("cores", 18), "0|1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|0|1");
	/* Numbered the other way round, siblings side by side. */
	load("pack:2 core:4 pu:2", NULL);
	assert_string_equal(places("cores", 9), "0|2|4|6|8|10|12|14|1");
}

static void test_only_what_is_allowed(void **state)
{
	(void)state;
	load(SERVER, "9,2,10,12");
	assert_int_equal(topology.cores, 3);
	/* Of core 1 only the second thread may be used: it is that core's first, then. */
	assert_string_equal(places("cores", 5), "9|2|12|10|9");
	assert_string_equal(places("sockets", 3), "2,9-10|12|2,9-10");
	assert_string_equal(
		places("2,0", 1),
		"--placement: processor 0 is not among those that this process may use (2,9-10,12)");
	pf_error error;
	pf_cpus none = {0};
	assert_int_equal(pf_topology_read(SERVER, &none, &topology, &error), PF_ERR_UNAVAILABLE);
}

static void test_sockets(void **state)
{
	(void)state;
	load(SERVER, NULL);
	assert_string_equal(places("sockets", 3), "0-3,8-11|4-7,12-15|0-3,8-11");
	load("core:2 pu:1", NULL); /* a machine that knows of no sockets has one */
	assert_string_equal(places("sockets", 2), "0-1|0-1");
	assert_string_equal(places("cores", 3), "0|1|0");
}

/* Another vendor's device on the first socket, NVIDIA's on the second. */
static void test_device(void **state)
{
	(void)state;
	char xml[8192] = "";
	FILE *file = fopen(PF_SOURCE_DIR "/tests/unit/topologies/two-sockets-one-gpu.xml", "re");
	assert_non_null(file);
	assert_true(fread(xml, 1, sizeof xml - 1, file) > 0);
	fclose(file);
	load(xml, NULL);
	assert_int_equal(topology.count, 4);
	assert_string_equal(places("cores", 4), "0|1|2|3");
	assert_string_equal(places("device", 3), "2|3|2");
	load(xml, "0,3");
	assert_string_equal(places("device", 2), "3|3");
	load(xml, "0,1");
	assert_non_null(strstr(places("device", 1), "--placement device: no NVIDIA device is seen"));
	load(SERVER, NULL);
	assert_non_null(strstr(places("device", 1), "--placement device: no NVIDIA device is seen"));
}

static void test_lists(void **state)
{
	(void)state;
	load(SERVER, NULL);
	assert_string_equal(places("5,0-2,15", 6), "5|0|1|2|15|5");
	assert_string_equal(places("3-3", 1), "3");
	static const char *const wrong[] = {"0,",
					    ",0",
					    "a",
					    "1-",
					    "2-1",
					    "-1",
					    "0 1",
					    "0;1",
					    "core",
					    "+1",
					    "0x1",
					    "1--2",
					    "99999999999999999999",
					    "cores,0"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char expected[160];
		snprintf(
			expected, sizeof expected,
			"--placement takes cores, sockets, device, none or a list of processors as 0,2,4-7, not \"%s\"",
			wrong[i]);
		assert_string_equal(places(wrong[i], 1), expected);
	}
	assert_string_equal(places("0,1,0", 1), "--placement: processor 0 stands twice");
	assert_string_equal(places("16", 1),
			    "--placement: processor 16 is not among those that this process may use (0-15)");
}

static void test_none_and_the_count_of_cores(void **state)
{
	(void)state;
	pf_placement placement;
	load(SERVER, NULL);
	assert_int_equal(pf_placement_choose(&topology, "none", &placement, NULL), PF_OK);
	assert_int_equal(placement.places, 0);
	pf_cpus cpus = pf_placement_place(&placement, 3);
	assert_int_equal(pf_cpus_count(&cpus), 0);
	assert_int_equal(pf_placement_choose(&topology, "0,8,1", &placement, NULL), PF_OK);
	assert_int_equal(placement.places, 3);
	assert_int_equal(placement.cores, 2); /* 0 and 8 are one core */
	assert_string_equal(pf_placement_name(placement.kind), "list");
}

static void test_this_machine(void **state)
{
	(void)state;
	pf_error error;
	assert_int_equal(pf_topology_read(NULL, NULL, &topology, &error), PF_OK);
	pf_cpus allowed = pf_cpus_allowed();
	assert_int_equal(topology.count, pf_cpus_count(&allowed));
	assert_in_range(topology.cores, 1, topology.count);
	for (uint32_t i = 0; i < topology.count; i++) {
		assert_true(pf_cpus_has(&allowed, topology.cpus[i].cpu));
	}
	assert_int_equal(pf_topology_read("pack:nonsense", NULL, &topology, &error), PF_ERR_IO);
	assert_int_equal(pf_topology_read("<xml/>", NULL, &topology, &error), PF_ERR_IO);
}

static void test_texts(void **state)
{
	(void)state;
	char text[12];
	pf_cpus cpus = cpus_of("0,1,2,5,63,64,1023");
	assert_int_equal(pf_cpus_count(&cpus), 7);
	char whole[64];
	assert_string_equal(pf_cpus_text(&cpus, whole, sizeof whole), "0-2,5,63-64,1023");
	assert_string_equal(pf_cpus_text(&cpus, text, sizeof text), "0-2,5...");
	cpus = (pf_cpus){0};
	assert_string_equal(pf_cpus_text(&cpus, text, sizeof text), "");
}

static void write_group(const char *root, const char *path, const char *text)
{
	char folder[PF_TEMP_PATH], *slash;
	pf_error error;
	snprintf(folder, sizeof folder, "%s/%s", root, path);
	slash = strrchr(folder, '/');
	*slash = '\0';
	assert_int_equal(pf_make_folders(folder, &error), PF_OK);
	pf_temp_write(pf_temp_path(root, path), text, strlen(text));
}

static void test_limits_of_control_groups(void **state)
{
	(void)state;
	char root[256];
	pf_temp_make(root);
	assert_true(pf_cpu_quota(root) == 0);
	write_group(root, "proc/self/cgroup", "0::/outer/inner\n");
	write_group(root, "sys/fs/cgroup/outer/inner/cpu.max", "max 100000\n");
	assert_true(pf_cpu_quota(root) == 0);
	write_group(root, "sys/fs/cgroup/outer/cpu.max", "150000 100000\n");
	assert_true(pf_cpu_quota(root) == 1.5); /* a group keeps its parents' limits */
	write_group(root, "sys/fs/cgroup/outer/inner/cpu.max", "50000 100000\n");
	assert_true(pf_cpu_quota(root) == 0.5);
	/* Version 1; in a container the group's path is not there, its root is. */
	write_group(root, "proc/self/cgroup", "3:memory:/docker/1\n2:cpu,cpuacct:/docker/1\n");
	write_group(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "-1\n");
	write_group(root, "sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
	assert_true(pf_cpu_quota(root) == 0);
	write_group(root, "sys/fs/cgroup/cpu/cpu.cfs_quota_us", "250000\n");
	assert_true(pf_cpu_quota(root) == 2.5);
	write_group(root, "proc/self/cgroup", "3:memory:/docker/1\n2:cpuset:/docker/1\n");
	assert_true(pf_cpu_quota(root) == 0);
	pf_temp_remove(root);
}

/* What is printed of a run of one variant with two workers on two cores, slot 2 as given. */
static const char *lines(const char *text, uint32_t workers, const pf_place *second)
{
	static char out[512];
	static const struct pf_variant variant = {.name = "many", .caps = PF_CAP_WORKERS};
	static pf_session session;
	pf_place slots[4] = {{.entered = 1, .left = 1}, {.entered = 1, .left = 1}, *second};
	pf_trial trial = {.workers = 2, .places = slots};
	pf_contestant contestant = {
		.variant = &variant, .label = "many", .workers = workers, .trials = &trial, .trial_count = 1};
	pf_run run = {.session = &session, .contestants = &contestant, .contestant_count = 1};
	load("core:2 pu:1", NULL);
	assert_int_equal(pf_placement_choose(&topology, text, &session.placement, NULL), PF_OK);
	FILE *stream = fmemopen(out, sizeof out, "w");
	pf_placement_print(&run, stream);
	fclose(stream);
	return out;
}

static void test_the_lines_below_the_table(void **state)
{
	(void)state;
	pf_place good = {
		.asked = cpus_of("1"), .got = cpus_of("1"), .kept = cpus_of("1"), .entered = 1, .left = 1};
	pf_place killed = good, refused = good, other = good, moved = good,
		 not_there = {.asked = cpus_of("1")};
	killed.left = 0;
	killed.kept = (pf_cpus){0};
	refused.bind_errno = EPERM;
	refused.got = refused.kept = cpus_of("0,1");
	other.got = other.kept = cpus_of("0");
	moved.kept = cpus_of("0");
	assert_string_equal(lines("cores", 2, &good), "");
	assert_string_equal(lines("cores", 2, &killed), "");
	assert_string_equal(lines("cores", 2, &not_there), "");
	assert_string_equal(lines("cores", 3, &good), "\nMore workers than cores: many has 3 on 2 cores.\n");
	assert_string_equal(lines("1", 2, &good), "\nMore workers than cores: many has 2 on 1 core.\n");
	assert_string_equal(
		lines("cores", 2, &refused),
		"\n"
		"Workers could not be bound (Operation not permitted): they ran where the kernel put them.\n");
	assert_string_equal(lines("cores", 2, &other),
			    "\nNot all workers got their places: 1 was asked for, 0 was got.\n");
	assert_string_equal(lines("cores", 2, &moved),
			    "\nNot all workers kept their places: one began on 1 and ended on 0.\n");
	pf_place free_one = {.got = cpus_of("0,1"), .kept = cpus_of("0,1"), .entered = 1, .left = 1};
	assert_string_equal(lines("none", 1, &free_one),
			    "\nWorkers were not bound: they ran where the kernel put them.\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cores_come_first),
		cmocka_unit_test(test_only_what_is_allowed),
		cmocka_unit_test(test_sockets),
		cmocka_unit_test(test_device),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_none_and_the_count_of_cores),
		cmocka_unit_test(test_this_machine),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_limits_of_control_groups),
		cmocka_unit_test(test_the_lines_below_the_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
