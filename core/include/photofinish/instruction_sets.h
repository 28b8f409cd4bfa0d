/* Which instructions the processor has, as far as outputs of floating-point code may depend on them. */
#ifndef PHOTOFINISH_INSTRUCTION_SETS_H
#define PHOTOFINISH_INSTRUCTION_SETS_H

#include <stddef.h>

#include "photofinish/status.h"

/* "x86-64-v3" and the like (the levels of the x86-64 psABI; the machine's name elsewhere), and behind it what
 * the environment forbids: PF_CPU, ONEDNN_MAX_CPU_ISA, DNNL_MAX_CPU_ISA. Returns `out`. */
PF_API char *pf_instruction_sets(char *out, size_t capacity);

/* Finer: all that the C library's mathematics, oneDNN and OpenCV choose their code by: "GenuineIntel 6.85"
 * and a digest of the instructions that processor and kernel have and of the caches' sizes (oneDNN cuts its
 * sums by them); behind it what the environment asks of those libraries. Same where scores cannot differ by
 * the processor. Returns `out`. */
PF_API char *pf_processor_class(char *out, size_t capacity);

#endif
