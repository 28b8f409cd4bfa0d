/* The pages of the documentation, as they are installed, shown in the terminal. */
#ifndef HARNESS_HELP_TOPICS_H
#define HARNESS_HELP_TOPICS_H

#include <stdio.h>

/* Shows the page of that name, with or without ".md"; "topics" lists them all. In a terminal long lines are
 * wrapped, and where PAGER is set it goes through that. Returns the exit status; without such a page it says
 * so on standard error, with the nearest name of a page or a command. */
int pf_help_topic(const char *topic);

#endif
