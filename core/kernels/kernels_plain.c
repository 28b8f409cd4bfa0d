/* What every other version is compared with. */
#include "core/kernels/kernels_body.h"

const pf_kernels pf_kernels_plain = {.name = "plain", KERNEL_FUNCTIONS};
