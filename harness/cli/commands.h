/* The commands, one file each. Each takes its own words (argv[0] is the command's name) and returns the exit
 * status. */
#ifndef HARNESS_COMMANDS_H
#define HARNESS_COMMANDS_H

#include "harness/cli/options.h"

int pf_cmd_journey(const pf_command *command, int argc, char **argv);
int pf_cmd_notebook(const pf_command *command, int argc, char **argv);
int pf_cmd_report(const pf_command *command, int argc, char **argv);
int pf_cmd_export(const pf_command *command, int argc, char **argv);
/* argv is what stands behind "show": the id. */
int pf_cmd_history_show(const pf_command *command, int argc, char **argv);
int pf_cmd_history(const pf_command *command, int argc, char **argv);
int pf_cmd_run(const pf_command *command, int argc, char **argv);
int pf_cmd_tune(const pf_command *command, int argc, char **argv);
int pf_cmd_sweep(const pf_command *command, int argc, char **argv);
int pf_cmd_time(const pf_command *command, int argc, char **argv);
int pf_cmd_compare(const pf_command *command, int argc, char **argv);
int pf_cmd_compare_variants(const pf_command *command, int argc, char **argv);
int pf_cmd_load(const pf_command *command, int argc, char **argv);
int pf_cmd_serve(const pf_command *command, int argc, char **argv);
int pf_cmd_soak(const pf_command *command, int argc, char **argv);
int pf_cmd_audit(const pf_command *command, int argc, char **argv);
int pf_cmd_profile(const pf_command *command, int argc, char **argv);
int pf_cmd_profile_variants(const pf_command *command, int argc, char **argv);
int pf_cmd_gate(const pf_command *command, int argc, char **argv);
int pf_cmd_calibrate(const pf_command *command, int argc, char **argv);
int pf_cmd_gate_host(const pf_command *command, int argc, char **argv);
int pf_cmd_doctor(const pf_command *command, int argc, char **argv);
int pf_cmd_explain(const pf_command *command, int argc, char **argv);
int pf_cmd_bench(const pf_command *command, int argc, char **argv);
int pf_cmd_complexity(const pf_command *command, int argc, char **argv);
int pf_cmd_presets(const pf_command *command, int argc, char **argv);
int pf_cmd_limits(const pf_command *command, int argc, char **argv);
int pf_cmd_score(const pf_command *command, int argc, char **argv);
int pf_cmd_work(const pf_command *command, int argc, char **argv);
int pf_cmd_variants(const pf_command *command, int argc, char **argv);
int pf_cmd_accuracy(const pf_command *command, int argc, char **argv);
int pf_cmd_model(const pf_command *command, int argc, char **argv);
int pf_cmd_dataset(const pf_command *command, int argc, char **argv);
int pf_cmd_completion(const pf_command *command, int argc, char **argv);
int pf_cmd_man_page(const pf_command *command, int argc, char **argv);
int pf_cmd_kernel(const pf_command *command, int argc, char **argv);
int pf_cmd_trial(const pf_command *command, int argc, char **argv);

/* At the end of a command: results that could not be written are no results. Where nobody reads them any more
 * (a pipe into head) this ends as other programs do, by SIGPIPE: quietly. Else returns the exit status. */
int pf_flush_output(int code);

/* The program: finds the command in argv[1] and runs it. */
int pf_cli_main(int argc, char **argv);

#endif
