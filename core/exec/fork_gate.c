#include "photofinish/fork_gate.h"

/* Who waits for the inside holds the turnstile, so that the one who comes out of it cannot go in again first.
 */
void pf_fork_gate_enter(pf_fork_gate *gate)
{
	pthread_mutex_lock(&gate->turnstile);
	pthread_mutex_lock(&gate->inside);
	pthread_mutex_unlock(&gate->turnstile);
}

void pf_fork_gate_leave(pf_fork_gate *gate)
{
	pthread_mutex_unlock(&gate->inside);
}
