/* The filter of system calls: a program for the kernel's BPF machine, made from the tables of
 * containment_calls.h. What it does not let through is refused with EPERM, and told of where somebody
 * listens; nothing is killed, since a library that tries and goes on without is no crime. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "core/base/containment_calls.h"
#include "core/base/containment_filter.h"

#if defined __x86_64__
#define OWN_ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define OWN_ARCHITECTURE AUDIT_ARCH_AARCH64
#else
#define OWN_ARCHITECTURE 0
#endif

enum { MOST_INSTRUCTIONS = 700 };
#define UNNAMED "call "

struct program {
	uint32_t refuse; /* what is done to what is not allowed */
	unsigned short used;
	struct sock_filter code[MOST_INSTRUCTIONS];
};

#define FIELD(name) offsetof(struct seccomp_data, name)
#define LOW(argument)                                                                         \
	(offsetof(struct seccomp_data, args) + (argument)*8) /* both machines: low half first \
							      */

static void put(struct program *program, uint16_t code, uint32_t k, uint8_t if_true, uint8_t if_false)
{
	if (program->used < MOST_INSTRUCTIONS) {
		program->code[program->used++] = (struct sock_filter){code, if_true, if_false, k};
	}
}

static void load(struct program *program, uint32_t offset)
{
	put(program, BPF_LD | BPF_W | BPF_ABS, offset, 0, 0);
}

static void answer(struct program *program, uint32_t action)
{
	put(program, BPF_RET | BPF_K, action, 0, 0);
}

/* Jumps over the next `skip` instructions unless the value is `k`; unless one of its bits is; if one is. */
static void unless_equal(struct program *program, uint32_t k, uint8_t skip)
{
	put(program, BPF_JMP | BPF_JEQ | BPF_K, k, 0, skip);
}

static void if_equal(struct program *program, uint32_t k, uint8_t skip)
{
	put(program, BPF_JMP | BPF_JEQ | BPF_K, k, skip, 0);
}

static void if_bits(struct program *program, uint32_t bits, uint8_t skip)
{
	put(program, BPF_JMP | BPF_JSET | BPF_K, bits, skip, 0);
}

static void allow(struct program *program, int number)
{
	unless_equal(program, (uint32_t)number, 1);
	answer(program, SECCOMP_RET_ALLOW);
}

/* A call whose argument is looked at begins with this; what follows ends in an answer in any case. */
static void begin(struct program *program, int number, uint8_t instructions, int argument)
{
	unless_equal(program, (uint32_t)number, (uint8_t)(instructions + 1));
	load(program, LOW(argument));
}

/* Only where the argument has none of these bits. */
static void allow_without_bits(struct program *program, int number, int argument, uint32_t bits)
{
	begin(program, number, 3, argument);
	if_bits(program, bits, 1);
	answer(program, SECCOMP_RET_ALLOW);
	answer(program, program->refuse);
}

/* Only where the argument is one of these, or (`but`) none of them. */
static void allow_values(struct program *program, int number, int argument, bool but, const uint32_t *values,
			 uint8_t count)
{
	begin(program, number, (uint8_t)(count + 2), argument);
	for (uint8_t i = 0; i < count; i++) {
		if_equal(program, values[i], (uint8_t)(count - i));
	}
	answer(program, but ? SECCOMP_RET_ALLOW : program->refuse);
	answer(program, but ? program->refuse : SECCOMP_RET_ALLOW);
}

#define COUNT(array) ((uint8_t)(sizeof(array) / sizeof *(array)))

static void add_opening(struct program *program, uint32_t allowed)
{
	const uint32_t writing = O_ACCMODE | O_CREAT | O_TRUNC | (O_TMPFILE & ~O_DIRECTORY);
	uint32_t bits = allowed & (PF_ALLOW_WRITE | PF_ALLOW_DEVICES) ? 0 : writing;
	allow_without_bits(program, SYS_openat, 2, bits);
#ifdef SYS_open
	allow_without_bits(program, SYS_open, 1, bits);
#endif
}

/* Landlock 6 keeps signals inside; without it at least the harness gets none. */
static void add_signals(struct program *program, pid_t protected_pid)
{
	const uint32_t who[] = {(uint32_t)-1, (uint32_t)protected_pid, (uint32_t)-protected_pid};
	uint8_t count = protected_pid ? COUNT(who) : 1;
	allow_values(program, SYS_kill, 0, true, who, count);
	allow_values(program, SYS_tkill, 0, true, who, count);
	allow_values(program, SYS_tgkill, 0, true, who, count);
}

/* Calls that take a process's number are for the calling one alone. A death signal can be asked for, and not
 * be taken back. Descriptors send no signals to whom the process names. */
static void add_own(struct program *program)
{
	static const uint32_t self[] = {0};
	static const uint32_t settings[] = {
		PR_SET_NAME,      PR_GET_NAME,         PR_GET_PDEATHSIG,
		PR_GET_DUMPABLE,  PR_GET_NO_NEW_PRIVS, PR_GET_SECCOMP,
		PR_CAPBSET_READ,  PR_SET_TIMERSLACK,   0x53564d41 /* PR_SET_VMA */,
		PR_GET_TIMERSLACK};
	static const uint32_t not_for_files[] = {F_SETOWN, F_SETOWN_EX, F_SETSIG};
	begin(program, SYS_prctl, 5, 0);
	unless_equal(program, PR_SET_PDEATHSIG, 4);
	load(program, LOW(1));
	unless_equal(program, SIGKILL, 1);
	answer(program, SECCOMP_RET_ALLOW);
	answer(program, program->refuse);
	load(program, FIELD(nr));
	allow_values(program, SYS_prctl, 0, false, settings, COUNT(settings));
	allow_values(program, SYS_prlimit64, 0, false, self, 1);
	allow_values(program, SYS_sched_setaffinity, 0, false, self, 1);
	allow_values(program, SYS_fcntl, 1, true, not_for_files, COUNT(not_for_files));
}

/* No namespaces. What clone3 asks for lies in memory, where no filter can see it: libraries fall back. */
static void add_starting(struct program *program)
{
	const uint32_t spaces = CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER |
				CLONE_NEWPID | CLONE_NEWNET | CLONE_PARENT;
	allow_without_bits(program, SYS_clone, 0, spaces);
	unless_equal(program, SYS_clone3, 1);
	answer(program, SECCOMP_RET_ERRNO | ENOSYS);
	unless_equal(program, SYS_openat2, 1);
	answer(program, SECCOMP_RET_ERRNO | ENOSYS);
}

static void add_asked(struct program *program, const pf_containment_order *order)
{
	static const uint32_t asking[] = {TCGETS, FIONREAD, FIONBIO, FIOCLEX};
#define ALLOW(name) allow(program, SYS_##name);
	if (order->allow & PF_ALLOW_NETWORK) {
		PF_CALLS_NETWORK(ALLOW)
	}
	if (order->allow & (PF_ALLOW_WRITE | PF_ALLOW_DEVICES)) { /* which have caches on disk */
		PF_CALLS_WRITE(ALLOW)
#ifdef SYS_open
		PF_CALLS_WRITE_OLD(ALLOW)
#endif
	}
#undef ALLOW
	if (order->allow & PF_ALLOW_EXEC) {
		allow(program, SYS_execve);
		allow(program, SYS_execveat);
		allow(program, SYS_setpgid);
		allow(program, SYS_chdir);
	}
	if (order->allow & PF_ALLOW_COUNTERS) {
		allow(program, SYS_perf_event_open);
	}
	if (order->allow & (PF_ALLOW_COUNTERS | PF_ALLOW_DEVICES)) {
		allow(program, SYS_ioctl);
	} else {
		allow_values(program, SYS_ioctl, 1, false, asking, COUNT(asking));
	}
	if (order->allow & PF_ALLOW_NETWORK) {
		allow(program, SYS_sendmsg);
	} else if (order->refusals >= 0) { /* the one message that hands the listener over */
		allow_values(program, SYS_sendmsg, 0, false, (const uint32_t[]){(uint32_t)order->refusals},
			     1);
	}
}

/* What is of another architecture, or of the 32-bit calls of this one, has other numbers. */
static void add_head(struct program *program)
{
	load(program, FIELD(arch));
	if_equal(program, OWN_ARCHITECTURE, 1);
	answer(program, SECCOMP_RET_ERRNO | EPERM);
	load(program, FIELD(nr));
#ifdef __x86_64__
	put(program, BPF_JMP | BPF_JGE | BPF_K, 0x40000000, 0, 1);
	answer(program, SECCOMP_RET_ERRNO | EPERM);
#endif
}

static int install(const struct program *program, unsigned flags)
{
	struct sock_fprog filter = {.len = program->used, .filter = (struct sock_filter *)program->code};
	if (program->used == MOST_INSTRUCTIONS) {
		errno = E2BIG;
		return -1;
	}
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &filter);
}

int pf_filter_install(const pf_containment_order *order, int *listener)
{
	struct program program = {.refuse = listener ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ERRNO | EPERM};
	add_head(&program);
#define ALLOW(name) allow(&program, SYS_##name);
	PF_CALLS_ALLOWED(ALLOW)
#ifdef SYS_open
	PF_CALLS_ALLOWED_OLD(ALLOW)
#endif
#undef ALLOW
	add_opening(&program, order->allow);
	add_signals(&program, order->protected_pid);
	add_own(&program);
	add_starting(&program);
	add_asked(&program, order);
	answer(&program, program.refuse);
	int got = install(&program, listener ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0);
	if (listener) {
		*listener = got;
	}
	return got < 0 ? errno : 0;
}

int pf_filter_install_worker(void)
{
	struct program program = {.refuse = SECCOMP_RET_ERRNO | EPERM};
	load(&program, FIELD(nr));
#ifdef SYS_fork
	unless_equal(&program, SYS_fork, 1);
	answer(&program, program.refuse);
	unless_equal(&program, SYS_vfork, 1);
	answer(&program, program.refuse);
#endif
	unless_equal(&program, SYS_clone, 3);
	load(&program, LOW(0));
	if_bits(&program, CLONE_THREAD, 1);
	answer(&program, program.refuse);
	answer(&program, SECCOMP_RET_ALLOW);
	return install(&program, 0) < 0 ? errno : 0;
}

int pf_filter_install_without(uint32_t allowed)
{
	struct program program = {.refuse = SECCOMP_RET_ERRNO | EPERM};
	load(&program, FIELD(nr));
#define REFUSE(name)                           \
	unless_equal(&program, SYS_##name, 1); \
	answer(&program, program.refuse);
	if (allowed & PF_ALLOW_NETWORK) {
		PF_CALLS_NETWORK(REFUSE)
		REFUSE(sendmsg)
	}
	if (allowed & PF_ALLOW_EXEC) {
		REFUSE(execve)
		REFUSE(execveat)
	}
	if (allowed & PF_ALLOW_WRITE) {
		PF_CALLS_WRITE(REFUSE)
#ifdef SYS_open
		PF_CALLS_WRITE_OLD(REFUSE)
#endif
		add_opening(&program, 0);
	}
#undef REFUSE
	answer(&program, SECCOMP_RET_ALLOW);
	return install(&program, 0) < 0 ? errno : 0;
}

bool pf_filter_available(void)
{
	uint32_t action = SECCOMP_RET_ERRNO;
	return OWN_ARCHITECTURE && syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

#define NAME(name) {SYS_##name, #name},
static const struct {
	int number;
	const char *name;
} names[] = {PF_CALLS_ALLOWED(NAME) PF_CALLS_NETWORK(NAME) PF_CALLS_WRITE(NAME) PF_CALLS_NAMED(NAME)
#ifdef SYS_open
		     PF_CALLS_ALLOWED_OLD(NAME) PF_CALLS_WRITE_OLD(NAME) PF_CALLS_NAMED_OLD(NAME)
#endif
};
#undef NAME

const char *pf_call_name(int number, char out[PF_CALL_NAME])
{
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (names[i].number == number) {
			return names[i].name;
		}
	}
	snprintf(out, PF_CALL_NAME, UNNAMED "%d", number);
	return out;
}

int pf_call_number(const char *name)
{
	char *end;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (strcmp(names[i].name, name) == 0) {
			return names[i].number;
		}
	}
	long number = strncmp(name, UNNAMED, sizeof UNNAMED - 1) == 0
			      ? strtol(name + sizeof UNNAMED - 1, &end, 10)
			      : -1;
	return number >= 0 && number < 1 << 20 && !*end ? (int)number : -1;
}

int pf_refusal_answer(int listener)
{
	/* Kernels may have longer structures than these headers, and want them zeroed. */
	union {
		struct seccomp_notif notif;
		struct seccomp_notif_resp response;
		char room[512];
	} call = {.room = {0}}, reply = {.room = {0}};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call)) {
		return -1;
	}
	int number = call.notif.data.nr;
	reply.response.id = call.notif.id;
	reply.response.error = -EPERM;
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply); /* who waited may be dead by now */
	return number;
}
