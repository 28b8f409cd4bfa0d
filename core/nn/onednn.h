/* The oneDNN backend's inside: layouts of values, and the emission of primitives as steps. Everything runs on
 * the calling thread. */
#ifndef PF_NN_ONEDNN_H
#define PF_NN_ONEDNN_H

#include <dnnl.h>
#include <stdbool.h>

#include "core/nn/program.h"

/* Where a value lies other than dense; buffer PF_NO_BUFFER: nowhere. */
typedef struct pf_layout {
	dnnl_memory_desc_t md;
	int32_t buffer;
} pf_layout;

struct pf_onednn_node;
typedef struct pf_onednn {
	dnnl_engine_t engine;
	dnnl_stream_t stream;
	pf_layout *layouts; /* by value */
	/* Takes convolutions before oneDNN does, as emitters do; NULL: nobody. */
	pf_status (*convolve)(struct pf_onednn_node *n);
	struct pf_ranges *ranges; /* of pf_onednn_bytes */
	bool winograd;            /* where oneDNN has it: other bits */
} pf_onednn;

/* One argument of a primitive. Data that the step owns (packed weights) have no buffer. */
typedef struct pf_onednn_arg {
	int id; /* DNNL_ARG_* */
	dnnl_memory_desc_t md;
	int32_t buffer;
	bool write;
	void *owned; /* freed with the step */
} pf_onednn_arg;

#define PF_ONEDNN_ARGS 5

/* The node under compilation. Emitters return PF_OK with `done` false where oneDNN has no fast way: the plain
 * kernel takes the node. */
typedef struct pf_onednn_node {
	pf_program *program;
	pf_onednn *backend;
	const pf_node *node;
	int32_t index;
	bool done;
	pf_error *error;
} pf_onednn_node;

/* onednn_layout.c */
bool pf_onednn_dense(const pf_shape *shape, dnnl_memory_desc_t *md);
/* The layout that a value has now: the blocked one if there is one. */
pf_status pf_onednn_current(const pf_onednn_node *n, int32_t value, pf_layout *layout);
/* A buffer that holds the value in the layout `md`; adds a reorder if there is none. */
pf_status pf_onednn_as(const pf_onednn_node *n, int32_t value, const dnnl_memory_desc_t *md, int32_t *buffer);
/* Makes sure that the value has its dense buffer. */
pf_status pf_onednn_make_dense(const pf_onednn_node *n, int32_t value);
/* The buffer of a new value with the layout `md`. */
pf_status pf_onednn_define(const pf_onednn_node *n, int32_t value, const dnnl_memory_desc_t *md,
			   int32_t *buffer);
/* Buffers of a node's input in the layout `from`, of its addends and its output in `to`: `*reads` that are
 * read, then the one that is written. `buffers` has room for all. */
pf_status pf_onednn_connect(const pf_onednn_node *n, dnnl_format_tag_t from, dnnl_format_tag_t to,
			    int32_t *buffers, uint32_t *reads);
/* The layout's kind: dnnl_nhwc, dnnl_nChw8c, dnnl_nChw16c, or dnnl_format_tag_undef for all others. */
dnnl_format_tag_t pf_onednn_kind(const dnnl_memory_desc_t *md);
/* A layout of that kind for a shape of rank 4. */
bool pf_onednn_of_kind(const pf_shape *shape, dnnl_format_tag_t kind, dnnl_memory_desc_t *md);
/* Channels can be parted at multiples of this: 1, 8 or 16. */
int64_t pf_onednn_block(dnnl_format_tag_t kind);

/* onednn.c. Takes `pd` and the owned data of `args`, also on failure. `summed`: the buffer whose content must
 * lie in the first output's memory before the primitive runs (a sum), of the same layout; or PF_NO_BUFFER. */
pf_status pf_onednn_emit(const pf_onednn_node *n, dnnl_primitive_desc_t pd, const pf_onednn_arg *args,
			 int count, int32_t summed, bool reorder);
/* Creates a descriptor with post-ops for the node's epilogues; false where there is none that is fast. */
bool pf_onednn_describe(const pf_onednn_node *n, const void *operation, bool epilogues,
			dnnl_primitive_desc_t *pd);
bool pf_onednn_is_fast(dnnl_primitive_desc_t pd);
/* eltwise algorithms of an activation; their number, 0: oneDNN has none. */
typedef struct pf_onednn_eltwise {
	dnnl_alg_kind_t kind;
	float alpha, beta;
} pf_onednn_eltwise;
int pf_onednn_act(const pf_act *act, pf_onednn_eltwise out[2]);

/* `from` in the layout that a primitive wants, made once; the caller frees it. NULL: no memory. */
void *pf_onednn_pack(const pf_onednn_node *n, const void *from, const dnnl_memory_desc_t *given,
		     const dnnl_memory_desc_t *wanted);
/* A step of the node that copies `from` into `to`, of the same dims. */
pf_status pf_onednn_copy(const pf_onednn_node *n, const pf_layout *from, const pf_layout *to);

pf_status pf_onednn_deconv(pf_onednn_node *n);    /* onednn_deconv.c; leaves undone what has no stride */
pf_status pf_onednn_depthwise(pf_onednn_node *n); /* onednn_depthwise.c; of ConvTranspose */
pf_status pf_onednn_bytes(pf_onednn_node *n);     /* onednn_bytes.c; leaves undone what has no range */
pf_status pf_onednn_conv(pf_onednn_node *n);      /* onednn_conv.c */
pf_status pf_onednn_pool(pf_onednn_node *n);      /* onednn_spatial.c, from here on */
pf_status pf_onednn_resize(pf_onednn_node *n);
pf_status pf_onednn_unary(pf_onednn_node *n); /* onednn_elementwise.c, from here on */
pf_status pf_onednn_binary(pf_onednn_node *n);
pf_status pf_onednn_concat(pf_onednn_node *n); /* onednn_move.c, from here on */
pf_status pf_onednn_strided(pf_onednn_node *n);
pf_status pf_onednn_product(pf_onednn_node *n); /* onednn_product.c */

#endif
