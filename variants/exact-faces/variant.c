/* exact-faces: parallel, with the search for faces done by our own code, which finds what OpenCV finds. */
#include "photofinish/variant.h"
#include "photofinish/crew.h"

enum { STRATEGY = PF_STRATEGY_EXACT_FACES };

static pf_status probe(const struct pf_env *env, const char **why_not)
{
	*why_not = pf_scorer_strategy_problem(env->scorer, STRATEGY);
	return *why_not ? PF_ERR_UNAVAILABLE : PF_OK;
}

static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	return pf_crew_score_all(env, dataset, sink, STRATEGY, error);
}

const struct pf_variant pf_variant_exact_faces = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "exact-faces",
	.parent = "parallel",
	.summary = "parallel, with a search for faces of our own that finds what OpenCV finds",
	.change = "the cascade is searched 16 windows at a time, with OpenCV's rectangles",
	.principle = "neighbouring windows do the same sums: do them at once, and gather those that go on",
	.hypothesis = "most of a search is its first stages, where nearly all windows still take part",
	.expected = "the search at least 4 times as fast with AVX2; faces are nearly half of a photo's time",
	.caps = PF_CAP_WORKERS,
	.probe = probe,
	.run = run,
	.strategy = STRATEGY,
};
