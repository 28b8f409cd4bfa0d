#include "photofinish/hop.h"

#include <stddef.h>

#define PF_HOP_NAME(constant, name) name,
static const char *const names[] = {"none", PF_HOP_LIST(PF_HOP_NAME)};

const char *pf_hop_name(pf_hop_kind kind)
{
	return names[(unsigned)kind < PF_HOP_COUNT ? kind : PF_HOP_NONE];
}

pf_hop *pf_hop_of(pf_hop *hops, pf_hop_kind kind, uint32_t from)
{
	for (int i = 0; i < PF_TRACE_HOPS; i++) {
		pf_hop *hop = &hops[i];
		if (hop->kind == PF_HOP_NONE) {
			hop->kind = (uint32_t)kind;
			hop->from = from;
		}
		if (hop->kind == (uint32_t)kind && hop->from == from) {
			return hop;
		}
	}
	return NULL;
}
