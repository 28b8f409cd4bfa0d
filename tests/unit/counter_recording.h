/* A backend of counters that plays a recording (counter_recording.txt says what stands in one). */
#ifndef TESTS_COUNTER_RECORDING_H
#define TESTS_COUNTER_RECORDING_H

#include "harness/counters/counters.h"

enum { PF_RECORDED_READS = 32 };

typedef struct pf_recording {
	pf_counter_backend backend; /* first: it is known by its backend */
	pf_counter_plan plan;
	pf_counter_opening openings[PF_COUNTERS_MAX];
	pf_count family[PF_COUNTERS_MAX];
	pf_count thread[PF_RECORDED_READS][PF_COUNTERS_MAX];
	uint32_t reads, next; /* of the thread */
	bool holding;         /* the thread's first read is given again and again */
} pf_recording;

/* Ends the test through cmocka if the file cannot be read. */
void pf_recording_load(pf_recording *recording, const char *path);

#endif
