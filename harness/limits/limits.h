/* What this machine can do at most, measured: decoding, memory, arithmetic, storage, moving bytes between
 * processes. What a run gets is shown as a share of it. */
#ifndef HARNESS_LIMITS_H
#define HARNESS_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/placement.h"
#include "photofinish/status.h"

/* X(constant, name in records, unit, what is done) */
#define PF_LIMIT_LIST(X)                                                                                \
	X(PF_LIMIT_DECODE, "decode-libjpeg", "photos/s",                                                \
	  "photos in memory to planes by libjpeg-turbo alone (jpeg_read_raw_data)")                     \
	X(PF_LIMIT_DECODE_OWN, "decode-own", "photos/s", "the same by the decoder of our own")          \
	X(PF_LIMIT_MEMORY_READ, "memory-read", "GB/s", "reading through more memory than caches hold")  \
	X(PF_LIMIT_MEMORY_COPY, "memory-copy", "GB/s", "copying there: bytes read and bytes written")   \
	X(PF_LIMIT_FP32_PLAIN, "fp32-sse", "GFLOP/s", "multiply and add of 4 numbers at once")          \
	X(PF_LIMIT_FP32_AVX2, "fp32-avx2", "GFLOP/s", "fused multiply-add of 8 numbers")                \
	X(PF_LIMIT_FP32_AVX512, "fp32-avx512", "GFLOP/s", "fused multiply-add of 16 numbers")           \
	X(PF_LIMIT_BF16, "bf16-avx512", "GFLOP/s", "dot products of bf16 pairs into fp32")              \
	X(PF_LIMIT_INT8, "int8-vnni", "GOP/s", "dot products of 4 bytes into 32 bits")                  \
	X(PF_LIMIT_STORAGE_READ, "storage-read", "GB/s", "1 MB reads of a file, past the page cache")   \
	X(PF_LIMIT_STORAGE_LATENCY, "storage-latency", "us", "one 4 KB read at a time, anywhere in it") \
	X(PF_LIMIT_PIPE, "pipe", "GB/s", "64 KB writes into a pipe that another process reads")         \
	X(PF_LIMIT_SHARED, "shared-memory", "GB/s", "copying 1 MB slots that another process reads")    \
	X(PF_LIMIT_GPU_FP16, "gpu-fp16", "GFLOP/s", "fp16 convolutions of cuDNN, one stream")           \
	X(PF_LIMIT_GPU_UPLOAD, "gpu-upload", "GB/s", "64 MB from page-locked memory to the device")     \
	X(PF_LIMIT_GPU_DOWNLOAD, "gpu-download", "GB/s", "the same from the device")

#define PF_LIMIT_ENUM(constant, name, unit, text) constant,
typedef enum pf_limit_id { PF_LIMIT_LIST(PF_LIMIT_ENUM) PF_LIMIT_COUNT } pf_limit_id;
#undef PF_LIMIT_ENUM
const char *pf_limit_name(pf_limit_id id);
const char *pf_limit_unit(pf_limit_id id);
const char *pf_limit_text(pf_limit_id id);

/* All limits are measured in turn, pass after pass: what disturbs the machine for some seconds spoils no more
 * than one pass of each. */
enum {
	PF_LIMIT_PASSES = 3,
	PF_LIMIT_WINDOWS = 8, /* of a pass, at most */
	PF_LIMIT_SAMPLES = PF_LIMIT_PASSES * PF_LIMIT_WINDOWS
};

/* Of one measurement: a sample for each window, in the limit's unit. The limit is the best of them: whatever
 * else runs only takes from what the machine can do. */
typedef struct pf_limit_samples {
	double samples[PF_LIMIT_SAMPLES];
	size_t count;             /* 0: not measured */
	double best;              /* the largest sample; of a time the smallest */
	double median, low, high; /* low, high: the smallest and the largest sample */
} pf_limit_samples;

typedef struct pf_limit {
	pf_limit_samples one; /* a process on one processor core */
	pf_limit_samples all; /* one on each of `processes` cores at once; count 0 where it has no meaning */
	char why[200];        /* of one that was not measured */
	char beside[96];      /* more to know: what was decoded, how large the file is */
} pf_limit;

typedef struct pf_limits {
	pf_limit limits[PF_LIMIT_COUNT];
	uint32_t processes;
	bool complete; /* false: stopped by an interrupt */
} pf_limits;

typedef struct pf_limits_question {
	double seconds;            /* of each measurement, all passes together */
	const pf_dataset *dataset; /* whose photos are decoded; NULL: photos made in memory */
	const char *folder;        /* where storage is measured; NULL: it is not */
	uint64_t ids;              /* bits: which limits; 0: all */
	bool all_only;             /* no `one` where there is `all` */
	void (*tell)(const char *name, size_t done, size_t total); /* may be NULL */
} pf_limits_question;

/* Measures: processes of this program, bound to cores of their own. What cannot be measured here says why.
 * PF_ERR_NO_MEMORY, PF_ERR_IO where no process can be started. */
pf_status pf_limits_measure(const pf_limits_question *question, pf_limits *out, pf_error *error);

/* "decode-libjpeg,pipe" to bits of pf_limits_question.ids. PF_ERR_USAGE says which name there is none of. */
pf_status pf_limits_choose(const char *list, uint64_t *ids, pf_error *error);

/* The one that counts for a whole run, the best sample: of all cores where they were measured, else of one.
 * 0: not known. */
double pf_limit_value(const pf_limit *limit);

/* The best fp32 limit; PF_LIMIT_COUNT: none was measured. */
pf_limit_id pf_limits_best_fp32(const pf_limits *limits);

#endif
