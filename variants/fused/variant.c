/* fused: own-decoder whose rows are summed and made smaller while they are in the cache. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum { STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED };

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

const struct pf_variant pf_variant_fused = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "fused",
	.parent = "own-decoder",
	.summary = "quality, faces and pose take a photo's rows while they are decoded",
	.change = "no decoded photo in memory: what reads it takes each strip as it comes",
	.principle = "do all there is to do with data while they are in the cache",
	.hypothesis = "three passes over 18 MB cost more in memory than in arithmetic",
	.expected = "some milliseconds less a photo, and a worker without its 18 MB, at 12 MP",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.strategy = STRATEGY,
};
