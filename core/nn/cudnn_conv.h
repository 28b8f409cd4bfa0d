/* Which part of a node cuDNN takes as one plan. */
#ifndef PF_NN_CUDNN_CONV_H
#define PF_NN_CUDNN_CONV_H

#include "core/nn/cudnn_plan.h"
#include "core/nn/graph.h"

/* Fills *conv from a convolution of floats with constant weights and returns how many of the node's epilogues
 * it covers; -1 where the node is no such convolution. Always biased: the device gets zeros where the node
 * has no bias. */
int pf_cudnn_conv_of(const pf_graph *graph, const pf_node *node, bool half, pf_cudnn_conv *conv);

#endif
