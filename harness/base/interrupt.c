#include "harness/base/interrupt.h"

#include <string.h>

volatile sig_atomic_t pf_interrupts;

static void count(int signal)
{
	(void)signal;
	pf_interrupts = pf_interrupts + 1;
}

void pf_interrupt_install(void)
{
	struct sigaction action = {.sa_handler = count}; /* no SA_RESTART: waits return with EINTR */
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	signal(SIGCHLD,
	       SIG_DFL); /* where the parent ignored it, the kernel would reap what is ours to reap */
	signal(SIGPIPE, SIG_IGN); /* a closed pipe is an error of the write */
}
