/* What every other version is compared with. */
#include "core/kernels/half_dct.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels_body.h"
#include "core/kernels/quarter_dct.h"

const pf_kernels pf_kernels_plain = {.name = "plain",
				     .decode_mcus = pf_decode_mcus_plain,
				     .inverse_dct = pf_inverse_dct_plain,
				     .half_dct = pf_half_dct_plain,
				     .quarter_dct = pf_quarter_dct_plain,
				     KERNEL_FUNCTIONS};
