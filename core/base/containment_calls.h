/* System calls that scoring needs, and names of some that it does not. Those that not every machine has are
 * left out where they are not there. */
#ifndef PHOTOFINISH_BASE_CONTAINMENT_CALLS_H
#define PHOTOFINISH_BASE_CONTAINMENT_CALLS_H

#include <sys/syscall.h>

/* clang-format off */

/* Allowed whatever their arguments; the most frequent ones first. Those that take a process's number stand
 * among the next ones. */
#define PF_CALLS_ALLOWED(X) \
	X(read) X(write) X(futex) X(pread64) X(close) X(fstat) X(mmap) X(munmap) X(madvise) X(lseek) X(brk) \
	X(newfstatat) X(statx) X(mprotect) X(mremap) X(sched_yield) X(clock_gettime) X(getrusage) X(gettid) \
	X(getpid) X(getppid) X(pwrite64) X(readv) X(writev) X(preadv) X(pwritev) X(fstatfs) X(statfs) \
	X(faccessat) X(faccessat2) X(readlinkat) X(getdents64) X(getcwd) X(dup) X(dup3) X(close_range) \
	X(flock) X(fadvise64) X(readahead) X(fsync) X(fdatasync) X(ftruncate) X(fallocate) X(memfd_create) \
	X(splice) X(vmsplice) X(tee) X(sendfile) X(pipe2) X(ppoll) X(pselect6) X(eventfd2) X(epoll_create1) \
	X(epoll_ctl) X(epoll_pwait) X(signalfd4) X(timerfd_create) X(timerfd_settime) X(timerfd_gettime) \
	X(mlock) X(mlock2) X(munlock) X(mincore) X(msync) X(membarrier) X(get_mempolicy) X(set_mempolicy) \
	X(mbind) X(set_robust_list) X(rseq) X(set_tid_address) X(exit) X(exit_group) X(wait4) X(waitid) \
	X(rt_sigaction) X(rt_sigprocmask) X(rt_sigreturn) X(rt_sigpending) X(rt_sigtimedwait) \
	X(rt_sigsuspend) X(sigaltstack) X(restart_syscall) X(setitimer) X(getitimer) X(timer_create) \
	X(timer_settime) X(timer_gettime) X(timer_getoverrun) X(timer_delete) X(nanosleep) \
	X(clock_nanosleep) X(clock_getres) X(gettimeofday) X(times) X(sched_getaffinity) X(sched_getparam) \
	X(sched_getscheduler) X(sched_get_priority_max) X(sched_get_priority_min) X(getpriority) X(getcpu) \
	X(getuid) X(geteuid) X(getgid) X(getegid) X(getpgid) X(getsid) X(getgroups) X(getresuid) \
	X(getresgid) X(capget) X(uname) X(sysinfo) X(getrandom) X(seccomp) X(landlock_create_ruleset) \
	X(landlock_restrict_self)

/* The same, of machines that have the older calls. */
#define PF_CALLS_ALLOWED_OLD(X) \
	X(stat) X(lstat) X(access) X(readlink) X(dup2) X(pipe) X(poll) X(select) X(eventfd) X(epoll_create) \
	X(epoll_wait) X(pause) X(alarm) X(time) X(getrlimit) X(getpgrp) X(arch_prctl) X(fork) X(vfork)

#define PF_CALLS_NETWORK(X) \
	X(socket) X(socketpair) X(connect) X(bind) X(listen) X(accept) X(accept4) X(sendto) X(recvfrom) \
	X(recvmsg) X(sendmmsg) X(recvmmsg) X(shutdown) X(getsockname) X(getpeername) X(setsockopt) \
	X(getsockopt)

#define PF_CALLS_WRITE(X) \
	X(mkdirat) X(unlinkat) X(renameat) X(renameat2) X(linkat) X(symlinkat) X(umask) X(fchmod)
#define PF_CALLS_WRITE_OLD(X) \
	X(mkdir) X(rmdir) X(unlink) X(rename) X(link) X(symlink)

/* Looked at more closely, or never allowed: they have a name here so that a record can tell it. */
#define PF_CALLS_NAMED(X) \
	X(openat) X(openat2) X(execve) X(execveat) X(ptrace) X(kill) X(tkill) X(tgkill) X(rt_sigqueueinfo) \
	X(rt_tgsigqueueinfo) X(pidfd_open) X(pidfd_getfd) X(pidfd_send_signal) X(process_vm_readv) \
	X(process_vm_writev) X(perf_event_open) X(bpf) X(io_uring_setup) X(userfaultfd) X(keyctl) X(mount) \
	X(umount2) X(unshare) X(setns) X(chroot) X(prctl) X(prlimit64) X(clone) X(clone3) X(ioctl) X(fcntl) \
	X(sched_setaffinity) X(sched_setscheduler) X(sched_setattr) X(setpriority) X(setsid) X(setpgid) \
	X(fchmodat) X(fchownat) X(utimensat) X(truncate) X(sendmsg) X(shmget) X(msgget) X(semget) \
	X(init_module) X(reboot) X(setuid) X(setgid) X(capset) X(chdir) X(fchdir)
#define PF_CALLS_NAMED_OLD(X) \
	X(open) X(creat) X(chmod) X(chown) X(mknod)
/* clang-format on */

#endif
