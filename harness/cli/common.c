#include "harness/cli/common.h"

#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "datasets/dataset_make.h"
#include "datasets/dataset_spec.h"
#include "datasets/dataset_store.h"
#include "harness/base/interrupt.h"
#include "harness/base/nearest.h"
#include "harness/base/text.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/registry/known.h"
#include "harness/registry/outside.h"
#include "photofinish/file.h"

void pf_common_tell_start(const char *command, const pf_dataset *dataset, uint32_t rounds,
			  const pf_contestant *contestants, size_t count)
{
	char name[512];
	if (!pf_progress_is_json()) {
		return;
	}
	json_t *steps = json_array();
	for (size_t i = 0; i < count; i++) {
		json_array_append_new(steps, json_string(contestants[i].label));
	}
	pf_escape(dataset->name, name, sizeof name);
	pf_progress_event("start",
			  json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "schema", "photofinish.progress/1",
				    "command", command, "dataset", name, "photos", (json_int_t)dataset->count,
				    "rounds", (json_int_t)rounds, "steps", steps));
}

static void report_fault(const char *name, const char *fault)
{
	pf_progress_say("photofinish: variant %s cannot be run: %s", name, fault);
}

size_t pf_common_report_faults(void)
{
	return pf_variants_with_faults(report_fault);
}

pf_status pf_common_outside(const pf_texts *plugins, const pf_texts *commands, const pf_allowance *allowance,
			    pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < plugins->count && status == PF_OK; i++) {
		status = pf_plugin_add(plugins->texts[i], allowance, error);
	}
	for (size_t i = 0; commands && i < commands->count && status == PF_OK; i++) {
		status = pf_command_add(commands->texts[i], error);
	}
	/* All together: one may be the parent of another. */
	const struct pf_variant *variant;
	for (size_t i = 0; status == PF_OK && (variant = pf_variant_at(i)); i++) {
		const pf_outside *outside = pf_outside_of(variant);
		const char *fault = outside ? pf_variant_fault(variant) : NULL;
		if (fault) {
			status = pf_fail(error, PF_ERR_INVALID, outside->plugin,
					 "variant %s cannot be run: %s", variant->name, fault);
		}
	}
	return status;
}

void pf_common_limits(const pf_common *common, pf_session *session)
{
	double own = 60 + 5.0 * (double)session->dataset->count;
	session->timeout_s = common->timeout_s > 0 ? common->timeout_s : own;
	session->order.photo_timeout_ns = (uint64_t)(common->photo_timeout_s * 1e9);
	session->order.memory_limit_bytes = (uint64_t)(common->memory_limit_mb * 1e6 / 2);
	session->order.memory_most_bytes = (uint64_t)(common->memory_limit_mb * 1e6);
	session->placement = common->placement;
	session->order.allowance = common->allowance;
}

/* Binds this process, and so all that it starts, to `count` processors, of different cores as long as there
 * are: the kernel gives it the time of no others. */
static pf_status keep_to_processors(uint32_t count, pf_error *error)
{
	pf_topology *topology = malloc(sizeof *topology);
	pf_placement placement = {.kind = PF_PLACEMENT_NONE};
	cpu_set_t chosen;
	pf_status status = topology ? pf_topology_read(NULL, NULL, topology, error)
				    : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	status = status == PF_OK ? pf_placement_choose(topology, "cores", &placement, error) : status;
	free(topology);
	CPU_ZERO(&chosen);
	for (uint32_t i = 0; i < placement.count && i < count; i++) {
		if (placement.cpus[i].cpu < CPU_SETSIZE) {
			CPU_SET(placement.cpus[i].cpu, &chosen);
		}
	}
	if (status == PF_OK && sched_setaffinity(0, sizeof chosen, &chosen)) {
		status = pf_fail_errno(error, NULL, "--cpu-limit: cannot keep to %u processors", count);
	}
	return status;
}

/* A machine whose topology cannot be read is no reason to stop: workers run where the kernel puts them. */
static pf_status choose_placement(pf_common *common, pf_error *error)
{
	pf_topology *topology = malloc(sizeof *topology);
	pf_error why;
	pf_status status = PF_OK;
	if (!topology || pf_topology_read(NULL, NULL, topology, &why) != PF_OK) {
		pf_progress_say("photofinish: workers are not bound: %s",
				topology ? why.message : "no memory");
	} else {
		status = pf_placement_choose(topology, common->placement_text, &common->placement, error);
	}
	free(topology);
	return status;
}

/* Without the network that comes with photofinish there is no pose, which is said at once; a network that was
 * asked for has to be there. */
static pf_status check_pose(const pf_common *common, const pf_scorer_config *config, pf_error *error)
{
	const char *no_pose = pf_scorer_no_pose(config);
	if (no_pose[0] && common->stages) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "--stages names pose, but %s", no_pose);
	}
	if (no_pose[0]) {
		fprintf(stderr, "photofinish: without pose, so scores are not the usual ones: %s\n", no_pose);
	}
	if (!config->model_file[0] || config->left_out & PF_LEAVE_OUT_POSE || !common->config_file) {
		return PF_OK;
	}
	int fd = open(config->model_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		return pf_fail_errno(error, config->model_file, "cannot open the pose network");
	}
	close(fd);
	return PF_OK;
}

static pf_status choose_preset(const pf_common *common, pf_scorer_config *config, pf_error *error)
{
	pf_status status = pf_preset_find(common->preset, &config->preset, error);
	const char *problem = status == PF_OK ? pf_preset_problem(config) : NULL;
	if (problem) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "preset %s: %s", common->preset, problem);
	}
	if (status == PF_OK && config->preset && common->commands.count) {
		return pf_fail(error, PF_ERR_USAGE, NULL,
			       "--preset does not go with --command: a program from outside has its own way");
	}
	return status;
}

pf_status pf_common_apply(pf_common *common, pf_scorer_config *config, pf_error *error)
{
	pf_progress_choose(&common->progress);
	pf_status status = common->cpu_limit ? keep_to_processors(common->cpu_limit, error) : PF_OK;
	if (!common->workers) {
		common->workers = pf_core_count();
	}
	pf_scorer_config_default(config);
	status = status == PF_OK ? choose_placement(common, error) : status;
	for (size_t i = 0; i < common->allow.count && status == PF_OK; i++) {
		status = pf_allowance_add(&common->allowance, common->allow.texts[i], error);
	}
	if (status == PF_OK) {
		status = pf_common_outside(&common->plugins, &common->commands, &common->allowance, error);
	}
	if (status == PF_OK && common->config_file) {
		status = pf_scorer_config_load(config, common->config_file, error);
	}
	if (status == PF_OK && common->stages && common->commands.count) {
		return pf_fail(
			error, PF_ERR_USAGE, NULL,
			"--stages does not go with --command: a program from outside has stages of its own");
	}
	if (status == PF_OK && common->stages) {
		status = pf_scorer_config_stages(config, common->stages, error);
	}
	if (status == PF_OK && common->preset) {
		status = choose_preset(common, config, error);
	}
	return status == PF_OK ? check_pose(common, config, error) : status;
}

static void hear_make(void *context, const pf_make_progress *progress)
{
	const char *spec = context;
	char label[100];
	snprintf(label, sizeof label, "rendering %s", spec);
	pf_progress_update(label, progress->done, progress->total, "photos", NULL);
}

pf_status pf_common_make(pf_make_options *options, pf_make_report *report, pf_error *error)
{
	char bytes[PF_TEXT], seconds[PF_TEXT];
	options->progress = hear_make;
	options->context = (void *)options->spec;
	options->cancel = &pf_interrupts;
	pf_status status = pf_dataset_make(options, report, error);
	pf_progress_clear();
	if (status == PF_OK && !report->already_there) {
		double megapixels = (double)report->pixels * 1e-6;
		pf_progress_milestone("rendered %u photos (%s) in %s by %u workers: %.1f MP/s a core",
				      report->rendered, pf_text_bytes((double)report->bytes, bytes),
				      pf_text_seconds(report->seconds, seconds), report->workers,
				      report->core_seconds > 0 ? megapixels / report->core_seconds : 0.0);
	}
	return status;
}

/* True if neither the data folder nor the present one has that name, but there is a specification to make it
 * from. */
static bool can_be_made(const char *name)
{
	char manifest[PF_STORE_PATH_MAX];
	pf_spec *spec = calloc(1, sizeof *spec);
	pf_error ignored;
	struct stat folder;
	bool missing = spec && pf_store_name_ok(name) &&
		       pf_store_path(NULL, name, "manifest", manifest, &ignored) == PF_OK &&
		       access(manifest, F_OK);
	missing = missing && (stat(name, &folder) != 0 || !S_ISDIR(folder.st_mode));
	missing = missing && pf_spec_load(name, spec, &ignored) == PF_OK;
	free(spec);
	return missing;
}

static void try_entry(void *context, const pf_store_entry *entry)
{
	pf_nearest_try(context, entry->name);
}

static void try_spec(void *context, const char *name)
{
	pf_nearest_try(context, name);
}

/* `name` is no dataset: which of those there are, or that can be made, was meant? */
static pf_status fail_unknown(const char *name, pf_error *error)
{
	char hint[PF_NEAREST + 32];
	pf_error ignored;
	pf_nearest nearest = {.word = name};
	pf_store_list(NULL, try_entry, &nearest, &ignored);
	pf_spec_list(try_spec, &nearest, &ignored);
	pf_nearest_hint(&nearest, hint);
	return hint[0] ? pf_fail(error, PF_ERR_NOT_FOUND, name, "there is no such dataset or folder%s", hint)
		       : PF_ERR_NOT_FOUND;
}

pf_status pf_common_dataset_sized(const char *spec, double megapixels, pf_dataset **out, pf_error *error)
{
	char name[64]; /* as long as a dataset's may be */
	pf_make_report report;
	if (snprintf(name, sizeof name, "%s-%gmp", spec, megapixels) >= (int)sizeof name ||
	    !pf_store_name_ok(name)) {
		return pf_fail(error, PF_ERR_USAGE, spec,
			       "photos of other sizes are made of a specification's name");
	}
	pf_make_options options = {.spec = spec, .name = name, .megapixels = megapixels};
	pf_status status = pf_common_make(&options, &report, error);
	return status == PF_OK ? pf_common_dataset(name, out, error) : status;
}

pf_status pf_common_dataset(const char *name, pf_dataset **out, pf_error *error)
{
	char home[PF_STORE_PATH_MAX];
	struct stat info;
	if (stat(name, &info) != 0) { /* no path: then the data folder has to be known */
		pf_status status = pf_store_home(home, error);
		if (status != PF_OK) {
			return status;
		}
	}
	if (can_be_made(name)) {
		pf_make_options options = {.spec = name};
		pf_make_report report;
		pf_progress_milestone("dataset %s is not there yet: rendering it", name);
		pf_status status = pf_common_make(&options, &report, error);
		if (status != PF_OK) {
			return status;
		}
	}
	char manifest[PF_STORE_PATH_MAX];
	pf_dataset *dataset = NULL;
	pf_status status = pf_store_open(name, &dataset, error);
	if (status == PF_ERR_NOT_FOUND) {
		status = fail_unknown(name, error);
	}
	if (status == PF_OK) {
		status = pf_options_spare(dataset, pf_store_manifest(name, manifest) ? manifest : NULL,
					  error);
	}
	if (status != PF_OK) {
		pf_dataset_free(dataset);
		return status;
	}
	*out = dataset;
	return PF_OK;
}
