/* A program: the steps into which a backend compiles a graph, the buffers between them, and the plan that
 * lays the buffers into one arena by their lifetimes. Knows no backend. */
#ifndef PF_NN_PROGRAM_H
#define PF_NN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/nn/graph.h"
#include "core/nn/picture.h"
#include "photofinish/network.h"
#include "photofinish/status.h"
#include "photofinish/workspace.h"

#define PF_NO_BUFFER (-1)

typedef struct pf_buffer {
	size_t bytes, offset; /* in the arena */
	int32_t first, last;  /* the steps between which it holds something */
	int32_t root;         /* the buffer whose memory it has; itself if that is its own */
	bool pinned;          /* from the first step to the last: inputs */
	const void *fixed;    /* a constant's data: not in the arena */
} pf_buffer;

typedef struct pf_program pf_program;
typedef struct pf_step pf_step;

struct pf_step {
	int32_t node;
	bool reorder;     /* a change of layout for the node */
	int32_t *buffers; /* reads, then writes */
	uint32_t reads, writes;
	int32_t in_place; /* the read whose memory the first write may take over; -1: none */
	pf_status (*bind)(pf_step *step, pf_program *program, pf_error *error); /* addresses are known now */
	bool (*run)(const pf_step *step); /* false: an index outside of what it indexes */
	void (*release)(pf_step *step);   /* frees `state` */
	void *state;
};

typedef struct pf_backend {
	const char *name;
	/* Emits the steps and sets program->value_buffers of the network's outputs (dense). */
	pf_status (*compile)(pf_program *program, pf_error *error);
	/* Around every run and every compilation, on the thread that runs. */
	int (*enter)(void);
	void (*leave)(int entered);
	/* Copies a value that has no dense buffer; NULL where all have one. */
	pf_status (*read)(pf_program *program, int32_t value, void *out, pf_error *error);
	void (*destroy)(pf_program *program); /* frees `backend_state`, after the steps */
	/* In place of pf_program_run, where a step can fail for other reasons than an index; NULL: steps
	 * cannot. */
	pf_status (*run)(pf_program *program, pf_node_time *times, pf_error *error);
	/* picture.h; NULL where inputs are the caller's. */
	bool (*take_pictures)(pf_program *program, uint32_t maxima);
	pf_status (*picture)(pf_program *program, size_t index, const pf_picture *picture, pf_error *error);
	const pf_gpu_peak *(*peaks)(const pf_program *program);
	void (*time)(pf_program *program, pf_trace *trace);
} pf_backend;

extern const pf_backend pf_backend_plain;
#ifdef PF_WITH_ONEDNN
extern const pf_backend pf_backend_onednn, pf_backend_onednn_bytes, pf_backend_onednn_winograd;
#endif
#ifdef PF_WITH_CUDA
extern const pf_backend pf_backend_cudnn, pf_backend_cudnn_fp32;
#endif

struct pf_program {
	const pf_graph *graph;
	const pf_backend *backend;
	void *backend_state;
	unsigned flags; /* pf_workspace_flag */
	pf_step *steps;
	size_t step_count, step_capacity;
	pf_buffer *buffers;
	size_t buffer_count, buffer_capacity;
	int32_t *value_buffers;     /* dense, by value; PF_NO_BUFFER: none yet */
	const char **node_backends; /* by node */
	char *arena;
	size_t arena_bytes, mapped_bytes;
};

pf_status pf_program_init(pf_program *program, const pf_graph *graph, const pf_backend *backend,
			  unsigned flags, pf_error *error);
void pf_program_clear(pf_program *program);

pf_status pf_program_buffer(pf_program *program, size_t bytes, int32_t *index, pf_error *error);

/* The dense buffer of a value, made if there is none. Constants get their own data. */
pf_status pf_program_value(pf_program *program, int32_t value, int32_t *index, pf_error *error);

/* Appends a step with room for its buffers; *step is valid until the next one is appended. */
pf_status pf_program_step(pf_program *program, int32_t node, uint32_t reads, uint32_t writes, pf_step **step,
			  pf_error *error);

/* Lifetimes, shared memory, offsets, then the arena; then binds every step. */
pf_status pf_program_plan(pf_program *program, pf_error *error);

/* Runs the steps one after the other; `times` may be NULL. False: the step of node *failed did. */
bool pf_program_run(const pf_program *program, pf_node_time *times, int32_t *failed);
/* The failure of a node that computed an index which lies outside of what it indexes. */
pf_status pf_program_bad_index(const pf_program *program, int32_t node, pf_error *error);

/* Where a buffer lies, once planned. */
void *pf_program_address(const pf_program *program, int32_t buffer);

/* plain.c: emits node `index` as its plain kernel on dense buffers, or as nothing where it is a view. */
pf_status pf_plain_emit(pf_program *program, int32_t index, pf_error *error);
/* The call of a step that pf_plain_emit made, for another kernel in its place. */
const pf_call *pf_plain_call(const pf_step *step);

#endif
