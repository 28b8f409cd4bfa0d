/* What a calibration measured, kept: one gate a line of JSON, each line a member of a gzip file. Nothing that
 * was measured is left out, so that other rules can be tried on it. */
#ifndef HARNESS_STREAM_H
#define HARNESS_STREAM_H

#include "harness/calibrate/cell.h"
#include "harness/gate/gate_decision.h"
#include "photofinish/status.h"

enum { PF_STREAM_WORKLOADS = 8 };

typedef struct pf_stream_workload {
	char name[PF_GATE_NAME];
	pf_gate_verdict verdict;           /* as it was given then */
	pf_gate_observation *observations; /* owned; in the order in which they were taken */
	size_t count;
} pf_stream_workload;

typedef struct pf_stream_gate {
	pf_cell cell;
	double margin, long_margin; /* of short calls, and of long ones */
	double alpha;               /* of the whole gate */
	double measured_s;
	double load[2];       /* average over a minute, before and after */
	double steal, others; /* share of the time; processors that others used; negative: not known */
	uint64_t seed;
	size_t count;
	pf_stream_workload workloads[PF_STREAM_WORKLOADS];
} pf_stream_gate;

typedef struct pf_streams {
	pf_stream_gate *gates; /* owned */
	size_t count;
	size_t whole_bytes; /* of the file; what lies behind was being written when its writer was killed */
} pf_streams;

/* Reads a file; one that is not there has no gates where `may_be_missing`. PF_ERR_INVALID: it is no such
 * file. An unfinished last member is left out. Freed by pf_streams_free, also after an error. */
pf_status pf_streams_read(const char *path, bool may_be_missing, pf_streams *out, pf_error *error);
void pf_streams_free(pf_streams *streams);

/* Appends a gate to the file and takes it into `streams`, which then owns what it points to. All or nothing:
 * a kill leaves a file without this gate. */
pf_status pf_streams_append(const char *path, pf_streams *streams, const pf_stream_gate *gate,
			    pf_error *error);

#endif
