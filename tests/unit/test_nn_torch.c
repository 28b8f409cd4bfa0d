/* Networks against what others compute, on every backend. tests/nn/vectors holds exports of torch with
 * torch's results and single operators with what numpy makes of ONNX's formulas; both are made anew where
 * torch and numpy are installed, with the graphs of RTMPose, YOLO-pose, MoveNet and SimpleBaseline. */
#include <dirent.h>
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/network_case.h"
#include "tests/unit/temp_folder.h"

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

static void check_folder(const char *folder, size_t least)
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
	print_message("%zu networks in %s: largest difference %.2g\n", count, folder, worst);
	assert_true(count >= least);
}

static void test_stored(void **state)
{
	(void)state;
	check_folder(PF_SOURCE_DIR "/tests/nn/vectors", 190);
}

/* Debian's interpreter first: that is where its packages are. False without `module`. */
static bool run_script(const char *script, const char *module, const char *folder, const char *names)
{
	char command[2048];
	snprintf(command, sizeof command,
		 "for p in /usr/bin/python3 python3; do $p -c 'import %s' 2>/dev/null && { "
		 "PYTHONDONTWRITEBYTECODE=1 $p -W ignore " PF_SOURCE_DIR
		 "/tests/nn/%s %s %s >/dev/null; exit; }; done; exit 77",
		 module, script, folder, names);
	int status = system(command); /* NOLINT(cert-env33-c): the paths are ours */
	if (status == 77 << 8) {
		return false;
	}
	if (status != 0) {
		fail_msg("%s ended with wait status 0x%x", script, (unsigned)status);
	}
	return true;
}

static void test_new(void **state)
{
	(void)state;
	char folder[256];
	pf_temp_make(folder);
	bool made = run_script("export_ops.py", "torch", folder, "");
	if (made) {
		check_folder(folder, 120);
	}
	pf_temp_remove(folder);
	if (!made) {
		print_message("torch is not installed: stored exports only\n");
		skip();
	}
}

static void test_derived(void **state)
{
	(void)state;
	char folder[256];
	pf_temp_make(folder);
	bool made = run_script("derive_ops.py", "numpy", folder, "");
	if (made) {
		check_folder(folder, 70);
	}
	pf_temp_remove(folder);
	if (!made) {
		print_message("numpy is not installed: stored vectors only\n");
		skip();
	}
}

static const struct {
	const char *name;
	double least_gmac;
} models[] = {{"resnet_small", 0.001}, {"rtmpose", 0.3},      {"movenet", 0.1}, {"depthwise_pose", 0.1},
#ifndef PF_SANITIZED /* minutes */
	      {"yolo_pose", 4},        {"simple_baseline", 5}
#endif
};

/* The exports are kept in the build folder, under a name that changes with the script: making them takes half
 * a minute. They are made elsewhere and moved there when complete, so that a run that was killed, or another
 * one at the same time, cannot be seen half done. False without torch. */
static bool have_models(char folder[256])
{
	char making[] = PF_BINARY_DIR "/nn-making-XXXXXX", names[256] = "";
	size_t size;
	char *script = pf_temp_read(PF_SOURCE_DIR "/tests/nn/export_models.py", &size);
	uint32_t hash = 2166136261u;
	for (size_t i = 0; i < size; i++) {
		hash = (hash ^ (uint8_t)script[i]) * 16777619u;
	}
	free(script);
	snprintf(folder, 256, "%s/nn-models-%08" PRIx32, PF_BINARY_DIR, hash);
	if (pf_temp_exists(folder)) {
		return true;
	}
	int used = 0;
	for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
		used += snprintf(names + used, sizeof names - (size_t)used, " %s", models[i].name);
	}
	assert_non_null(mkdtemp(making));
	bool made = run_script("export_models.py", "torch", making, names);
	if (!made || rename(making, folder) != 0) { /* no torch, or another run was first */
		pf_temp_remove(making);
	}
	return made;
}

static void test_models(void **state)
{
	(void)state;
	char folder[256];
	if (!have_models(folder)) {
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
		cmocka_unit_test(test_derived),
		cmocka_unit_test(test_models),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
