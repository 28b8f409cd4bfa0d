/* Exports of torch against what torch computes, on every backend: stored ones always, and newly made ones,
 * with the graphs of RTMPose, YOLO-pose, MoveNet and SimpleBaseline, where torch is installed. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/network_case.h"

/* The largest difference of a model in `folder` from torch on all backends. */
static double check_model(const char *folder, const char *name, pf_network_stats *stats)
{
	char path[1024];
	pf_network *network = NULL;
	pf_error error = {0};
	network_case expected;
	snprintf(path, sizeof path, "%s/%s.onnx", folder, name);
	if (pf_network_load(path, NULL, &network, &error) != PF_OK) {
		fail_msg("%s: %s", name, error.message);
	}
	snprintf(path, sizeof path, "%s/%s.bin", folder, name);
	assert_true(network_case_load(&expected, path));
	double worst = 0;
	const char *backend;
	for (size_t k = 0; (backend = pf_network_backend(k)); k++) {
		double difference = network_case_difference(network, &expected, backend, &error);
		if (!(difference < 1e-4)) {
			fail_msg("%s on %s differs by %g %s", name, backend, difference, error.message);
		}
		worst = difference > worst ? difference : worst;
	}
	if (stats) {
		pf_network_stats_get(network, stats);
	}
	network_case_free(&expected);
	pf_network_free(network);
	return worst;
}

static void check_folder(const char *folder)
{
	DIR *list = opendir(folder);
	assert_non_null(list);
	const struct dirent *entry;
	size_t count = 0;
	double worst = 0;
	while ((entry = readdir(list))) {
		char name[256];
		snprintf(name, sizeof name, "%s", entry->d_name);
		char *end = strstr(name, ".onnx");
		if (end) {
			*end = 0;
			double difference = check_model(folder, name, NULL);
			worst = difference > worst ? difference : worst;
			count++;
		}
	}
	closedir(list);
	print_message("%zu exports in %s: largest difference %.2g\n", count, folder, worst);
	assert_true(count >= 90);
}

static void test_stored(void **state)
{
	(void)state;
	check_folder(PF_SOURCE_DIR "/tests/nn/vectors");
}

/* Debian's interpreter first: that is where python3-torch is. */
static bool run_script(const char *script, const char *folder)
{
	char command[2048];
	snprintf(command, sizeof command,
		 "for p in /usr/bin/python3 python3; do $p -c 'import torch' 2>/dev/null && { "
		 "PYTHONDONTWRITEBYTECODE=1 "
		 "$p -W ignore " PF_SOURCE_DIR "/tests/nn/%s %s >/dev/null 2>&1; exit; }; done; exit 77",
		 script, folder);
	int status = system(command); /* NOLINT(cert-env33-c): the paths are ours */
	if (status == 77 << 8) {
		return false;
	}
	assert_int_equal(status, 0);
	return true;
}

static void test_new(void **state)
{
	(void)state;
	if (!run_script("export_ops.py", PF_BINARY_DIR "/nn-ops")) {
		print_message("torch is not installed: stored exports only\n");
		skip();
	}
	check_folder(PF_BINARY_DIR "/nn-ops");
}

static void test_models(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		double least_gmac;
	} models[] = {{"resnet_small", 0.001},
		      {"rtmpose", 0.3},
		      {"yolo_pose", 4},
		      {"movenet", 0.1},
		      {"simple_baseline", 5}};
	const char *folder = PF_BINARY_DIR "/nn-models";
	FILE *there = fopen(PF_BINARY_DIR "/nn-models/simple_baseline.bin",
			    "rb"); /* made once: it takes a minute */
	if (there) {
		fclose(there);
	} else if (!run_script("export_models.py", folder)) {
		print_message("torch is not installed: no models\n");
		skip();
	}
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		pf_network_stats stats;
		double difference = check_model(folder, models[i].name, &stats);
		print_message("%s: %.3f M parameters, %.3f GMAC, %zu nodes as %zu, difference %.2g\n",
			      models[i].name, (double)stats.parameters * 1e-6, (double)stats.macs * 1e-9,
			      stats.file_nodes, stats.nodes, difference);
		assert_true((double)stats.macs * 1e-9 > models[i].least_gmac);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stored),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_models),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
