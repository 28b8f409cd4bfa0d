/* Execution plans kept on disk: made once for each version of cuDNN, device, precision and shape. */
#ifndef PF_NN_CUDNN_CACHE_H
#define PF_NN_CUDNN_CACHE_H

#include "core/nn/cudnn_plan.h"

/* As pf_cudnn_plan_create, from the kept plan where there is one that cuDNN still takes. Plans lie in
 * cudnn-plans/ of the folder of datasets and references ($PHOTOFINISH_DATA, else XDG_CACHE_HOME/photofinish,
 * else
 * ~/.cache/photofinish). A folder that cannot be written to costs time and nothing else. */
pf_status pf_cudnn_plan_cached(const pf_cudnn_target *target, const pf_cudnn_conv *conv, pf_cudnn_plan *plan,
			       pf_error *error);

#endif
