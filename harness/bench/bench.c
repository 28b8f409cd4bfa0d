#include "harness/bench/bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/stats/enough.h"
#include "harness/stats/order_statistics.h"
#include "harness/stats/shuffle.h"
#include "photofinish/trace.h"

#define OFFSET_NAME "PHOTOFINISH_RANDOM_OFFSET="
#define OFFSET_MOST 4096

pf_comparison_rules pf_bench_rules(const pf_bench *bench)
{
	pf_comparison_rules rules = bench->rules;
	rules.alpha /= bench->count > 1 ? (double)(bench->count - 1) : 1.0;
	return rules;
}

/* A line beside the runs: `what` names it. */
static pf_status run_line(const pf_bench *bench, const char *what, const char *line, pf_error *error)
{
	char *const arguments[] = {"sh", "-c", (char *)line, NULL};
	const pf_timed_setting *own = &bench->setting;
	bool shown = own->output && strcmp(own->output, "inherit") == 0;
	const pf_timed_setting setting = {.timeout_s = own->timeout_s, .output = shown ? "inherit" : NULL};
	pf_timed_run run;
	if (!line) {
		return PF_OK;
	}
	pf_status status = pf_timed_command_run(arguments, &setting, &run, error);
	if (status == PF_OK && run.stopped) {
		status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	} else if (status == PF_OK && run.timed_out) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "the %s \"%s\": killed after %.10g s", what,
				 line, own->timeout_s);
	} else if (status == PF_OK && run.status) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "the %s \"%s\" ends with status %d", what, line,
				 run.status);
	}
	return status;
}

static pf_status run_command(const pf_bench *bench, const pf_bench_command *command,
			     const pf_timed_setting *setting, pf_timed_run *run, pf_error *error)
{
	pf_status status = pf_timed_command_run(command->arguments, setting, run, error);
	if (status == PF_OK && run->stopped) {
		status = pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
	} else if (status == PF_OK && run->timed_out) {
		status = pf_fail(error, PF_ERR_INVALID, NULL, "%s: killed after %.10g s", command->name,
				 bench->setting.timeout_s);
	} else if (status == PF_OK && run->status && !bench->ignore_failure &&
		   !bench->ignored[run->status & 255]) {
		status = pf_fail(
			error, PF_ERR_INVALID, NULL,
			"%s: ends with status %d (--show-output shows what it prints, --ignore-failure times it all the same)",
			command->name, run->status);
	}
	return status;
}

/* Events of one run. */
struct counting {
	pf_bench *bench;
	pf_counter_reader reader;
	pf_count counts[PF_COUNTERS_MAX];
};

static void open_counters(void *context, pid_t launcher)
{
	struct counting *counting = context;
	pf_counter_open_command(counting->bench->counters, launcher, &counting->reader,
				counting->bench->openings);
}

static void read_counters(void *context)
{
	struct counting *counting = context;
	counting->reader.backend->read(&counting->reader, counting->counts);
	counting->reader.backend->close(&counting->reader);
}

/* `counts` (may be NULL) gets what was counted. */
static pf_status run_counted(pf_bench *bench, const pf_bench_command *command, pf_timed_run *run,
			     pf_count *counts, pf_error *error)
{
	struct counting counting = {.bench = bench};
	pf_timed_setting setting = bench->setting;
	if (bench->counters) {
		setting.starting = open_counters;
		setting.ended = read_counters;
		setting.context = &counting;
	}
	pf_status status = run_command(bench, command, &setting, run, error);
	if (bench->counters && counts) {
		memcpy(counts, counting.counts, bench->counters->count * sizeof *counts);
	}
	return status;
}

static pf_status run_once(pf_bench *bench, size_t index, uint32_t round, pf_timed_run *run, pf_error *error)
{
	const pf_bench_command *command = &bench->commands[index];
	pf_status status = run_line(bench, "preparation", command->prepare, error);
	if (status == PF_OK && bench->tell) {
		bench->tell(bench, index, round);
	}
	if (status == PF_OK) {
		pf_count *counts = round && command->counts
					   ? command->counts + (round - 1) * bench->counters->count
					   : NULL;
		status = run_counted(bench, command, run, counts, error);
	}
	return status == PF_OK ? run_line(bench, "conclusion", command->conclude, error) : status;
}

/* Set-ups until one fails; *done tells how many were begun. */
static pf_status set_up(const pf_bench *bench, size_t *done, pf_error *error)
{
	pf_status status = PF_OK;
	for (*done = 0; *done < bench->count && status == PF_OK; ++*done) {
		status = run_line(bench, "set-up", bench->commands[*done].setup, error);
	}
	return status;
}

/* What was set up is cleaned up, whatever happened; the first failure counts. */
static pf_status clean_up(const pf_bench *bench, size_t count, pf_status status, pf_error *error)
{
	for (size_t i = 0; i < count; i++) {
		pf_error own = {0};
		pf_status cleaned = run_line(bench, "clean-up", bench->commands[i].cleanup, &own);
		if (cleaned != PF_OK && status == PF_OK) {
			status = cleaned;
			*error = own;
		}
	}
	return status;
}

/* Times of the whole rounds. */
static void take_times(const pf_bench *bench, size_t command, double *seconds)
{
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		seconds[i] = (double)bench->commands[command].runs[i].wall_ns * 1e-9;
	}
}

/* CPU times of the whole rounds; false where one is 0: there is no ratio then. */
static bool take_cpu(const pf_bench *bench, size_t command, double *seconds)
{
	bool known = true;
	for (uint32_t i = 0; i < bench->rounds_done; i++) {
		const pf_timed_run *run = &bench->commands[command].runs[i];
		seconds[i] = (double)(run->user_ns + run->system_ns) * 1e-9;
		known = known && seconds[i] > 0;
	}
	return known;
}

static double *make_samples(const pf_bench *bench)
{
	double *samples = calloc(2 * (size_t)bench->rounds_done + 1, sizeof *samples);
	if (!samples) {
		pf_out_of_memory();
	}
	return samples;
}

static void compare(pf_bench *bench)
{
	const pf_comparison_rules rules = pf_bench_rules(bench);
	double *first = make_samples(bench), *other = first + bench->rounds_done;
	for (size_t i = 1; i < bench->count && bench->rounds_done; i++) {
		pf_bench_command *command = &bench->commands[i];
		take_times(bench, 0, first);
		take_times(bench, i, other);
		command->comparison = pf_compare(first, other, bench->rounds_done, &rules);
		command->cpu_known = take_cpu(bench, 0, first);
		command->cpu_known = take_cpu(bench, i, other) && command->cpu_known;
		if (command->cpu_known) {
			command->cpu = pf_compare(first, other, bench->rounds_done, &rules);
		}
	}
	free(first);
}

static void describe(pf_bench *bench)
{
	size_t n = bench->rounds_done;
	double *times = make_samples(bench), *other = times + n;
	for (size_t i = 0; i < bench->count && n; i++) {
		pf_bench_command *command = &bench->commands[i];
		double squares = 0;
		take_times(bench, i, times);
		command->seconds = pf_interval_within(pf_mean_interval(times, n, PF_COMPARISON_LEVEL), 0,
						      INFINITY);
		for (size_t k = 0; k < n; k++) {
			squares += (times[k] - command->seconds.mean) * (times[k] - command->seconds.mean);
			other[k] = (double)command->runs[k].user_ns * 1e-9;
		}
		command->deviation_s = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
		command->user_s = pf_interval_within(pf_mean_interval(other, n, PF_COMPARISON_LEVEL), 0,
						     INFINITY);
		for (size_t k = 0; k < n; k++) {
			other[k] = (double)command->runs[k].system_ns * 1e-9;
		}
		command->system_s = pf_interval_within(pf_mean_interval(other, n, PF_COMPARISON_LEVEL), 0,
						       INFINITY);
		pf_sort(times, n);
		command->least_s = times[0];
		command->most_s = times[n - 1];
		command->median_s = pf_median(times, n);
	}
	free(times);
}

static bool enough(pf_bench *bench, uint64_t begin_ns)
{
	double elapsed_s = (double)(pf_now_ns() - begin_ns) * 1e-9;
	bool decided = bench->rules.until_decided;
	if (decided) {
		compare(bench);
	}
	for (size_t i = 1; i < bench->count; i++) {
		const pf_bench_command *command = &bench->commands[i];
		const pf_comparison *by = bench->by_cpu ? &command->cpu : &command->comparison;
		decided = decided && by->word != PF_WORD_UNDECIDED;
	}
	bool late = bench->max_time_s > 0 && elapsed_s + elapsed_s / bench->rounds_done > bench->max_time_s;
	if (decided ||
	    (late && bench->rounds_done < bench->rounds && bench->rounds_done >= bench->least_rounds)) {
		bench->stopped = decided ? "decided" : "time";
		return true;
	}
	return false;
}

/* The environment of a run: this process's, and room of a random size. */
struct environment {
	char **variables;
	char offset[sizeof OFFSET_NAME + OFFSET_MOST + 1];
	pf_random random;
};

static pf_status open_environment(struct environment *environment, uint64_t seed, pf_error *error)
{
	size_t count = 0;
	while (environ[count]) {
		count++;
	}
	environment->random.state = seed;
	environment->variables = calloc(count + 2, sizeof *environment->variables);
	if (!environment->variables) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	memcpy(environment->variables + 1, environ, count * sizeof *environ);
	environment->variables[0] = environment->offset;
	return PF_OK;
}

static void draw_offset(struct environment *environment)
{
	size_t size = pf_random_below(&environment->random, OFFSET_MOST + 1);
	memcpy(environment->offset, OFFSET_NAME, sizeof OFFSET_NAME - 1);
	memset(environment->offset + sizeof OFFSET_NAME - 1, 'X', size);
	environment->offset[sizeof OFFSET_NAME - 1 + size] = '\0';
}

static pf_status run_round(pf_bench *bench, struct environment *environment, const size_t *order,
			   uint32_t round, pf_error *error)
{
	pf_status status = PF_OK;
	for (size_t i = 0; i < bench->count && status == PF_OK; i++) {
		pf_timed_run ignored;
		pf_timed_run *run = round ? &bench->commands[order[i]].runs[round - 1] : &ignored;
		draw_offset(environment);
		status = pf_interrupts ? pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request")
				       : run_once(bench, order[i], round, run, error);
	}
	return status;
}

/* Of all that was run so far, preparations, too. */
static uint64_t children_cpu_ns(void)
{
	struct rusage usage = {0};
	getrusage(RUSAGE_CHILDREN, &usage);
	return ((uint64_t)usage.ru_utime.tv_sec + (uint64_t)usage.ru_stime.tv_sec) * 1000000000u +
	       ((uint64_t)usage.ru_utime.tv_usec + (uint64_t)usage.ru_stime.tv_usec) * 1000u;
}

static pf_status run_rounds(pf_bench *bench, struct environment *environment, pf_error *error)
{
	pf_status status = PF_OK;
	size_t order[PF_BENCH_MOST] = {0};
	pf_random random = {.state = bench->seed};
	for (size_t i = 0; i < bench->count; i++) {
		order[i] = i;
	}
	for (uint32_t i = 0; i < bench->warmup && status == PF_OK; i++) {
		status = run_round(bench, environment, order, 0, error);
	}
	uint64_t begin_ns = pf_now_ns(), own_ns = children_cpu_ns();
	pf_machine_counters before, after;
	pf_machine_read(NULL, NULL, &before);
	for (uint32_t round = 1; round <= bench->rounds && status == PF_OK; round++) {
		pf_shuffle_round(&random, order, bench->count, round);
		status = run_round(bench, environment, order, round, error);
		bench->rounds_done += status == PF_OK;
		if (status == PF_OK && enough(bench, begin_ns)) {
			break;
		}
	}
	pf_machine_read(NULL, NULL, &after);
	pf_machine_between(&before, &after, children_cpu_ns() - own_ns, &bench->machine);
	return status;
}

pf_status pf_bench_run(pf_bench *bench, pf_error *error)
{
	struct environment environment = {0};
	size_t set = 0;
	bench->stopped = "rounds";
	size_t events = bench->counters ? bench->counters->count : 0;
	for (size_t i = 0; i < bench->count; i++) {
		bench->commands[i].runs = calloc(bench->rounds, sizeof *bench->commands[i].runs);
		bench->commands[i].counts = events ? calloc(bench->rounds * events, sizeof(pf_count)) : NULL;
		if (!bench->commands[i].runs || (events && !bench->commands[i].counts)) {
			return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
		}
	}
	/* Another stream of numbers than the order's: that is as it is without. */
	pf_status status = open_environment(&environment, ~bench->seed, error);
	if (status == PF_OK) {
		bench->setting.environment = environment.variables;
		status = set_up(bench, &set, error);
	}
	if (status == PF_OK) {
		status = run_rounds(bench, &environment, error);
	}
	compare(bench);
	describe(bench);
	status = clean_up(bench, set, status, error);
	bench->setting.environment = NULL;
	free(environment.variables);
	if (status != PF_OK) {
		bench->stopped = status == PF_ERR_CANCELLED ? "request" : "failure";
	}
	return status == PF_ERR_CANCELLED ? PF_OK : status;
}

void pf_bench_release(pf_bench *bench)
{
	for (size_t i = 0; i < bench->count; i++) {
		free(bench->commands[i].runs);
		free(bench->commands[i].counts);
		bench->commands[i].runs = NULL;
		bench->commands[i].counts = NULL;
	}
}
