/* null: scores nothing. It measures what the harness itself costs, and is the template of a variant:
 * copy this folder, rename it, and the next build knows it as a variant of that name. */
#include "photofinish/variant.h"
#include "photofinish/exec.h"

/* A real variant finds the bursts, has every photo of them scored, and tells the sink of each:
 *
 *   pf_burst_list_detect()   all bursts at once; or pf_burst_push() for one photo after another
 *   pf_burst_worker_open()   in every process or thread that scores, after the fork
 *   pf_burst_score()         one burst after another
 *
 * Look at single-load for the least that does the job, and at parallel for a pool of worker processes. */
static pf_status run(const struct pf_env *env, const pf_dataset *dataset, struct pf_sink *sink,
		     pf_error *error)
{
	(void)dataset;
	(void)sink;
	(void)error;
	pf_worker_enter(env, 0); /* joins the run as worker 0, the variant's own process */
	pf_worker_leave(env, 0); /* notes the memory that it took */
	return PF_OK;
}

/* The symbol is pf_variant_ and the folder's name with "_" for "-". */
const struct pf_variant pf_variant_null = {
	.abi_version = PF_ABI_VERSION,
	.struct_size = sizeof(struct pf_variant),
	.name = "null",
	.parent = NULL, /* a real variant names the one that it changes in exactly one thing */
	.summary = "scores nothing: what the harness itself costs",
	.change = "none",
	.principle = "know the cost of the measuring before measuring",
	.hypothesis = "starting a process and ending it is small against any real run",
	.expected = "a few milliseconds",
	.caps = PF_CAP_FLOOR,
	.run = run,
};
