#include "core/kernels/entropy_body.h"
#include "core/kernels/inverse_dct.h"
#include "core/kernels/kernels.h"

uint32_t pf_decode_mcus_plain(pf_entropy *entropy, uint32_t first, uint32_t count)
{
	return decode_mcus(entropy, first, count);
}
