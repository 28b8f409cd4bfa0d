#include "harness/base/interrupt.h"

#include <string.h>

volatile sig_atomic_t pf_interrupts;

/* A terminal that is closed may say so several times: the kernel, then the shell. That is one request, and
 * none to hurry. */
static void count(int signal)
{
	if (signal != SIGHUP || pf_interrupts == 0) {
		pf_interrupts = pf_interrupts + 1;
	}
}

void pf_interrupt_install(void)
{
	struct sigaction action = {.sa_handler = count}; /* no SA_RESTART: waits return with EINTR */
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	struct sigaction before;
	if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) { /* nohup ignores it */
		sigaction(SIGHUP, &action, NULL);
	}
	signal(SIGCHLD,
	       SIG_DFL); /* where the parent ignored it, the kernel would reap what is ours to reap */
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
}
