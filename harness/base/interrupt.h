/* SIGINT, SIGTERM and SIGHUP (the terminal was closed): the first one asks to finish the photo at hand, a
 * second one (but for SIGHUP) to stop at once. */
#ifndef HARNESS_INTERRUPT_H
#define HARNESS_INTERRUPT_H

#include <signal.h>

/* How many have come; only grows. */
extern volatile sig_atomic_t pf_interrupts;

/* Installs their handlers; SIGHUP stays ignored where it is (nohup). Call once, in main. */
void pf_interrupt_install(void);

#endif
