/* pairs: fused, with two photos of a burst decoded in one loop. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum { STRATEGY = PF_STRATEGY_OWN_DECODER | PF_STRATEGY_FUSED | PF_STRATEGY_PAIRS };

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

const struct pf_variant pf_variant_pairs = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "pairs",
	.parent = "fused",
	.summary = "two photos of a burst are decoded side by side, in one loop",
	.change = "a worker reads two photos of its burst and takes Huffman codes of each in turn",
	.principle = "what waits for itself has time for another",
	.hypothesis =
		"a Huffman decoder waits for one look-up after the other, and for mispredicted branches",
	.expected = "a fifth of the Huffman decoding, of photos that come in bursts",
	.caps = PF_CAP_WORKERS,
	.run = run,
	.strategy = STRATEGY,
};
