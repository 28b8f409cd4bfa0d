#include "harness/model/accuracy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "harness/base/interrupt.h"
#include "harness/model/findings.h"
#include "harness/model/truth.h"
#include "harness/run/run.h"
#include "harness/stats/binomial.h"
#include "photofinish/exec.h"

/* The ways of scoring: the plain one, and the one that is compared with it. */
enum { PLAIN, OTHER, WAYS };

/* Photos of one scene lie apart where two bodies interleave: a unit is a group's list of photos. */
typedef struct unit {
	size_t first, count; /* in `members` */
} unit;

struct shared {
	atomic_int cancel;
	atomic_size_t done; /* photos */
	pf_trace traces[];  /* workers + 1 */
};

struct job {
	const pf_dataset *dataset;
	const pf_truth_photo *truth;
	const struct pf_env *env;
	pf_scorer_config configs[WAYS];
	unsigned ways;
	pf_finding *findings[WAYS]; /* of each photo; in shared memory */
	struct shared *shared;
	void (*progress)(void *context, size_t done, size_t total);
	void *progress_context;
	unit *units;
	uint32_t *members;
	size_t unit_count, photos;
};

typedef struct worker {
	pf_scorer *scorers[WAYS];
} worker;

static void close_worker(void *context, void *state)
{
	worker *own = state;
	(void)context;
	for (unsigned way = 0; own && way < WAYS; way++) {
		pf_scorer_destroy(own->scorers[way]);
	}
	free(own);
}

static pf_status open_worker(void *context, uint32_t slot, void **state, pf_error *error)
{
	struct job *job = context;
	worker *own = calloc(1, sizeof *own);
	pf_status status = own ? PF_OK : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	for (unsigned way = 0; way < job->ways && status == PF_OK; way++) {
		status = pf_scorer_create(&job->configs[way], &job->env->traces[slot], &own->scorers[way],
					  error);
	}
	if (status != PF_OK) {
		close_worker(context, own);
		return status;
	}
	*state = own;
	return PF_OK;
}

static pf_status find(struct job *job, unsigned way, pf_scorer *scorer, uint32_t index, pf_error *error)
{
	pf_finding *out = &job->findings[way][index];
	pf_error ignored; /* a photo that cannot be scored is counted */
	out->status = pf_scorer_photo(scorer, job->dataset, index, &out->score, &ignored);
	if (out->status != PF_OK) {
		return PF_OK;
	}
	const pf_face_place *faces = pf_scorer_last_faces(scorer, &out->face_count);
	memcpy(out->faces, faces, out->face_count * sizeof *faces);
	return pf_scorer_last_pose(scorer, &out->pose, error);
}

static pf_status do_unit(void *context, void *state, size_t index, pf_error *error)
{
	struct job *job = context;
	const worker *own = state;
	const unit *group = &job->units[index];
	pf_status status = PF_OK;
	for (size_t i = 0; i < group->count && status == PF_OK; i++) {
		if (pf_cancelled(job->env)) {
			return pf_fail(error, PF_ERR_CANCELLED, NULL, "stopped on request");
		}
		for (unsigned way = 0; way < job->ways && status == PF_OK; way++) {
			status = find(job, way, own->scorers[way], job->members[group->first + i], error);
		}
		atomic_fetch_add(&job->shared->done, 1);
	}
	return status;
}

static pf_status worker_died(void *context, size_t index, uint32_t photo, int signal, pf_error *error)
{
	(void)context;
	(void)photo;
	return pf_fail(error, PF_ERR_CRASHED, NULL, "a worker died (%s) on group %zu",
		       signal > 0 ? strsignal(signal) : "exit", index);
}

/* Puts a photo into its group, behind those that were taken before it: what is best goes by the order of
 * capture, too. */
static void add_member(struct job *job, uint32_t index)
{
	unit *own = &job->units[job->truth[index].group];
	uint32_t *members = job->members + own->first;
	size_t place = own->count++;
	for (; place > 0 && job->truth[members[place - 1]].frame > job->truth[index].frame; place--) {
		members[place] = members[place - 1];
	}
	members[place] = index;
}

/* Groups in the order of their numbers, whole ones until `most` photos. */
static pf_status divide(struct job *job, size_t most, pf_error *error)
{
	uint32_t groups = 0;
	for (size_t i = 0; i < job->dataset->count; i++) {
		groups = job->truth[i].group >= groups ? job->truth[i].group + 1 : groups;
	}
	if (groups > job->dataset->count) {
		return pf_fail(error, PF_ERR_INVALID, NULL, "the truth's group numbers have gaps");
	}
	job->units = calloc(groups + 1, sizeof *job->units);
	job->members = calloc(job->dataset->count + 1, sizeof *job->members);
	if (!job->units || !job->members) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	for (size_t i = 0; i < job->dataset->count; i++) {
		job->units[job->truth[i].group].count++;
	}
	for (uint32_t g = 0, at = 0; g < groups; g++) {
		job->units[g].first = at;
		at += (uint32_t)job->units[g].count;
		job->units[g].count = 0;
	}
	for (size_t i = 0; i < job->dataset->count; i++) {
		add_member(job, (uint32_t)i);
	}
	while (job->unit_count < groups && (most == 0 || job->photos < most)) {
		job->photos += job->units[job->unit_count++].count;
	}
	return PF_OK;
}

/* Keypoints of `pose` near the truth of `photo`, and visible ones. */
static void compare_pose(const pf_truth_photo *photo, const pf_pose *pose, size_t *near, size_t *visible)
{
	double wide = photo->box[2] - photo->box[0], tall = photo->box[3] - photo->box[1];
	double limit = PF_PCK_SHARE * (wide > tall ? wide : tall);
	for (size_t k = 0; k < PF_TRUTH_KEYPOINTS; k++) {
		if (photo->keypoints[k].visibility != 2) {
			continue;
		}
		/* A share of the width is at pixel share * width - 1/2: pixel centres lie at whole numbers.
		 */
		double x = pose->points[k].x * photo->width_px - 0.5,
		       y = pose->points[k].y * photo->height_px - 0.5;
		visible[k]++;
		near[k] += hypot(x - photo->keypoints[k].x_px, y - photo->keypoints[k].y_px) <= limit;
	}
}

static size_t sum_of(const size_t counts[PF_TRUTH_KEYPOINTS])
{
	size_t sum = 0;
	for (size_t k = 0; k < PF_TRUTH_KEYPOINTS; k++) {
		sum += counts[k];
	}
	return sum;
}

/* The pose that a worker found in some photo of another group: what one knows without looking. */
static const pf_pose *foreign_pose(const struct job *job, unsigned way, size_t unit_index, size_t photo)
{
	const unit *other = &job->units[(unit_index + 1 + unit_index % 7) % job->unit_count];
	return &job->findings[way][job->members[other->first + photo % other->count]].pose;
}

static void judge_photos(const struct job *job, unsigned way, pf_accuracy *out, double *shares)
{
	size_t groups = 0, chance = 0;
	for (size_t u = 0; u < job->unit_count; u++) {
		size_t near[PF_TRUTH_KEYPOINTS] = {0}, visible[PF_TRUTH_KEYPOINTS] = {0};
		for (size_t i = 0; i < job->units[u].count; i++) {
			uint32_t index = job->members[job->units[u].first + i];
			size_t ignored[PF_TRUTH_KEYPOINTS] = {0}, lucky[PF_TRUTH_KEYPOINTS] = {0};
			const pf_finding *found = &job->findings[way][index];
			if (found->status != PF_OK) {
				out->failed++;
				continue;
			}
			compare_pose(&job->truth[index], &found->pose, near, visible);
			compare_pose(&job->truth[index], foreign_pose(job, way, u, i), lucky, ignored);
			pf_finding_count_faces(&job->truth[index], found, out);
			chance += sum_of(lucky);
		}
		for (size_t k = 0; k < PF_TRUTH_KEYPOINTS; k++) {
			out->by_keypoint[k] += visible[k];
			out->near_by_keypoint[k] += near[k];
		}
		if (sum_of(visible)) {
			shares[groups++] = (double)sum_of(near) / (double)sum_of(visible);
		}
	}
	out->keypoints = sum_of(out->by_keypoint);
	out->near = sum_of(out->near_by_keypoint);
	if (groups) {
		out->pck = pf_interval_within(pf_mean_interval(shares, groups, PF_LEVEL), 0, 1);
		out->chance_pck = (double)chance / (double)out->keypoints;
	}
}

/* The one that the engine ranks first, as it ranks the bursts that it finds; the first where none was scored.
 */
static pf_status best_of(const struct job *job, unsigned way, const uint32_t *members, size_t count,
			 uint32_t *best)
{
	const pf_score **scores = calloc(count, sizeof *scores);
	uint32_t *ranks = calloc(count, sizeof *ranks);
	pf_status status = scores && ranks ? PF_OK : PF_ERR_NO_MEMORY;
	*best = members[0];
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		const pf_finding *found = &job->findings[way][members[i]];
		scores[i] = found->status == PF_OK ? &found->score : NULL;
	}
	if (status == PF_OK) {
		status = pf_burst_rank(job->env->scorer, scores, count, ranks);
	}
	for (size_t i = 0; i < count && status == PF_OK; i++) {
		*best = ranks[i] == 1 ? members[i] : *best;
	}
	free(scores);
	free(ranks);
	return status;
}

/* A burst's best shot by each way; `agreed` says which found the truth's. */
static void add_burst(const struct job *job, size_t count, const uint32_t best[WAYS], pf_accuracy_pair *out)
{
	pf_accuracy *of[WAYS] = {&out->plain, &out->other};
	bool agreed[WAYS];
	for (unsigned way = 0; way < job->ways; way++) {
		agreed[way] = job->truth[best[way]].best;
		of[way]->bursts++;
		of[way]->agreed += agreed[way];
		of[way]->chance_agreed += 1.0 / (double)count;
	}
	if (job->ways == WAYS) {
		out->lost += agreed[PLAIN] && !agreed[OTHER];
		out->gained += agreed[OTHER] && !agreed[PLAIN];
		out->same_best += best[PLAIN] == best[OTHER];
	}
}

static pf_status judge_bursts(const struct job *job, pf_accuracy_pair *out)
{
	pf_accuracy *of[WAYS] = {&out->plain, &out->other};
	for (size_t u = 0; u < job->unit_count; u++) {
		const unit *own = &job->units[u];
		const uint32_t *members = job->members + own->first;
		uint32_t best[WAYS] = {0};
		if (!own->count || !job->truth[members[0]].in_burst) {
			continue;
		}
		for (unsigned way = 0; way < job->ways; way++) {
			pf_status status = best_of(job, way, members, own->count, &best[way]);
			if (status != PF_OK) {
				return status;
			}
		}
		add_burst(job, own->count, best, out);
	}
	for (unsigned way = 0; way < job->ways && out->plain.bursts; way++) {
		pf_binomial_interval(of[way]->agreed, of[way]->bursts, PF_LEVEL, &of[way]->agreed_low,
				     &of[way]->agreed_high);
		of[way]->chance_agreed /= (double)of[way]->bursts;
	}
	if (out->lost + out->gained) {
		pf_binomial_interval(out->lost, out->lost + out->gained, PF_LEVEL, &out->lost_low,
				     &out->lost_high);
	}
	return PF_OK;
}

static pf_status judge(const struct job *job, pf_accuracy_pair *out)
{
	pf_accuracy *of[WAYS] = {&out->plain, &out->other};
	double *shares = calloc(job->unit_count + 1, sizeof *shares);
	if (!shares) {
		return PF_ERR_NO_MEMORY;
	}
	for (unsigned way = 0; way < job->ways && way < WAYS; way++) {
		of[way]->photos = job->photos;
		judge_photos(job, way, of[way], shares);
	}
	free(shares);
	for (size_t i = 0; i < job->dataset->count && job->ways == WAYS; i++) {
		const pf_finding *plain = &job->findings[PLAIN][i], *other = &job->findings[OTHER][i];
		/* Photos behind the last one have no sizes. */
		if (plain->status == PF_OK && other->status == PF_OK &&
		    plain->score.measures[PF_MEASURE_WIDTH] > 0) {
			pf_finding_compare(plain, other, out);
		}
	}
	return judge_bursts(job, out);
}

static void tick(void *context)
{
	const struct job *job = context;
	if (pf_interrupts) {
		atomic_store(&job->shared->cancel, 1);
	}
	if (job->progress) {
		job->progress(job->progress_context, atomic_load(&job->shared->done), job->photos);
	}
}

static pf_status run_job(struct job *job, pf_error *error)
{
	const pf_pool_job pool = {
		.units = job->unit_count,
		.context = job,
		.open = open_worker,
		.unit = do_unit,
		.close = close_worker,
		.died = worker_died,
		.tick = tick,
	};
	return pf_pool_run(job->env, &pool, error);
}

static void *shared_memory(size_t bytes)
{
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	return memory == MAP_FAILED ? NULL : memory;
}

static pf_status measure(struct job *job, const char *truth_file, struct pf_env *env, size_t most,
			 pf_accuracy_pair *out, pf_error *error)
{
	pf_truth_photo *truth = NULL;
	pf_status status = pf_truth_load(truth_file, job->dataset, &truth, error);
	job->truth = truth;
	if (status == PF_OK && (!job->shared || !job->findings[PLAIN] || !job->findings[OTHER])) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory");
	}
	if (status == PF_OK) {
		status = divide(job, most, error);
	}
	if (status == PF_OK) {
		env->traces = job->shared->traces;
		env->cancel = &job->shared->cancel;
		status = run_job(job, error);
	}
	if (status == PF_OK) {
		status = judge(job, out);
	}
	free(job->units);
	free(job->members);
	free(truth);
	return status;
}

pf_status pf_accuracy_measure(const pf_dataset *dataset, const char *truth_file,
			      const pf_scorer_config *config, uint32_t strategy, uint32_t workers,
			      size_t most, void (*progress)(void *context, size_t done, size_t total),
			      void *context, pf_accuracy_pair *out, pf_error *error)
{
	size_t findings_bytes = (dataset->count + 1) * sizeof(pf_finding);
	size_t shared_bytes = sizeof(struct shared) + (workers + 1) * sizeof(pf_trace);
	struct pf_env env = {.abi_version = PF_ABI_VERSION,
			     .struct_size = sizeof env,
			     .workers = workers,
			     .scorer = config};
	struct job job = {
		.dataset = dataset,
		.env = &env,
		.configs = {*config, *config},
		.ways = strategy ? WAYS : 1,
		.findings = {shared_memory(findings_bytes), shared_memory(findings_bytes)},
		.shared = shared_memory(shared_bytes),
		.progress = progress,
		.progress_context = context,
	};
	job.configs[PLAIN].strategy = 0;
	job.configs[OTHER].strategy = strategy;
	*out = (pf_accuracy_pair){0};
	pf_status status = measure(&job, truth_file, &env, most, out, error);
	if (job.shared) {
		munmap(job.shared, shared_bytes);
	}
	for (unsigned way = 0; way < WAYS; way++) {
		if (job.findings[way]) {
			munmap(job.findings[way], findings_bytes);
		}
	}
	return status;
}
