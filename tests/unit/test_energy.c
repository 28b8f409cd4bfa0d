/* Energy from powercap's files: domains, a count that begins anew, and what cannot be read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "harness/energy/energy.h"
#include "temp_folder.h"

static char folder[256];

static void put(const char *zone, const char *file, const char *text)
{
	char path[600];
	snprintf(path, sizeof path, "%s/class/powercap/%s/%s", folder, zone, file);
	pf_temp_write(path, text, strlen(text));
}

static void make_zone(const char *zone, const char *name, const char *energy, const char *range)
{
	char path[600];
	snprintf(path, sizeof path, "%s/class/powercap/%s", folder, zone);
	assert_int_equal(mkdir(path, 0777), 0);
	put(zone, "name", name);
	put(zone, "energy_uj", energy);
	if (range) {
		put(zone, "max_energy_range_uj", range);
	}
}

static int make(void **state)
{
	(void)state;
	pf_temp_make(folder);
	assert_int_equal(mkdir(pf_temp_path(folder, "class"), 0777), 0);
	assert_int_equal(mkdir(pf_temp_path(folder, "class/powercap"), 0777), 0);
	return 0;
}

static int tidy(void **state)
{
	(void)state;
	pf_temp_remove(folder);
	return 0;
}

static void domains_are_followed(void **state)
{
	(void)state;
	pf_energy_meter meter;
	pf_energy energy;
	make_zone("intel-rapl:0", "package-0\n", "1000000\n", "262143328850\n");
	make_zone("intel-rapl:0:0", "core\n", "500000\n", "262143328850\n");
	make_zone("intel-rapl:1", "package-1\n", "262143000000\n", "262143328850\n");
	make_zone("dtpm", "no RAPL\n", "1\n", NULL);
	pf_energy_start(&meter, folder);
	assert_int_equal(meter.count, 3);
	put("intel-rapl:0", "energy_uj", "3500000\n");
	put("intel-rapl:0:0", "energy_uj", "500000\n");
	put("intel-rapl:1", "energy_uj", "671150\n"); /* behind its range: 328,850 and 671,150 */
	pf_energy_update(&meter, true);
	put("intel-rapl:1", "energy_uj", "1671150\n");
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 3);
	assert_string_equal(energy.source, "powercap");
	assert_string_equal(energy.domains[0].name, "package-0");
	assert_float_equal(energy.domains[0].joules, 2.5, 1e-9);
	assert_string_equal(energy.domains[1].name, "package-0/core");
	assert_float_equal(energy.domains[1].joules, 0, 1e-9); /* counted, and nothing was used */
	assert_string_equal(energy.domains[2].name, "package-1");
	assert_float_equal(energy.domains[2].joules, 2.0, 1e-9);
	assert_string_equal(energy.why, "");
}

static void twice_around_is_seen_by_updates(void **state)
{
	(void)state;
	pf_energy_meter meter;
	pf_energy energy;
	make_zone("intel-rapl:0", "package-0\n", "900000\n", "1000000\n");
	pf_energy_start(&meter, folder);
	for (int i = 0; i < 3; i++) {
		put("intel-rapl:0", "energy_uj", "100000\n"); /* 200,000 more */
		pf_energy_update(&meter, true);
		put("intel-rapl:0", "energy_uj", "900000\n"); /* 800,000 more */
		pf_energy_update(&meter, true);
	}
	pf_energy_update(&meter, false); /* nothing is due */
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 1);
	assert_float_equal(energy.domains[0].joules, 3.0, 1e-9);
}

static void a_fall_without_a_range_is_unknown(void **state)
{
	(void)state;
	pf_energy_meter meter;
	pf_energy energy;
	make_zone("intel-rapl:0", "package-0\n", "900000\n", NULL);
	pf_energy_start(&meter, folder);
	put("intel-rapl:0", "energy_uj", "100000\n");
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 0);
	assert_non_null(strstr(energy.why, "could not be read to the end"));
}

static void what_is_not_there_is_said(void **state)
{
	(void)state;
	char path[600];
	pf_energy_meter meter;
	pf_energy energy;
	pf_energy_start(&meter, folder); /* a folder without zones */
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 0);
	assert_non_null(strstr(energy.why, "no intel-rapl zones"));
	snprintf(path, sizeof path, "%s/class/powercap/intel-rapl:0", folder);
	assert_int_equal(mkdir(path, 0777), 0);
	put("intel-rapl:0", "name", "package-0\n");
	put("intel-rapl:0", "energy_uj", "no number\n");
	pf_energy_start(&meter, folder);
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 0);
	assert_non_null(strstr(energy.why, "intel-rapl:0/energy_uj: "));
	pf_energy_start(&meter, pf_temp_path(folder, "nowhere"));
	pf_energy_stop(&meter, &energy);
	assert_non_null(strstr(energy.why, "nowhere/class/powercap is not there"));
}

/* perf's power events are found, but nobody can open an event of a PMU that does not exist. */
static void perf_events_are_tried(void **state)
{
	(void)state;
	static const char *const folders[] = {"bus", "bus/event_source", "bus/event_source/devices",
					      "bus/event_source/devices/power",
					      "bus/event_source/devices/power/events"};
	static const char *const files[][2] = {{"type", "4000000000\n"},
					       {"cpumask", "0\n"},
					       {"events/energy-pkg", "event=0x02\n"},
					       {"events/energy-pkg.scale", "2.3283064365386962890625e-10\n"}};
	char path[600];
	pf_energy_meter meter;
	pf_energy energy;
	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
		assert_int_equal(mkdir(pf_temp_path(folder, folders[i]), 0777), 0);
	}
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "%s/bus/event_source/devices/power/%s", folder, files[i][0]);
		pf_temp_write(path, files[i][1], strlen(files[i][1]));
	}
	pf_energy_start(&meter, folder);
	pf_energy_stop(&meter, &energy);
	assert_int_equal(energy.count, 0);
	assert_non_null(strstr(energy.why, "perf's event energy-pkg: "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(domains_are_followed, make, tidy),
		cmocka_unit_test_setup_teardown(twice_around_is_seen_by_updates, make, tidy),
		cmocka_unit_test_setup_teardown(a_fall_without_a_range_is_unknown, make, tidy),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_said, make, tidy),
		cmocka_unit_test_setup_teardown(perf_events_are_tried, make, tidy),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
