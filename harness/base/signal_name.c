#include "harness/base/signal_name.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

char *pf_signal_name(int number, char out[PF_SIGNAL_NAME])
{
	const char *known = sigabbrev_np(number);
	if (known) {
		snprintf(out, PF_SIGNAL_NAME, "SIG%s", known);
	} else if (number >= SIGRTMIN && number <= SIGRTMAX) {
		snprintf(out, PF_SIGNAL_NAME, number == SIGRTMIN ? "SIGRTMIN" : "SIGRTMIN+%d",
			 number - SIGRTMIN);
	} else {
		snprintf(out, PF_SIGNAL_NAME, "signal %d", number);
	}
	return out;
}
