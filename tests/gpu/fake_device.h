/* A device on the processor, for tests: libcuda.so.1 and libcudnn.so.9 with the entries that are used. It is
 * no backend: it is slow on purpose, and strict where a real device may forgive.
 *
 * - Device memory cannot be touched by the host (its pages are mapped without access; the executor has a
 *   second mapping) and is filled with NaNs when it is allocated and when it is freed.
 * - Work on a stream is done at the latest time there is, when somebody waits for it, and on another thread.
 * - PF_FAKE_GPU_DRIVER=12040 is a driver for another version of CUDA.
 * - PF_FAKE_GPU_FAULT=ENTRY:N:CODE makes the N-th call of an entry return CODE. From an error that a real
 *   context does not recover from (launch failure, illegal address) all later calls fail, too. */
#ifndef PF_TEST_FAKE_DEVICE_H
#define PF_TEST_FAKE_DEVICE_H

#include <cuda.h>
#include <cudnn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a test asks of the library by dlsym: forgets counts and errors; how many objects are alive. */
void fake_device_reset(void);
size_t fake_device_live(void);

/* Between the two files. */
int fake_fault(const char *entry);      /* 0: the call goes on */
void fake_count(int change);            /* of live objects */
void *fake_shadow(const void *address); /* the executor's view; NULL stays NULL, other memory is an error */

typedef struct fake_operation {
	void (*execute)(void *arguments);
	size_t bytes;
	unsigned char arguments[512];
} fake_operation;
bool fake_queue(CUstream stream, void (*execute)(void *), const void *arguments, size_t bytes);

#endif
