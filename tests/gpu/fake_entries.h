/* The fake device's own entries, beside those of a driver, for tests that are executed on it. */
#ifndef TESTS_FAKE_ENTRIES_H
#define TESTS_FAKE_ENTRIES_H

#include <stddef.h>

extern void (*fake_reset)(void); /* fake_device.h */
extern size_t (*fake_live)(void);

/* 0; -1, with a message, where LD_LIBRARY_PATH does not name the fake device's folder. */
int fake_entries_open(void);

#endif
