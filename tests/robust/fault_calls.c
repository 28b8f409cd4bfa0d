/* Runs a program and lets the Nth system call of one kind fail, in whichever of its processes that comes: all
 * that it starts is under the same seccomp filter, and this process answers. Calls of the dynamic loader are
 * neither counted nor failed. Usage: fault_calls KIND N RESULT PROGRAM ARGUMENT... KIND: open read write sync
 * rename map fork pipe file; N: 0 fails none, "7" the seventh, "7+" that and all after it. RESULT: a file
 * that gets one line, "COUNT FAILED SYSCALL COMMAND ORPHANS": calls of the kind, how many failed, the first
 * failed one's number and its process's name, and whether a process was left when the program had ended.
 * Where none is to fail, a line for each place that calls follows, "FIRST LAST": a place is the system call
 * and the three innermost return addresses into our code on the stack, so that it is the same in every
 * process. Ends as the program does (128 and the signal); 125 where it could not be run. Linux 5.5, x86-64 or
 * AArch64. */
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	CALLS = 12,
	PROCESSES = 512,
	STEP_MS = 20,
	LEFT_MS = 10000,
	PLACES = 16384,
	OWN = 3,
	STACK_WORDS = 2048
};

/* The system calls of each kind, and what they fail with. */
static const struct kind {
	const char *name;
	int error, calls[CALLS]; /* ended by -1 */
} kinds[] = {
#ifdef __NR_open
	{"open", EMFILE, {SYS_openat, SYS_open, SYS_creat, SYS_openat2, -1}},
	{"fork", EAGAIN, {SYS_clone, SYS_clone3, SYS_fork, SYS_vfork, -1}},
	{"rename", EIO, {SYS_renameat2, SYS_renameat, SYS_rename, SYS_linkat, SYS_link, -1}},
	{"file",
	 ENOSPC,
	 {SYS_mkdir, SYS_mkdirat, SYS_ftruncate, SYS_fallocate, SYS_unlink, SYS_unlinkat, SYS_fstat,
	  SYS_newfstatat, SYS_flock, -1}},
	{"pipe",
	 EMFILE,
	 {SYS_pipe, SYS_pipe2, SYS_socketpair, SYS_memfd_create, SYS_eventfd2, SYS_pidfd_open,
	  SYS_inotify_init1, -1}},
#else
	{"open", EMFILE, {SYS_openat, SYS_openat2, -1}},
	{"fork", EAGAIN, {SYS_clone, SYS_clone3, -1}},
	{"rename", EIO, {SYS_renameat2, SYS_renameat, SYS_linkat, -1}},
	{"file",
	 ENOSPC,
	 {SYS_mkdirat, SYS_ftruncate, SYS_fallocate, SYS_unlinkat, SYS_fstat, SYS_newfstatat, SYS_flock, -1}},
	{"pipe",
	 EMFILE,
	 {SYS_pipe2, SYS_socketpair, SYS_memfd_create, SYS_eventfd2, SYS_pidfd_open, SYS_inotify_init1, -1}},
#endif
	{"read", EIO, {SYS_read, SYS_pread64, SYS_readv, SYS_preadv, SYS_getdents64, -1}},
	{"write", ENOSPC, {SYS_write, SYS_pwrite64, SYS_writev, -1}},
	{"sync", EIO, {SYS_fsync, SYS_fdatasync, SYS_syncfs, -1}},
	{"map", ENOMEM, {SYS_mmap, SYS_mremap, -1}},
};

struct plan {
	const struct kind *kind;
	uint64_t at; /* 0: none fails */
	bool on;     /* all after it, too */
	uint64_t count, failed;
	int first_call;
	char first_command[32];
};

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "fault_calls: %s: %s\n", what, strerror(errno));
	_exit(125);
}

/* Asks the listener for the kind's calls, and for every exec: the loader lies elsewhere then. */
static int install(const struct kind *kind)
{
	struct sock_filter code[3 * CALLS + 8];
	unsigned short used = 0;
	code[used++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, nr));
	for (const int *call = kind->calls; *call >= 0; call++) {
		code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)*call, 0, 1);
		code[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	}
	code[used++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_execve, 0, 1);
	code[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	code[used++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = used, .filter = code};
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
}

/* One descriptor through a socket, by sendmsg and recvmsg, which are of no kind. */
static void send_fd(int through, int fd)
{
	char byte = 0;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = {{0}};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	struct cmsghdr *head = CMSG_FIRSTHDR(&message);
	*head = (struct cmsghdr){
		.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof fd)};
	memcpy(CMSG_DATA(head), &fd, sizeof fd);
	if (sendmsg(through, &message, 0) < 0) {
		give_up("cannot hand over the listener");
	}
}

static int take_fd(int through)
{
	char byte;
	int fd = -1;
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr aligned;
	} control = {{0}};
	struct iovec data = {&byte, 1};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof control.bytes};
	ssize_t got = recvmsg(through, &message, MSG_CMSG_CLOEXEC);
	struct cmsghdr *head = got > 0 ? CMSG_FIRSTHDR(&message) : NULL;
	if (head) {
		memcpy(&fd, CMSG_DATA(head), sizeof fd);
	}
	return fd;
}

static pid_t start(const struct kind *kind, char **arguments, int *listener)
{
	int ends[2];
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends)) {
		give_up("no socket");
	}
	pid_t pid = fork();
	if (pid < 0) {
		give_up("no process");
	}
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		setpgid(0, 0);
		int fd = install(kind);
		if (fd < 0) {
			give_up("no seccomp listener");
		}
		send_fd(ends[1], fd); /* it is closed by the exec */
		execvp(arguments[0], arguments);
		give_up(arguments[0]);
	}
	close(ends[1]);
	*listener = take_fd(ends[0]);
	close(ends[0]);
	if (*listener < 0) {
		waitpid(pid, NULL, 0);
		_exit(125);
	}
	return pid;
}

/* Where the dynamic loader and our own code lie in a process; of a fork the same as in its parent. */
static struct loader {
	pid_t pid;
	uint64_t begin, end;
	struct own {
		uint64_t begin, end,
			file; /* file: offset of `begin` in it, above all others of another module */
	} own[OWN];
	int count;
} loaders[PROCESSES];

/* Where calls of the kind come from. */
static struct place {
	uint64_t hash, first, last; /* hash 0: free */
} places[PLACES];

static struct loader *loader_of(pid_t pid, bool fresh)
{
	struct loader *found = &loaders[(unsigned)pid % PROCESSES];
	if (found->pid == pid && !fresh) {
		return found;
	}
	char path[64], line[512];
	*found = (struct loader){.pid = pid};
	snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
	FILE *maps = fopen(path, "re");
	while (maps && fgets(line, sizeof line, maps)) {
		unsigned long begin, end, file;
		char mode[5];
		if (sscanf(line, "%lx-%lx %4s %lx", &begin, &end, mode, &file) != 4) {
			continue;
		}
		const char *name = strrchr(line, '/');
		if (name && strncmp(name, "/ld-linux", 9) == 0) {
			found->begin = found->begin ? found->begin : begin;
			found->end = end;
		} else if (name && mode[2] == 'x' && strstr(name, "photofinish") && found->count < OWN) {
			found->own[found->count] = (struct own){begin, end,
								file + ((uint64_t)found->count << 48)};
			found->count++;
		}
	}
	if (maps) {
		fclose(maps);
	}
	return found;
}

static bool by_loader(const struct seccomp_notif *told)
{
	const struct loader *loader = loader_of((pid_t)told->pid, false);
	uint64_t at = told->data.instruction_pointer;
	return at >= loader->begin && at < loader->end;
}

/* Behind an instruction that calls, as far as that can be told. */
static bool is_returned_to(pid_t pid, uint64_t address)
{
#ifdef __x86_64__
	uint8_t before[7];
	struct iovec here = {before, sizeof before},
		     there = {(void *)(uintptr_t)(address - 7), sizeof before};
	return process_vm_readv(pid, &here, 1, &there, 1, 0) == sizeof before &&
	       (before[2] == 0xe8 || before[5] == 0xff || before[4] == 0xff || before[1] == 0xff ||
		before[0] == 0xff);
#else
	(void)pid;
	return address % 4 == 0;
#endif
}

/* Of the kind's calls without a stack that can be read there is one place for each system call. */
static uint64_t place_of(const struct seccomp_notif *told)
{
	static uint64_t words[STACK_WORDS];
	char path[64], text[256] = "";
	unsigned long sp = 0;
	uint64_t hash = (14695981039346656037u ^ (uint64_t)told->data.nr) * 1099511628211u;
	pid_t pid = (pid_t)told->pid;
	const struct loader *loader = loader_of(pid, false);
	snprintf(path, sizeof path, "/proc/%d/syscall", (int)pid);
	FILE *file = fopen(path, "re");
	if (!file) {
		return hash;
	}
	bool good = fgets(text, sizeof text, file) &&
		    sscanf(text, "%*s %*s %*s %*s %*s %*s %*s %lx", &sp) == 1;
	fclose(file);
	struct iovec here = {words, sizeof words}, there = {(void *)(uintptr_t)sp, sizeof words};
	ssize_t got = good ? process_vm_readv(pid, &here, 1, &there, 1, 0) : -1;
	for (ssize_t i = 0, found = 0; (i + 1) * 8 <= got && found < 3; i++) {
		for (int k = 0; k < loader->count; k++) {
			const struct own *own = &loader->own[k];
			if (words[i] >= own->begin && words[i] < own->end && is_returned_to(pid, words[i])) {
				hash = (hash ^ (words[i] - own->begin + own->file)) * 1099511628211u;
				found++;
			}
		}
	}
	return hash ? hash : 1;
}

static void note_place(const struct plan *plan, const struct seccomp_notif *told)
{
	uint64_t hash = place_of(told);
	for (uint64_t i = 0; i < PLACES; i++) {
		struct place *place = &places[(hash + i) % PLACES];
		if (!place->hash) {
			*place = (struct place){.hash = hash, .first = plan->count};
		}
		if (place->hash == hash) {
			place->last = plan->count;
			return;
		}
	}
}

static void note_first(struct plan *plan, const struct seccomp_notif *told)
{
	char path[64];
	plan->first_call = told->data.nr;
	snprintf(path, sizeof path, "/proc/%u/comm", told->pid);
	FILE *file = fopen(path, "re");
	if (!file || fscanf(file, "%31s", plan->first_command) != 1) {
		snprintf(plan->first_command, sizeof plan->first_command, "?");
	}
	if (file) {
		fclose(file);
	}
}

/* True where this one is to fail. */
static bool decide(struct plan *plan, const struct seccomp_notif *told)
{
	if (told->data.nr == SYS_execve) {
		loaders[told->pid % PROCESSES].pid = 0;
		return false;
	}
	if (by_loader(told)) {
		return false;
	}
	plan->count++;
	if (!plan->at) {
		note_place(plan, told);
	}
	if (!plan->at || plan->count < plan->at || (plan->count > plan->at && !plan->on)) {
		return false;
	}
	if (!plan->failed++) {
		note_first(plan, told);
	}
	return true;
}

static void answer(int listener, struct plan *plan)
{
	struct seccomp_notif told = {0};
	if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &told)) {
		return; /* whoever asked was killed meanwhile */
	}
	struct seccomp_notif_resp reply = {.id = told.id, .flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	if (decide(plan, &told)) {
		reply = (struct seccomp_notif_resp){.id = told.id, .error = -plan->kind->error};
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &reply);
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until the program and all that it started have ended; *orphans: something outlived it by some seconds.
 * Those count that this process got to see pass: a machine that stood still makes no orphans. */
static int serve(pid_t pid, int listener, struct plan *plan, bool *orphans)
{
	int status = 0;
	bool ended = false;
	int64_t left_ms = LEFT_MS, last;
	for (;;) {
		struct pollfd asked = {.fd = listener, .events = POLLIN};
		last = now_ms();
		int ready = poll(&asked, 1, STEP_MS);
		if (ready > 0 && asked.revents & POLLIN) {
			answer(listener, plan);
		} else if (ready > 0 && asked.revents & POLLHUP && ended) {
			*orphans = false;
			return status;
		}
		if (!ended && waitpid(pid, &status, WNOHANG) == pid) {
			ended = true;
		} else if (ended) {
			int64_t passed_ms = now_ms() - last;
			left_ms -= passed_ms < 2 * STEP_MS ? passed_ms : 2 * STEP_MS;
		}
		if (ended && left_ms <= 0) {
			*orphans = true;
			kill(-pid, SIGKILL);
			return status;
		}
	}
}

int main(int argc, char **argv)
{
	struct plan plan = {.first_call = -1, .first_command = "-"};
	int listener;
	bool orphans;
	if (argc < 5) {
		fprintf(stderr, "usage: fault_calls KIND N[+] RESULT PROGRAM ARGUMENT...\n");
		return 125;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		plan.kind = strcmp(kinds[i].name, argv[1]) == 0 ? &kinds[i] : plan.kind;
	}
	if (!plan.kind) {
		fprintf(stderr, "fault_calls: no kind \"%s\"\n", argv[1]);
		return 125;
	}
	plan.at = strtoull(argv[2], NULL, 10);
	plan.on = strchr(argv[2], '+') != NULL;
	pid_t pid = start(plan.kind, argv + 4, &listener);
	int status = serve(pid, listener, &plan, &orphans);
	FILE *result = fopen(argv[3], "we");
	if (result) {
		fprintf(result, "%llu %llu %d %s %d\n", (unsigned long long)plan.count,
			(unsigned long long)plan.failed, plan.first_call, plan.first_command, (int)orphans);
		for (size_t i = 0; i < PLACES; i++) {
			if (places[i].hash) {
				fprintf(result, "%llu %llu\n", (unsigned long long)places[i].first,
					(unsigned long long)places[i].last);
			}
		}
		fclose(result);
	}
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}
