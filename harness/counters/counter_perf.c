/* Counts of the kernel's perf events: perf_event_open(2). */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/counters/counters.h"

#define MOST_WORDS (3 + PF_COUNTERS_MAX)

/* These happen in the kernel only: without it they would always count 0. */
static bool kernel_only(const pf_counter_event *event)
{
	return event->type == PERF_TYPE_SOFTWARE && (event->config == PERF_COUNT_SW_CONTEXT_SWITCHES ||
						     event->config == PERF_COUNT_SW_CPU_MIGRATIONS);
}

/* Whose events they are. */
struct whose {
	pid_t pid;    /* 0: the calling thread's */
	bool family;  /* and of all that it starts */
	bool on_exec; /* counted from the exec of what it starts */
};

static int open_event(const pf_counter_event *event, const struct whose *whose, bool user_only, int leader_fd)
{
	struct perf_event_attr attributes = {
		.size = sizeof attributes,
		.type = event->type,
		.config = event->config,
		.config1 = event->config1,
		.config2 = event->config2,
		.inherit = whose->family,
		.disabled = whose->on_exec,
		.enable_on_exec = whose->on_exec,
		.exclude_user = event->exclude_user,
		.exclude_kernel = event->exclude_kernel || user_only,
		.exclude_hv = 1,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED | PERF_FORMAT_TOTAL_TIME_RUNNING |
			       (whose->family ? 0 : PERF_FORMAT_GROUP), /* kernels before 6.12 refuse both */
	};
	long fd = syscall(SYS_perf_event_open, &attributes, whose->pid, -1, leader_fd, PERF_FLAG_FD_CLOEXEC);
	return (int)fd;
}

/* With the kernel's part if that may be looked at, else without it. */
static int open_allowed(const pf_counter_event *event, const struct whose *whose, int leader_fd,
			pf_counter_opening *opening)
{
	opening->user_only = event->exclude_kernel;
	int fd = open_event(event, whose, false, leader_fd);
	if (fd < 0 && (errno == EACCES || errno == EPERM) && !event->exclude_kernel && !kernel_only(event)) {
		fd = open_event(event, whose, true, leader_fd);
		opening->user_only = fd >= 0;
	}
	opening->why = fd < 0 ? errno : 0;
	return fd;
}

/* Events of a thread join the group that was begun last, so that one read fetches them all at one time. A
 * group that has no room on the processor's counters (EINVAL) is closed, and the event leads the next one. */
static void perf_open(const pf_counter_backend *self, const pf_counter_plan *plan, bool family,
		      pf_counter_reader *reader, pf_counter_opening *openings)
{
	int leader = -1;
	const struct whose whose = {.family = family};
	*reader = (pf_counter_reader){.backend = self, .count = plan->count, .family = family};
	for (uint32_t i = 0; i < plan->count; i++) {
		bool join = !family && leader >= 0;
		int fd = open_allowed(&plan->events[i], &whose, join ? reader->fds[leader] : -1,
				      &openings[i]);
		if (fd < 0 && join && openings[i].why == EINVAL) {
			join = false;
			fd = open_allowed(&plan->events[i], &whose, -1, &openings[i]);
		}
		reader->fds[i] = fd;
		reader->leader[i] = join ? (uint32_t)leader : i;
		leader = fd >= 0 && !join ? (int)i : leader;
	}
}

void pf_counter_open_command(const pf_counter_plan *plan, pid_t starter, pf_counter_reader *reader,
			     pf_counter_opening *openings)
{
	const struct whose whose = {.pid = starter, .family = true, .on_exec = true};
	*reader = (pf_counter_reader){.backend = &pf_counter_perf, .count = plan->count, .family = true};
	for (uint32_t i = 0; i < plan->count; i++) {
		reader->fds[i] = open_allowed(&plan->events[i], &whose, -1, &openings[i]);
		reader->leader[i] = i;
	}
}

static void read_alone(const pf_counter_reader *reader, uint32_t index, pf_count *count)
{
	uint64_t words[MOST_WORDS];
	if (read(reader->fds[index], words, sizeof words) >= (ssize_t)(3 * sizeof *words)) {
		*count = (pf_count){words[0], words[1], words[2]};
	}
}

/* What comes: how many, enabled, running, a value for each in the order in which they joined. */
static void read_group(const pf_counter_reader *reader, uint32_t leader, pf_count *counts)
{
	uint64_t words[MOST_WORDS];
	ssize_t got = read(reader->fds[leader], words, sizeof words);
	uint64_t members = got >= (ssize_t)sizeof *words ? words[0] : 0;
	if (got < (ssize_t)((3 + members) * sizeof *words)) {
		return;
	}
	uint64_t next = 0;
	for (uint32_t i = leader; i < reader->count && next < members; i++) {
		if (reader->fds[i] >= 0 && reader->leader[i] == leader) {
			counts[i] = (pf_count){words[3 + next++], words[1], words[2]};
		}
	}
}

static void perf_read_family(const pf_counter_reader *reader, pf_count *counts)
{
	for (uint32_t i = 0; i < reader->count; i++) {
		if (reader->fds[i] >= 0) {
			read_alone(reader, i, &counts[i]);
		}
	}
}

static void perf_read(const pf_counter_reader *reader, pf_count *counts)
{
	if (reader->family) {
		perf_read_family(reader, counts);
		return;
	}
	for (uint32_t i = 0; i < reader->count; i++) {
		if (reader->fds[i] >= 0 && reader->leader[i] == i) {
			read_group(reader, i, counts);
		}
	}
}

static void perf_close(pf_counter_reader *reader)
{
	for (uint32_t i = 0; i < reader->count; i++) {
		if (reader->fds[i] >= 0) {
			close(reader->fds[i]);
		}
		reader->fds[i] = -1;
	}
	reader->count = 0;
}

const pf_counter_backend pf_counter_perf = {.open = perf_open, .read = perf_read, .close = perf_close};

int pf_perf_event_paranoid(void)
{
	int value = -100;
	FILE *file = fopen("/proc/sys/kernel/perf_event_paranoid", "re");
	if (file) {
		value = fscanf(file, "%d", &value) == 1 ? value : -100;
		fclose(file);
	}
	return value;
}

const char *pf_counter_why(int32_t number, int paranoid, char out[PF_COUNTER_WHY])
{
	const char *name = strerrorname_np(number);
	switch (number) {
	case ENOENT:
	case ENODEV:
	case EOPNOTSUPP:
		snprintf(
			out, PF_COUNTER_WHY,
			"%s: this machine's PMU does not have it, or there is no PMU, as in most virtual machines",
			name);
		break;
	case EACCES:
	case EPERM:
		if (paranoid >= -1) {
			snprintf(
				out, PF_COUNTER_WHY,
				"%s: perf_event_paranoid is %d; \"sysctl kernel.perf_event_paranoid=1\" or the capability "
				"CAP_PERFMON allows it",
				name, paranoid);
		} else {
			snprintf(out, PF_COUNTER_WHY, "%s: not allowed here, as in most containers", name);
		}
		break;
	case ENOSYS:
		snprintf(out, PF_COUNTER_WHY, "%s: this kernel has no perf events", name);
		break;
	case EMFILE:
	case ENFILE:
		snprintf(out, PF_COUNTER_WHY, "%s: too many open files; ask for fewer counters", name);
		break;
	default:
		snprintf(out, PF_COUNTER_WHY, "%s: the kernel refuses it", name ? name : "unknown error");
		break;
	}
	return out;
}
