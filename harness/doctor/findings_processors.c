/* Findings on the processors: clock rate, threads of a core, clock source, hypervisor, counters. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/doctor/finding.h"

#define CPU "/sys/devices/system/cpu"
#define CLOCKS "/sys/devices/system/clocksource/clocksource0"

static uint32_t first_allowed(const struct pf_doctor *doctor)
{
	uint32_t cpu = 0;
	while (cpu < PF_MAX_CPUS - 1 && !pf_cpus_has(&doctor->allowed, cpu)) {
		cpu++;
	}
	return cpu;
}

static void judge_governor(struct pf_doctor *doctor)
{
	char path[128], first[64], other[64];
	bool alike = true;
	uint32_t at = first_allowed(doctor);
	snprintf(path, sizeof path, CPU "/cpu%u/cpufreq/scaling_governor", at);
	if (!pf_finding_line(doctor, path, first, sizeof first)) {
		pf_finding_unreadable(
			doctor, PF_FINDING_GOVERNOR, path,
			"not there: a hypervisor or the firmware keeps the clock rate to itself");
		return;
	}
	for (uint32_t cpu = at; cpu < PF_MAX_CPUS && alike; cpu++) {
		char name[128];
		snprintf(name, sizeof name, CPU "/cpu%u/cpufreq/scaling_governor", cpu);
		if (pf_cpus_has(&doctor->allowed, cpu) &&
		    pf_finding_line(doctor, name, other, sizeof other)) {
			alike = strcmp(first, other) == 0;
		}
	}
	bool good = alike && strcmp(first, "performance") == 0;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_GOVERNOR,
					     good ? PF_FINDING_OK : PF_FINDING_SPOILS, "%s: %s%s", path,
					     first, alike ? "" : ", but not on all processors");
	if (!good) {
		pf_finding_mend(finding, "echo performance | sudo tee " CPU "/cpu*/cpufreq/scaling_governor");
	}
}

static void judge_turbo(struct pf_doctor *doctor)
{
	static const char intel[] = CPU "/intel_pstate/no_turbo", general[] = CPU "/cpufreq/boost";
	long long value;
	bool is_intel = pf_finding_number(doctor, intel, &value);
	if (!is_intel && !pf_finding_number(doctor, general, &value)) {
		pf_finding_unreadable(doctor, PF_FINDING_TURBO, general,
				      "not there (nor intel_pstate): a hypervisor or the firmware decides");
		return;
	}
	bool on = is_intel ? value == 0 : value != 0;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_TURBO, on ? PF_FINDING_ADVICE : PF_FINDING_OK,
					     "%s: %lld, %s", is_intel ? intel : general, value,
					     on ? "boost is on" : "boost is off");
	if (on) {
		pf_finding_mend(finding, "echo %d | sudo tee %s", is_intel, is_intel ? intel : general);
	}
}

static void judge_smt(struct pf_doctor *doctor)
{
	long long active;
	if (!pf_finding_number(doctor, CPU "/smt/active", &active)) {
		pf_finding_unreadable(doctor, PF_FINDING_SMT, CPU "/smt/active", NULL);
		return;
	}
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_SMT, active ? PF_FINDING_ADVICE : PF_FINDING_OK, CPU "/smt/active: %lld%s",
		active, active ? "; workers get cores of their own first, siblings last" : "");
	if (active) {
		pf_finding_mend(finding, "echo off | sudo tee " CPU "/smt/control");
	}
}

static void judge_clock(struct pf_doctor *doctor)
{
	char current[64], all[128] = "";
	if (!pf_finding_line(doctor, CLOCKS "/current_clocksource", current, sizeof current)) {
		pf_finding_unreadable(doctor, PF_FINDING_CLOCK, CLOCKS "/current_clocksource", NULL);
		return;
	}
	pf_finding_line(doctor, CLOCKS "/available_clocksource", all, sizeof all);
	bool good = strcmp(current, "tsc") == 0 || strcmp(current, "kvm-clock") == 0 ||
		    strcmp(current, "arch_sys_counter") == 0 || strncmp(current, "hyperv", 6) == 0;
	bool slow = strcmp(current, "hpet") == 0 || strcmp(current, "acpi_pm") == 0 ||
		    strcmp(current, "jiffies") == 0;
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_CLOCK,
					     good   ? PF_FINDING_OK
					     : slow ? PF_FINDING_SPOILS
						    : PF_FINDING_ADVICE,
					     CLOCKS "/current_clocksource: %s", current);
	if (!good && strstr(all, "tsc")) {
		pf_finding_mend(finding, "echo tsc | sudo tee " CLOCKS "/current_clocksource");
	} else if (!good) {
		pf_finding_mend(
			finding,
			"the kernel trusts no better one; see: sudo dmesg | grep -i -e tsc -e clocksource");
	}
}

static void judge_hypervisor(struct pf_doctor *doctor)
{
	char line[8192], path[256];
	bool flags = false, guest = false;
	snprintf(path, sizeof path, "%s/proc/cpuinfo", doctor->root);
	FILE *file = fopen(path, "re");
	while (file && !flags && fgets(line, sizeof line, file)) {
		flags = strncmp(line, "flags", 5) == 0;
		guest = flags && strstr(line, " hypervisor");
	}
	if (file) {
		fclose(file);
	}
	if (!flags) {
		pf_finding_say(doctor, PF_FINDING_HYPERVISOR, PF_FINDING_UNREADABLE, "/proc/cpuinfo: %s",
			       file ? "has no flags on this architecture" : "cannot be opened");
		return;
	}
	pf_finding *finding = pf_finding_say(
		doctor, PF_FINDING_HYPERVISOR, guest ? PF_FINDING_ADVICE : PF_FINDING_OK, "/proc/cpuinfo: %s",
		guest ? "the flag hypervisor: a virtual machine" : "no flag hypervisor");
	if (guest) {
		pf_finding_mend(
			finding,
			"no command can: compare in interleaved rounds only, watch steal, or use hardware of your own");
	}
}

static bool has_pmu(const struct pf_doctor *doctor)
{
	static const char *const devices[] = {"cpu", "cpu_core", "armv8_pmuv3_0", "armv8_pmuv3"};
	for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
		char path[128];
		snprintf(path, sizeof path, "/sys/bus/event_source/devices/%s", devices[i]);
		if (pf_finding_exists(doctor, path)) {
			return true;
		}
	}
	return false;
}

static void judge_counters(struct pf_doctor *doctor)
{
	long long value;
	bool pmu = has_pmu(doctor);
	if (!pf_finding_exists(doctor, "/sys/bus/event_source/devices")) {
		pf_finding_say(
			doctor, PF_FINDING_PMU, PF_FINDING_UNREADABLE,
			"/sys/bus/event_source/devices: not there: a kernel without perf events, or no sysfs");
	} else {
		pf_finding *finding = pf_finding_say(
			doctor, PF_FINDING_PMU, pmu ? PF_FINDING_OK : PF_FINDING_ADVICE,
			"/sys/bus/event_source/devices: %s",
			pmu ? "has the processor's counters"
			    : "no counters of the processor, software events only");
		if (!pmu) {
			pf_finding_mend(
				finding,
				"have the host pass its PMU on (KVM: -cpu host,pmu=on), or count instructions under valgrind");
		}
	}
	if (!pf_finding_number(doctor, "/proc/sys/kernel/perf_event_paranoid", &value)) {
		pf_finding_unreadable(doctor, PF_FINDING_PARANOID, "/proc/sys/kernel/perf_event_paranoid",
				      "not there: a kernel without perf events");
	} else {
		bool root = geteuid() == 0, good = value <= 2 || root;
		pf_finding *finding = pf_finding_say(
			doctor, PF_FINDING_PARANOID, good ? PF_FINDING_OK : PF_FINDING_ADVICE,
			"/proc/sys/kernel/perf_event_paranoid: %lld, %s", value,
			root         ? "and root may all"
			: value > 2  ? "users get no counters"
			: value == 2 ? "users count their own code, not the kernel's"
				     : "users count the kernel, too");
		if (!good) {
			pf_finding_mend(finding, "sudo sysctl kernel.perf_event_paranoid=1");
		}
	}
	if (!pf_finding_number(doctor, "/proc/sys/kernel/nmi_watchdog", &value)) {
		pf_finding_unreadable(doctor, PF_FINDING_WATCHDOG, "/proc/sys/kernel/nmi_watchdog",
				      "not there: a kernel without one");
		return;
	}
	pf_finding *finding = pf_finding_say(doctor, PF_FINDING_WATCHDOG,
					     value && pmu ? PF_FINDING_ADVICE : PF_FINDING_OK,
					     "/proc/sys/kernel/nmi_watchdog: %lld", value);
	if (value && pmu) {
		pf_finding_mend(finding, "sudo sysctl kernel.nmi_watchdog=0");
	}
}

void pf_findings_of_processors(struct pf_doctor *doctor)
{
	judge_governor(doctor);
	judge_turbo(doctor);
	judge_smt(doctor);
	judge_clock(doctor);
	judge_hypervisor(doctor);
	judge_counters(doctor);
}
