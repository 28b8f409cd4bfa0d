/* The libraries by which a device is reached: loaded at run time, so that programs start without them. */
#ifndef PF_GPU_LIBRARY_H
#define PF_GPU_LIBRARY_H

#define PF_GPU_DRIVER "libcuda.so.1"
#define PF_GPU_CUDNN "libcudnn.so.9"

/* dlopen's handle, never closed; NULL: not found. Also looks where the library lay at build time. */
void *pf_gpu_library_driver(void);
void *pf_gpu_library_cudnn(void);
void *pf_gpu_library_nvrtc(void);

#endif
