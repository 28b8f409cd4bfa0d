/* own-decoder: parallel, with usual JPEG files decoded by our own decoder. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum { STRATEGY = PF_STRATEGY_OWN_DECODER };

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

const struct pf_variant pf_variant_own_decoder = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "own-decoder",
	.parent = "parallel",
	.summary = "workers decode usual JPEG files themselves, odd ones by libjpeg-turbo",
	.change = "a JPEG decoder of our own for what cameras write",
	.principle =
		"decode several symbols by one look-up, and leave odd files to the library that knows them",
	.hypothesis = "decoding is bound by one symbol after the other, not by arithmetic",
	.expected = "decoding at twice the speed, the same bits; the rest of a photo as before",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.strategy = STRATEGY,
};
