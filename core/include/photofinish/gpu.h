/* What there is of a GPU and of the libraries that use it, found without touching the device from this
 * process. docs/gpu.md. */
#ifndef PHOTOFINISH_GPU_H
#define PHOTOFINISH_GPU_H

#include <stdbool.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Versions are as the libraries count them: CUDA 13.0 is 13000, cuDNN 9.19.0 is 91900; 0: not found. */
typedef struct pf_gpu_facts {
	bool built_in;     /* this build has the backend "cudnn" */
	bool node;         /* there is a device of NVIDIA's: /dev/nvidiactl */
	bool nvrtc;        /* the compiler that cuDNN takes for networks with SiLU */
	int driver;        /* version of CUDA that the driver's libcuda.so.1 is made for */
	int least_driver;  /* that this build needs; 0: any */
	int cudnn;         /* version of libcudnn.so.9 */
	int devices;       /* that may be used */
	int major, minor;  /* compute capability of the first one */
	char name[96];     /* its name, bytes of the driver */
	char why_not[256]; /* why networks cannot run on a device, one line; "" where they can */
} pf_gpu_facts;

/* Looks in a child process, which a driver that hangs cannot hold for more than 20 s: a context of CUDA does
 * not survive a fork, so nothing may be opened before workers are there. Allocates nothing; any thread. */
PF_API void pf_gpu_look(pf_gpu_facts *facts);

/* The probe of a variant that runs networks on a device. *why_not: static, "" where it can. Where it may fall
 * back to the processor it is available all the same; with another preset than ultra (0) it is not. Not for
 * several threads at once. */
PF_API pf_status pf_gpu_probe(bool may_fall_back, uint32_t preset, const char **why_not);

/* The row of its options for that (variant.h). */
#define PF_GPU_FALL_BACK_OPTION                                                                \
	{                                                                                      \
		"fall-back", PF_OPTION_FLAG, 0, 0, 1,                                          \
			"where the device is missing or fails, the processor runs the network" \
	}

/* From now on spans of this process, and of those that are forked from it, are ranges of NVTX by their
 * stages' names, where a tool asks for them (NVTX_INJECTION64_PATH); else nothing, as in builds without CUDA.
 */
PF_API void pf_gpu_ranges(void);

#ifdef __cplusplus
}
#endif

#endif
