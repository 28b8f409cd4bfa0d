#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/interrupt.h"
#include "harness/base/nearest.h"
#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/cli/absent.h"
#include "harness/cli/commands.h"
#include "harness/cli/help_topics.h"
#include "harness/machine/environment.h"
#include "harness/progress/progress.h"
#include "harness/stats/enough.h"

const pf_command pf_commands[] = {
	{"journey", "", "Run all variants against each other and print the table",
	 "Every variant runs once in each round, in a shuffled order that every second round reverses, "
	 "each trial in a process of its\n"
	 "own. Every score is compared with the reference; wrong output gets no time. "
	 "A dataset that is not there\n"
	 "yet is rendered first. Ctrl-C finishes the photo at hand and keeps what was measured (marked "
	 "partial).",
	 0, 0, pf_cmd_journey, false},
	{"run", "VARIANT", "Run one variant and print its time",
	 "VARIANT may carry options: parallel:workers=4.", 1, 1, pf_cmd_run, false},
	{"sweep", "VARIANT", "Throughput, latency and memory against workers, chunks and sizes of photos",
	 "Every combination runs in each round. Speedups are over one worker, paired by round; the knee is where throughput over "
	 "latency is largest. Amdahl's bound comes from measured serial spans, sigma and kappa of the Universal Scalability Law "
	 "from a fit to the speedups.",
	 1, 1, pf_cmd_sweep, false},
	{"tune", "VARIANT", "Choose a variant's workers and options by measurement",
	 "Candidates run in rounds on one half of the photos, and half of them go after each heat; the best is then compared "
	 "with the default on the other half until an e-process decides. Unless it is shown to be faster the default stays. "
	 "What was found goes into a file that score --tuned and run --tuned use where it holds.",
	 1, 1, pf_cmd_tune, false},
	{"compare", "A B", "Compare two variants or commands: faster, slower, equivalent or undecided",
	 "A and B are variants, with options if need be: parallel parallel:workers=2. "
	 "Both run once in each round, and\n"
	 "all scores are checked. Faster and slower are said where the whole interval lies beyond the margin, "
	 "equivalent\n"
	 "where it lies within. \"photofinish compare --commands --help\" is about commands, "
	 "whose output is not checked.",
	 2, 2, pf_cmd_compare, false},
	{"audit", "VARIANT|FILE.so", "Check that a variant does the work that its time is for",
	 "It scores photos that it has never seen, under new names in a new folder, "
	 "in trials like all others; the\n"
	 "reference is made afterwards. Exit status: 0 passed, 1 caught, 3 undecided.",
	 1, 1, pf_cmd_audit, false},
	{"load", "[VARIANT]", "Latency or throughput under a load, against objectives",
	 "Photos one after the other, each issued when the one before is done, as a Poisson stream, "
	 "or all at once; with --url sent to a server, whose answers are checked. Exit\n"
	 "status: 0 all objectives met, 1 missed, 3 undecided: the interval or the sample does not decide.",
	 0, 1, pf_cmd_load, false},
	{"soak", "VARIANT", "Whether a variant leaks or grows slower in the long run",
	 "One process scores the same photos again and again; heap, RSS, descriptors, "
	 "threads and the time of a photo are\n"
	 "judged by their trend. Exit status: 0 none grows, 1 one does, 3 undecided.",
	 1, 1, pf_cmd_soak, false},
	{"serve", "", "Score photos that come by HTTP, within deadlines",
	 "POST /score takes one JPEG, POST /burst several (multipart) and ranks them; GET /healthz, /readyz, /metrics, and / for a "
	 "page of what goes on. A request that would miss its deadline is refused at once (503), one whose deadline has passed is "
	 "not executed (504). SIGTERM ends it once all is answered (docs/serve.md).",
	 0, 0, pf_cmd_serve, false},
	{"notebook", "RECORD", "Write a run's lab notebook from its record",
	 "RECORD is what --json wrote, or the first characters of an id of the history, or last. The text is\n"
	 "what --notebook of journey writes, to the byte.",
	 1, 1, pf_cmd_notebook, false},
	{"report", "RECORD...", "Draw a run's charts and write its report: a page that opens offline",
	 "RECORD is what --json of journey, run, compare, sweep or load wrote, or the first characters of an id of "
	 "the history, or last. One journey, run or comparison makes the page; sweeps and loads fill their "
	 "sections of it. DIR gets index.html, summary.md and charts/ (SVG; PNG where rsvg-convert is installed). It "
	 "takes Node 18 or newer, which scripts/setup installs. Exit status: 0 made, 2 not made, with the reason.",
	 1, 32, pf_cmd_report, false},
	{"export", "RECORD",
	 "Write a run's record as CSV, Google Benchmark JSON, OpenMetrics, Markdown or JUnit",
	 "RECORD is what --json wrote, or the first characters of an id of the history, or last. "
	 "Results whose output was\n"
	 "not checked have no time in any format.",
	 1, 1, pf_cmd_export, false},
	{"history", "list|show|trend|add|rm|rebuild ...",
	 "The records that were kept: list, show, remove, follow a ratio",
	 "journey, run, compare and sweep keep their records unless --no-history says otherwise. "
	 "show ID, trend VARIANT, add RECORD..., rm ID...: ID is the first\n"
	 "characters of a record's id, or last. trend prints ratios within each record, "
	 "never times of different days.",
	 1, -1, pf_cmd_history, false},
	{"time", "-- CMD1 -- CMD2 ...", "Time any commands against each other, in interleaved rounds",
	 "Commands stand behind a -- each, after the options, or as lines for /bin/sh in quotes. "
	 "The first is\n"
	 "compared with the others: faster, slower, equivalent or undecided. What they compute is not checked.",
	 0, -1, pf_cmd_time, false},
	{"profile", "VARIANT | -- CMD", "Find which functions take the time: samples, flame graphs",
	 "Samples are taken of all processes and threads, by perf events where the kernel allows them, else by timers. Of a variant\n"
	 "each sample has its stage, and --against draws the difference to another one. --out writes a flame graph, and files for\n"
	 "speedscope, pprof and other tools (docs/profile.md).",
	 1, 1, pf_cmd_profile, false},
	{"bench", "[FILTER]", "Micro-benchmarks: every workload by size, and by backend and instruction set",
	 "The output of each is checked before it is timed: what computes something else gets no time. FILTER is a regular\n"
	 "expression over names. Google Benchmark executes them; its own options (--benchmark_...) pass through. With --plugin\n"
	 "those of shared objects are executed instead. Exit status: 0 fine, 1 wrong output.",
	 0, 1, pf_cmd_bench, false},
	{"complexity", "[NAME]",
	 "Find what grows faster than it should: stages and burst detection over growing sizes",
	 "Each workload (NAME: those that have it in their name) runs on sizes that double and for units that double; the least CPU\n"
	 "times give the exponent with its interval, and the law that fits. Exit status: 0 fine, 1 something grows too fast,\n"
	 "3 undecided.",
	 0, 1, pf_cmd_complexity, false},
	{"gate", "[-- CANDIDATE]", "Stop a regression: whether a build of a library is slower or differs",
	 "Baseline and candidate are built now and run in turn, in many short processes with other layouts of the same code.\n"
	 "Any library that exports workloads takes part (photofinish/workload.h). Exit status: 0 PASS or IDENTICAL, 1 FAIL,\n"
	 "2 INVALID or an error, 3 INCONCLUSIVE.",
	 0, 1, pf_cmd_gate, false},
	{"calibrate", "", "Measure how often the gate is wrong here, and how small a slowdown it finds",
	 "Gates a build against itself, again and again: the same bytes, other layouts, slowdowns of known size. It goes on where it was\n"
	 "stopped. Results: with bounds that their number of gates supports, beside what the rules of other tools say.",
	 0, 0, pf_cmd_calibrate, false},
	{"doctor", "", "Say what about this machine spoils measurements, and how to mend it",
	 "Looks at what runs here, the processors' settings, limits, memory and storage, "
	 "then measures the noise floor with\n"
	 "fixed work. Changes nothing.",
	 0, 0, pf_cmd_doctor, false},
	{"explain", "VARIANT|RECORD", "Say what bounds a variant, what is idle, and what would help most",
	 "The variant runs some times; its spans tell which stage bounds it, and by replaying them what another time of a "
	 "stage would do. A record (a file, the first characters of an id of the history, or last) is told about without "
	 "replay, if its variants have spans.",
	 1, 1, pf_cmd_explain, false},
	{"limits", "", "Measure what this machine can do at most",
	 "Decoding alone, memory, arithmetic, storage, bytes between processes: by processes on cores of their own, one and\n"
	 "all at once. What a run gets is a share of it (photofinish explain).",
	 0, 0, pf_cmd_limits, false},
	{"score", "DIR|DATASET", "Score photos and list the best shot of each burst",
	 "DIR is any folder of JPEG photos (searched recursively, never written to but by --xmp). "
	 "Every photo ends up scored or\n"
	 "listed with its error; the exit status is 0 if that holds and at least one photo was scored.",
	 1, 1, pf_cmd_score, false},
	{"work", "DIR", "Score photos as one of several hosts, for runs of cluster elsewhere",
	 "DIR is where this host has the photos of the runs. Needs Redis, and PHOTOFINISH_CLUSTER_SECRET, a\n"
	 "text that the submitter has, too. A run that would have other scores than this host is refused. Goes\n"
	 "on until Ctrl-C or SIGTERM: photos at hand are finished, the others given back (docs/cluster.md).",
	 1, 1, pf_cmd_work, false},
	{"variants", "[--diff A B]", "List the variants, or show what changes from one to another", NULL, 0,
	 2, pf_cmd_variants, false},
	{"dataset", "make|list|verify|import|rm", "Make, list, verify, import or remove datasets", NULL, 0,
	 -1, pf_cmd_dataset, false},
	{"presets", "", "Measure what each preset costs and what it is worth",
	 "Every preset runs once in each round, by the same variant, each trial's scores checked against a reference of its own.\n"
	 "Their ranks are compared with ultra's, and with the truth where photos were rendered. Exit status: 0 each is faster or\n"
	 "nearer to ultra than each other one, 1 one is not, or wrong output, 3 undecided.",
	 0, 0, pf_cmd_presets, false},
	{"accuracy", "", "Compare keypoints and best shots with the truth of rendered photos",
	 "The default dataset has motions, clothing and backgrounds that the network was not trained on.", 0,
	 0, pf_cmd_accuracy, false},
	{"model", "info|check|bench FILE",
	 "Show what a network file holds, compare the backends on it, or time it",
	 "info lists inputs, outputs, operators, parameters, multiply-adds and which backend runs what. "
	 "check runs plain and\n"
	 "onednn on the same random inputs and prints the largest difference of each node (exit 1 above the "
	 "limit).",
	 2, 2, pf_cmd_model, false},
	{"completion", "bash|zsh|fish", "Print the completion of command lines for a shell",
	 "An installation has it where the shells look. Otherwise: source <(photofinish completion bash).", 1,
	 1, pf_cmd_completion, false},
	{"man-page", "", "Print the man page, as an installation has it", NULL, 0, 0, pf_cmd_man_page, true},
	{"gate-host", "", "What the gate starts", NULL, 0, 0, pf_cmd_gate_host, true},
	{"kernel", "PHOTO...", "What the harness starts under callgrind", NULL, 1, 3, pf_cmd_kernel, true},
	{"trial", "VARIANT", "What the harness starts for each trial", NULL, 1, 1, pf_cmd_trial, true},
	{0},
};

static int help(FILE *stream, int code)
{
	fprintf(stream, "Usage: photofinish COMMAND [options]\n"
			"\n"
			"Scores bursts of sports photos, executes that in swappable variants, and\n"
			"measures which is faster.\n"
			"\n"
			"Commands:\n");
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (!command->hidden && !pf_is_absent(command->name)) {
			fprintf(stream, "  %-10s ", command->name);
			pf_text_wrap(stream, command->summary, PF_HELP_COLUMNS, 13, 13);
		}
	}
	const char *separator = "\nNot in this build, which has no engine: ";
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (!command->hidden && pf_is_absent(command->name)) {
			fprintf(stream, "%s%s", separator, command->name);
			separator = ", ";
		}
	}
	fputs(separator[0] == ',' ? "\n" : "", stream);
	fprintf(stream,
		"\n"
		"\"photofinish help COMMAND\" shows a command's options, \"help TOPIC\" a page of the\n"
		"documentation, \"help topics\" lists them; --version says what was built in.\n\n");
	pf_help_paragraphs(
		"Exit status: 0 fine, 1 output that differs or an objective that was missed, 2 usage, input or run-time "
		"error or nothing valid, 3 undecided (by commands that say so), 130 interrupted.",
		stream);
	return code;
}

static int version(void)
{
	pf_environment environment;
	pf_environment_read(&environment);
	printf("photofinish %s (%s build, %s)\n%s\n%s\n", environment.version, environment.build_type,
	       environment.compiler, environment.engine, pf_build_contents);
	return PF_EXIT_OK;
}

int pf_flush_output(int code)
{
	if (pf_output_reader_is_gone()) {
		signal(SIGPIPE, SIG_DFL);
		raise(SIGPIPE);
	}
	if (fflush(stdout) || ferror(stdout)) {
		if (code == PF_EXIT_OK) { /* otherwise something was said already */
			pf_progress_say("photofinish: cannot write to standard output");
			code = PF_EXIT_ERROR;
		}
	}
	return code;
}

static bool is_command(const char *word)
{
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (strcmp(command->name, word) == 0) {
			return true;
		}
	}
	return false;
}

/* A record, or what is read of one, is whole or not at all. */
static void *json_memory(size_t bytes)
{
	return pf_enough(malloc(bytes));
}

int pf_cli_main(int argc, char **argv)
{
	pf_interrupt_install();
	json_set_alloc_funcs(json_memory, free);
	if (argc < 2) {
		return help(stderr, PF_EXIT_ERROR);
	}
	bool asked = strcmp(argv[1], "help") == 0;
	if (asked && argc > 2 && !is_command(argv[2])) {
		return pf_flush_output(pf_help_topic(argv[2]));
	}
	if (asked && argc > 2) { /* help COMMAND [SUBCOMMAND] is COMMAND [SUBCOMMAND] --help */
		char *words[] = {argv[0], argv[2], argc > 3 ? argv[3] : "--help", argc > 3 ? "--help" : NULL,
				 NULL};
		return pf_cli_main(argc > 3 ? 4 : 3, words);
	}
	if (asked || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		return pf_flush_output(help(stdout, PF_EXIT_OK));
	}
	if (!strcmp(argv[1], "--version")) {
		return pf_flush_output(version());
	}
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (strcmp(command->name, argv[1]) == 0) {
			int code = pf_flush_output(command->run(command, argc - 1, argv + 1));
			if (pf_progress_is_json()) {
				pf_progress_event("done", json_pack("{s:i}", "exit", code));
			}
			return code;
		}
	}
	char hint[PF_NEAREST + 32];
	pf_nearest nearest = {.word = argv[1]};
	for (const pf_command *command = pf_commands; command->name; command++) {
		if (!command->hidden) {
			pf_nearest_try(&nearest, command->name);
		}
	}
	return pf_usage_error(NULL, "there is no command \"%s\"%s", argv[1], pf_nearest_hint(&nearest, hint));
}
