/* A process that gives up what it does not need: docs/containment.md. Landlock's calls have no functions in
 * the C library; their structures are the kernel's (linux/landlock.h), in the version that these headers know
 * at least, and bits that a kernel does not know are left out. */
#include "core/base/containment_filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* As far as the headers of Debian 12 do not have them: ABI 2 to 6. */
enum {
	REFER = 1 << 13,    /* 2 */
	TRUNCATE = 1 << 14, /* 3 */
	DEVICES = 1 << 15,  /* 5 */
};
struct ruleset { /* struct landlock_ruleset_attr, ABI 6 */
	uint64_t files, network, scoped;
};
enum { TCP = 3, ABSTRACT_SOCKETS = 1, SIGNALS = 2 };

#ifndef PF_SANITIZED
#define READING (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define EXECUTING LANDLOCK_ACCESS_FS_EXECUTE
#define OF_FILES \
	(LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | EXECUTING | TRUNCATE | DEVICES)

/* What libraries read: themselves, what they keep beside them, and what the kernel says of the machine.
 * Of other processes /proc shows only what is everybody's: memory, maps and environment are refused to a
 * process in a domain. */
static const char *const of_the_system[] = {
	"/lib",
	"/lib64",
	"/usr/lib",
	"/usr/lib64",
	"/usr/local/lib",
	"/usr/share",
	"/usr/local/cuda",
	"/etc/ld.so.cache",
	"/etc/ld.so.conf",
	"/etc/ld.so.conf.d",
	"/etc/ld.so.preload",
	"/etc/localtime",
	"/etc/OpenCL",
	"/proc",
	"/sys/devices",
	"/sys/fs/cgroup",
	"/sys/kernel/mm",
	"/sys/module",
	"/sys/bus",
	"/sys/class",
	"/dev/null",
	"/dev/zero",
	"/dev/urandom",
	"/dev/random",
};

static bool contained; /* this process, or the one that forked it */

static uint64_t files_of(int abi)
{
	return ((uint64_t)1 << 13) - 1 + (abi >= 2 ? REFER : 0) + (abi >= 3 ? TRUNCATE : 0) +
	       (abi >= 5 ? DEVICES : 0);
}

static size_t ruleset_bytes(int abi)
{
	return abi >= 6 ? sizeof(struct ruleset) : abi >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

static int create_ruleset(const struct ruleset *rules, int abi)
{
	return (int)syscall(SYS_landlock_create_ruleset, rules, ruleset_bytes(abi), 0);
}

/* Returns 0 or an errno; what is not there, or may not be looked at, is left out. */
static int add_path(int ruleset, const char *path, uint64_t rights)
{
	struct stat info;
	struct landlock_path_beneath_attr beneath = {.allowed_access = rights};
	beneath.parent_fd = open(path, O_PATH | O_CLOEXEC);
	if (beneath.parent_fd < 0) {
		return 0;
	}
	if (fstat(beneath.parent_fd, &info) == 0 && !S_ISDIR(info.st_mode)) {
		beneath.allowed_access &= OF_FILES;
	}
	int failed = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) ? errno
												      : 0;
	close(beneath.parent_fd);
	return failed;
}

static int add_paths(int ruleset, const pf_containment_order *order, uint64_t handled)
{
	uint64_t reading = READING | (order->allow & PF_ALLOW_EXEC ? EXECUTING : 0);
	int failed = 0;
	for (size_t i = 0; i < sizeof of_the_system / sizeof *of_the_system && !failed; i++) {
		failed = add_path(ruleset, of_the_system[i], reading & handled);
	}
	if (!failed && order->allow & PF_ALLOW_EXEC) {
		failed = add_path(ruleset, "/bin", reading) ?: add_path(ruleset, "/usr/bin", reading);
	}
	if (!failed && order->allow & PF_ALLOW_WRITE) {
		failed = add_path(ruleset, "/dev/null", (reading | LANDLOCK_ACCESS_FS_WRITE_FILE) & handled);
	}
	for (size_t i = 0; i < order->path_count && !failed; i++) {
		const pf_contained_path *path = &order->paths[i];
		failed = add_path(ruleset, path->path,
				  (path->writable ? handled & ~(uint64_t)EXECUTING : reading) & handled);
	}
	return failed;
}

/* Returns 0 or an errno. */
static int enter_domain(const pf_containment_order *order, int abi)
{
	bool network = order->allow & PF_ALLOW_NETWORK;
	const struct ruleset rules = {.files = files_of(abi),
				      .network = network ? 0 : TCP,
				      .scoped = SIGNALS | (network ? 0 : ABSTRACT_SOCKETS)};
	int ruleset = create_ruleset(&rules, abi);
	if (ruleset < 0) {
		return errno;
	}
	int failed = add_paths(ruleset, order, rules.files);
	if (!failed && syscall(SYS_landlock_restrict_self, ruleset, 0)) {
		failed = errno;
	}
	close(ruleset);
	return failed;
}

/* Root keeps what it takes to read others' files. Without the rest it may look into no other process,
 * whatever /proc offers. */
static int drop_capabilities(const pf_containment_order *order)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3] = {{0}};
	if (syscall(SYS_capget, &head, sets)) {
		return errno;
	}
	for (uint32_t i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		uint32_t kept = i == 0 ? 1u << CAP_DAC_OVERRIDE | 1u << CAP_DAC_READ_SEARCH : 0;
		if (order->allow & PF_ALLOW_COUNTERS) {
			kept |= i == CAP_PERFMON / 32 ? 1u << CAP_PERFMON % 32 : 0;
			kept |= i == CAP_SYS_ADMIN / 32 ? 1u << CAP_SYS_ADMIN % 32 : 0;
		}
		sets[i].effective &= kept;
		sets[i].permitted &= kept;
		sets[i].inheritable = 0;
	}
	return syscall(SYS_capset, &head, sets) ? errno : 0;
}

static pf_status take_away(const pf_containment_order *order, pf_containment *in_force, int *listener,
			   pf_error *error)
{
	pf_containment able;
	pf_containment_look(&able);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) {
		return pf_fail_errno(error, NULL, "cannot give up new privileges");
	}
	in_force->no_new_privs = true;
	errno = drop_capabilities(order);
	if (errno) {
		return pf_fail_errno(error, NULL, "cannot give up capabilities");
	}
	if (able.landlock > 0) {
		errno = enter_domain(order, able.landlock);
		if (errno) {
			return pf_fail_errno(error, NULL, "cannot enter a Landlock domain");
		}
		in_force->landlock = able.landlock;
	}
	if (able.seccomp) {
		int failed = order->refusals >= 0 ? pf_filter_install(order, listener) : ENOSYS;
		if (failed) { /* somebody listens already, or the kernel cannot ask */
			*listener = -1;
			failed = pf_filter_install(order, NULL);
		}
		if (failed) {
			errno = failed;
			return pf_fail_errno(error, NULL, "cannot filter system calls");
		}
		in_force->seccomp = true;
		in_force->told = *listener >= 0;
	}
	memcpy(in_force->why_not, able.why_not, sizeof able.why_not);
	contained = true;
	return PF_OK;
}
#endif

/* Hands *in_force over, and the listener where there is one. */
static int tell(int socket, const pf_containment *in_force, int listener)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec bytes = {.iov_base = (void *)in_force, .iov_len = sizeof *in_force};
	struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
	if (listener >= 0) {
		control.head = (struct cmsghdr){
			.cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS};
		memcpy(CMSG_DATA(&control.head), &listener, sizeof listener);
		message.msg_control = control.room;
		message.msg_controllen = sizeof control.room;
	}
	ssize_t sent;
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL);
	} while (sent < 0 && errno == EINTR);
	return sent == (ssize_t)sizeof *in_force ? 0 : sent < 0 ? errno : EIO;
}

pf_status pf_contain(const pf_containment_order *order, pf_containment *in_force, pf_error *error)
{
	pf_status status = PF_OK;
	int listener = -1;
	*in_force = (pf_containment){.allowed = order->allow};
#ifdef PF_SANITIZED
	snprintf(in_force->why_not, sizeof in_force->why_not, "a build with sanitizers");
#else
	if (!(order->allow & PF_ALLOW_ALL)) {
		status = take_away(order, in_force, &listener, error);
	}
#endif
	if (status == PF_OK && order->refusals >= 0) {
		errno = tell(order->refusals, in_force, listener);
		status = errno ? pf_fail_errno(error, NULL, "cannot tell what is contained") : PF_OK;
	}
	if (listener >= 0) {
		close(listener);
	}
	return status;
}

pf_status pf_contain_worker(pf_error *error)
{
#ifndef PF_SANITIZED
	pf_containment able;
	if (!contained) {
		return PF_OK;
	}
	pf_containment_look(&able);
	if (able.landlock > 0) { /* a domain has to take something away: also what nobody has any more */
		const struct ruleset rules = {.files = LANDLOCK_ACCESS_FS_MAKE_SOCK, .scoped = SIGNALS};
		int ruleset = create_ruleset(&rules, able.landlock);
		bool entered = ruleset >= 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) == 0;
		int why = errno;
		close(ruleset);
		if (!entered) {
			errno = why;
			return pf_fail_errno(error, NULL, "cannot enter a Landlock domain of its own");
		}
	}
	errno = able.seccomp ? pf_filter_install_worker() : 0;
	if (errno) {
		return pf_fail_errno(error, NULL, "cannot filter a worker's system calls");
	}
#else
	(void)error;
#endif
	return PF_OK;
}

pf_status pf_contain_without(uint32_t allowed, pf_error *error)
{
#ifndef PF_SANITIZED
	errno = contained && pf_filter_available() ? pf_filter_install_without(allowed) : 0;
	if (errno) {
		return pf_fail_errno(error, NULL, "cannot filter more system calls");
	}
#else
	(void)allowed;
	(void)error;
#endif
	return PF_OK;
}

void pf_containment_look(pf_containment *out)
{
	*out = (pf_containment){.no_new_privs = true, .seccomp = pf_filter_available()};
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
	out->landlock = abi > 0 ? (int32_t)abi : 0;
	const char *landlock = abi > 0               ? ""
			       : errno == EOPNOTSUPP ? "Landlock was switched off at boot"
						     : "the kernel has no Landlock";
	snprintf(out->why_not, sizeof out->why_not, "%s%s%s",
		 out->seccomp ? "" : "the kernel has no seccomp filters",
		 out->seccomp || !*landlock ? "" : ", ", landlock);
}

const char *pf_containment_text(const pf_containment *containment, char out[PF_CONTAINMENT_TEXT])
{
	static const char *const words[] = {"network", "exec", "write", "counters", "devices"};
	size_t used = 0;
	out[0] = '\0';
#define ADD(...)                                                                                          \
	used += (size_t)snprintf(out + used, used < PF_CONTAINMENT_TEXT ? PF_CONTAINMENT_TEXT - used : 0, \
				 __VA_ARGS__)
	if (containment->no_new_privs) {
		ADD("no_new_privs%s", containment->seccomp ? ", seccomp" : "");
		if (containment->landlock) {
			ADD(", Landlock %d", containment->landlock);
		}
	} else {
		ADD("nothing");
	}
	if (containment->allowed & PF_ALLOW_ALL) {
		ADD(" (all was allowed)");
	} else {
		bool first = true;
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			if (containment->allowed >> i & 1) {
				ADD("%s%s", first ? "; allowed: " : ", ", words[i]);
				first = false;
			}
		}
	}
	if (containment->why_not[0]) {
		ADD(" (%s)", containment->why_not);
	}
#undef ADD
	return out;
}

pf_status pf_containment_receive(int socket, pf_containment *in_force, int *listener, pf_error *error)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = {.room = {0}};
	struct iovec bytes = {.iov_base = in_force, .iov_len = sizeof *in_force};
	struct msghdr message = {.msg_iov = &bytes,
				 .msg_iovlen = 1,
				 .msg_control = control.room,
				 .msg_controllen = sizeof control.room};
	ssize_t got;
	do {
		got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (got < 0 && errno == EINTR);
	*listener = -1;
	const struct cmsghdr *part = got >= 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (part && part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS) {
		memcpy(listener, CMSG_DATA(part), sizeof *listener);
	}
	if (got != (ssize_t)sizeof *in_force) {
		*in_force = (pf_containment){.why_not = "its process did not tell"};
		return pf_fail(error, PF_ERR_IO, NULL, "a trial did not tell how it is contained");
	}
	in_force->why_not[sizeof in_force->why_not - 1] = '\0';
	return PF_OK;
}
