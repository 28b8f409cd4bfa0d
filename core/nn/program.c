#include "core/nn/program.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "core/base/heap.h"
#include "photofinish/trace.h"

#define ALIGNMENT 64

static pf_status no_memory(const pf_program *program, pf_error *error)
{
	pf_fail(error, PF_ERR_NO_MEMORY, program->graph->file, "not enough memory");
	return PF_ERR_NO_MEMORY; /* said again for the analyser */
}

pf_status pf_program_init(pf_program *program, const pf_graph *graph, const pf_backend *backend,
			  unsigned flags, pf_error *error)
{
	*program = (pf_program){.graph = graph, .backend = backend, .flags = flags};
	program->value_buffers = malloc((graph->value_count + 1) * sizeof *program->value_buffers);
	program->node_backends = calloc(graph->node_count + 1, sizeof *program->node_backends);
	if (!program->value_buffers || !program->node_backends) {
		return no_memory(program, error);
	}
	for (size_t i = 0; i < graph->value_count; i++) {
		program->value_buffers[i] = PF_NO_BUFFER;
	}
	for (size_t i = 0; i < graph->input_count; i++) {
		int32_t buffer;
		pf_status status = pf_program_value(program, graph->inputs[i], &buffer, error);
		if (status != PF_OK) {
			return status;
		}
		program->buffers[buffer].pinned = true;
	}
	return PF_OK;
}

void pf_program_clear(pf_program *program)
{
	for (size_t i = 0; i < program->step_count; i++) {
		if (program->steps[i].release) {
			program->steps[i].release(&program->steps[i]);
		}
		free(program->steps[i].buffers);
	}
	if (program->backend && program->backend->destroy) {
		program->backend->destroy(program);
	}
	if (program->arena) {
		munmap(program->arena, program->mapped_bytes);
	}
	free(program->steps);
	free(program->buffers);
	free(program->value_buffers);
	free(program->node_backends);
	*program = (pf_program){0};
}

pf_status pf_program_buffer(pf_program *program, size_t bytes, int32_t *index, pf_error *error)
{
	if (program->buffer_count == program->buffer_capacity) {
		size_t wanted = program->buffer_capacity ? program->buffer_capacity * 2 : 64;
		pf_buffer *larger = reallocarray(program->buffers, wanted, sizeof *larger);
		if (!larger) {
			return no_memory(program, error);
		}
		program->buffers = larger;
		program->buffer_capacity = wanted;
	}
	*index = (int32_t)program->buffer_count++;
	program->buffers[*index] = (pf_buffer){.bytes = (bytes + ALIGNMENT) / ALIGNMENT * ALIGNMENT,
					       .first = INT32_MAX,
					       .last = -1,
					       .root = *index};
	return PF_OK;
}

pf_status pf_program_value(pf_program *program, int32_t value, int32_t *index, pf_error *error)
{
	if (program->value_buffers[value] != PF_NO_BUFFER) {
		*index = program->value_buffers[value];
		return PF_OK;
	}
	const pf_tensor *tensor = &program->graph->values[value].tensor;
	size_t bytes = (size_t)pf_shape_elements(&tensor->shape) * pf_type_bytes(tensor->type);
	pf_status status = pf_program_buffer(program, bytes, index, error);
	if (status == PF_OK) {
		program->buffers[*index].fixed = tensor->data;
		program->value_buffers[value] = *index;
	}
	return status;
}

pf_status pf_program_step(pf_program *program, int32_t node, uint32_t reads, uint32_t writes, pf_step **step,
			  pf_error *error)
{
	if (program->step_count == program->step_capacity) {
		size_t wanted = program->step_capacity ? program->step_capacity * 2 : 64;
		pf_step *larger = reallocarray(program->steps, wanted, sizeof *larger);
		if (!larger) {
			return no_memory(program, error);
		}
		program->steps = larger;
		program->step_capacity = wanted;
	}
	int32_t *buffers = malloc(((size_t)reads + writes + 1) * sizeof *buffers);
	if (!buffers) {
		return no_memory(program, error);
	}
	for (uint32_t i = 0; i < reads + writes; i++) {
		buffers[i] = PF_NO_BUFFER;
	}
	*step = &program->steps[program->step_count++];
	**step = (pf_step){
		.node = node, .buffers = buffers, .reads = reads, .writes = writes, .in_place = -1};
	return PF_OK;
}

static void extend(pf_buffer *buffer, int32_t step)
{
	buffer->first = step < buffer->first ? step : buffer->first;
	buffer->last = step > buffer->last ? step : buffer->last;
}

static void find_lifetimes(pf_program *program)
{
	int32_t end = (int32_t)program->step_count;
	for (int32_t i = 0; i < end; i++) {
		const pf_step *step = &program->steps[i];
		for (uint32_t k = 0; k < step->reads + step->writes; k++) {
			if (step->buffers[k] != PF_NO_BUFFER) {
				extend(&program->buffers[step->buffers[k]], i);
			}
		}
	}
	for (size_t i = 0; i < program->graph->output_count; i++) {
		int32_t value = program->graph->outputs[i], rows = program->graph->values[value].rows;
		extend(&program->buffers[program->value_buffers[value]], end);
		if (rows != PF_NO_VALUE) { /* how many there are is asked for with the output */
			extend(&program->buffers[program->value_buffers[rows]], end);
		}
	}
	for (size_t i = 0; i < program->buffer_count; i++) {
		if (program->buffers[i].pinned || program->flags & PF_WORKSPACE_KEEP) {
			program->buffers[i].pinned = true;
			program->buffers[i].first = 0;
			program->buffers[i].last = end;
		}
	}
}

/* Reads of a step that lie in buffer `root`. */
static uint32_t reads_of(const pf_program *program, const pf_step *step, int32_t root)
{
	uint32_t count = 0;
	for (uint32_t k = 0; k < step->reads; k++) {
		count += step->buffers[k] != PF_NO_BUFFER && program->buffers[step->buffers[k]].root == root;
	}
	return count;
}

static void share_memory(pf_program *program)
{
	for (size_t i = 0; i < program->step_count; i++) {
		const pf_step *step = &program->steps[i];
		if (step->in_place < 0) {
			continue;
		}
		int32_t from = step->buffers[step->in_place], to = step->buffers[step->reads];
		if (from == PF_NO_BUFFER || to == PF_NO_BUFFER || program->buffers[from].fixed) {
			continue;
		}
		from = program->buffers[from].root;
		pf_buffer *source = &program->buffers[from], *target = &program->buffers[to];
		bool fresh = target->root == to && target->first == (int32_t)i && !target->pinned;
		if (fresh && from != to && !source->pinned && source->last == (int32_t)i &&
		    target->bytes <= source->bytes && reads_of(program, step, from) == 1) {
			target->root = from;
			source->last = target->last;
		}
	}
}

typedef struct placement {
	size_t bytes;
	int32_t buffer;
} placement;

static int by_size(const void *a, const void *b)
{
	const placement *x = a, *y = b;
	if (x->bytes != y->bytes) {
		return x->bytes > y->bytes ? -1 : 1;
	}
	return x->buffer < y->buffer ? -1 : 1;
}

/* Puts a buffer into the lowest gap between those that are there at the same time; `placed` is kept sorted by
 * offset. */
static void place(pf_program *program, int32_t index, int32_t *placed, size_t count)
{
	pf_buffer *buffer = &program->buffers[index];
	size_t at = 0, insert = 0;
	for (size_t i = 0; i < count; i++) {
		const pf_buffer *other = &program->buffers[placed[i]];
		if (other->last < buffer->first || other->first > buffer->last) {
			continue;
		}
		if (other->offset >= at + buffer->bytes) {
			break;
		}
		size_t end = other->offset + other->bytes;
		at = end > at ? end : at;
	}
	while (insert < count && program->buffers[placed[insert]].offset <= at) {
		insert++;
	}
	memmove(placed + insert + 1, placed + insert, (count - insert) * sizeof *placed);
	placed[insert] = index;
	buffer->offset = at;
	if (at + buffer->bytes > program->arena_bytes) {
		program->arena_bytes = at + buffer->bytes;
	}
}

/* The largest first, each at the lowest place that is free while it lives. */
static pf_status lay_out(pf_program *program, pf_error *error)
{
	placement *order = calloc(program->buffer_count + 1, sizeof *order);
	int32_t *placed = calloc(program->buffer_count + 1, sizeof *placed);
	pf_status status = order && placed ? PF_OK : no_memory(program, error);
	size_t count = 0;
	for (size_t i = 0; status == PF_OK && i < program->buffer_count; i++) {
		const pf_buffer *buffer = &program->buffers[i];
		if (!buffer->fixed && buffer->root == (int32_t)i && buffer->last >= 0) {
			order[count++] = (placement){buffer->bytes, (int32_t)i};
		}
	}
	if (count) {
		qsort(order, count, sizeof *order, by_size);
	}
	for (size_t i = 0; i < count; i++) {
		place(program, order[i].buffer, placed, i);
	}
	free(order);
	free(placed);
	uint64_t limit = program->graph->options.max_activation_bytes;
	limit = program->flags & PF_WORKSPACE_KEEP ? limit * 8 : limit;
	if (status == PF_OK && program->arena_bytes > limit) {
		return pf_fail(error, PF_ERR_MEMORY_LIMIT, program->graph->file,
			       "a run takes %zu MiB of activations, the limit is %llu MiB",
			       program->arena_bytes >> 20, (unsigned long long)(limit >> 20));
	}
	return status;
}

void *pf_program_address(const pf_program *program, int32_t buffer)
{
	if (program->buffers[buffer].fixed) {
		return (void *)program->buffers[buffer].fixed;
	}
	return program->arena + program->buffers[program->buffers[buffer].root].offset;
}

pf_status pf_program_plan(pf_program *program, pf_error *error)
{
	find_lifetimes(program);
	share_memory(program);
	pf_status status = lay_out(program, error);
	if (status != PF_OK) {
		return status;
	}
	program->mapped_bytes = program->arena_bytes + ALIGNMENT;
	void *arena = mmap(NULL, program->mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);
	if (arena == MAP_FAILED) {
		return no_memory(program, error);
	}
	pf_heap_advise(arena, program->mapped_bytes);
	program->arena = arena;
	for (size_t i = 0; status == PF_OK && i < program->step_count; i++) {
		if (program->steps[i].bind) {
			status = program->steps[i].bind(&program->steps[i], program, error);
		}
	}
	return status;
}

bool pf_program_run(const pf_program *program, pf_node_time *times, int32_t *failed)
{
	uint64_t before = times ? pf_now_ns() : 0;
	for (size_t i = 0; i < program->step_count; i++) {
		const pf_step *step = &program->steps[i];
		if (!step->run(step)) {
			*failed = step->node;
			return false;
		}
		if (times) {
			uint64_t now = pf_now_ns();
			*(step->reorder ? &times[step->node].reorder_ns : &times[step->node].ns) += now -
												    before;
			before = now;
		}
	}
	return true;
}

pf_status pf_program_bad_index(const pf_program *program, int32_t node, pf_error *error)
{
	return pf_node_fail(program->graph, &program->graph->nodes[node], error, PF_ERR_INVALID,
			    "the model computed an index that lies outside of what it indexes");
}
