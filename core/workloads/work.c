#include "core/workloads/work.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/kernels/kernels.h"
#include "photofinish/sha256.h"

typedef struct work {
	const pf_work_kind *kind;
	unsigned instructions;                     /* that its thread is limited to while it works */
	_Alignas(max_align_t) unsigned char own[]; /* the kind's state */
} work;

struct pf_work_hash {
	pf_sha256 context;
};

void pf_work_add(pf_work_hash *hash, const void *bytes, size_t count)
{
	pf_sha256_add(&hash->context, bytes, count);
}

static pf_status check_input(const pf_workload *self, const pf_workload_input *input, pf_error *error)
{
	if (input->size < self->size_least || input->size > self->size_most) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "%s: the size is %llu; it may be %llu to %llu",
			       self->name, (unsigned long long)input->size,
			       (unsigned long long)self->size_least, (unsigned long long)self->size_most);
	}
	return !input->folder || self->flags & PF_WORKLOAD_TAKES_FOLDER
		       ? PF_OK
		       : pf_fail(error, PF_ERR_USAGE, NULL, "%s: it takes no folder", self->name);
}

/* The instructions of a way; fails where it is not here. */
static pf_status check_way(const pf_workload *self, const pf_workload_input *input, unsigned *instructions,
			   pf_error *error)
{
	const char *const *name = self->ways;
	while (input->way && name && *name && strcmp(*name, input->way) != 0) {
		name++;
	}
	if (input->way && (!name || !*name)) {
		return pf_fail(error, PF_ERR_USAGE, NULL, "%s: it has no way \"%.64s\"", self->name,
			       input->way);
	}
	const char *wanted = pf_work_way_of(input).kernels;
	const pf_kernels *version = NULL;
	*instructions = ~0u;
	for (size_t i = 0; wanted && (version = pf_kernels_at(i)) && strcmp(version->name, wanted) != 0;) {
		i++;
	}
	if (!wanted) {
		return PF_OK;
	}
	if (!version) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s kernels are not built in", wanted);
	}
	*instructions = version->needs;
	return version->needs & ~pf_kernels_flags()
		       ? pf_fail(error, PF_ERR_UNAVAILABLE, NULL,
				 "the processor has no such instructions, or PF_CPU forbids them")
		       : PF_OK;
}

/* The caller may have been built with an older header. */
static pf_workload_input taken(const pf_workload_input *given)
{
	pf_workload_input input = {0};
	memcpy(&input, given, given->struct_size < sizeof input ? given->struct_size : sizeof input);
	return input;
}

int pf_work_set_up(const pf_workload *self, const pf_workload_input *given, void **state, char *error,
		   size_t error_bytes)
{
	const pf_work_kind *kind = self->context;
	const pf_workload_input input = taken(given);
	pf_error why = {.code = PF_OK};
	work *made = calloc(1, sizeof *made + kind->state_bytes);
	pf_status status = PF_ERR_NO_MEMORY;
	*state = made;
	if (made) {
		made->kind = kind;
	}
	if (made) {
		status = check_input(self, &input, &why);
	}
	if (status == PF_OK) {
		status = check_way(self, &input, &made->instructions, &why);
	}
	if (status == PF_OK) {
		pf_kernels_limit(made->instructions);
		status = kind->open(made->own, kind, &input, &why);
		pf_kernels_limit(~0u);
	}
	if (status != PF_OK) {
		snprintf(error, error_bytes, "%s%s%s", why.file, why.file[0] ? ": " : "",
			 why.message[0] ? why.message : pf_status_text(status));
	}
	return (int)status;
}

int pf_work_run(void *state, uint64_t n)
{
	work *made = state;
	pf_status status = PF_OK;
	pf_kernels_limit(made->instructions);
	for (uint64_t i = 0; i < n && status == PF_OK; i++) {
		status = made->kind->unit(made->own);
	}
	pf_kernels_limit(~0u);
	return (int)status;
}

int pf_work_agrees(const void *state, const void *plainest)
{
	const work *made = state, *other = plainest;
	return made->kind->agrees(made->own, other->own);
}

void pf_work_digest(const void *state, uint8_t out[PF_WORKLOAD_DIGEST_BYTES])
{
	const work *made = state;
	pf_work_hash hash;
	pf_sha256_begin(&hash.context);
	made->kind->outputs(made->own, &hash);
	pf_sha256_end(&hash.context, out);
}

void pf_work_tear_down(void *state)
{
	work *made = state;
	if (made) {
		made->kind->close(made->own);
		free(made);
	}
}
