/* SIGINT and SIGTERM: the first one asks to finish the photo at hand, the second one to stop at once. */
#ifndef HARNESS_INTERRUPT_H
#define HARNESS_INTERRUPT_H

#include <signal.h>

/* How many have come; only grows. */
extern volatile sig_atomic_t pf_interrupts;

/* Installs the handlers for both signals. Call once, in main. */
void pf_interrupt_install(void);

#endif
