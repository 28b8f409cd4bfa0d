/* The scorer: one photo through all stages, read -> gate -> decode -> pose -> faces ->
 * quality -> score.
 * It is the kernel that every variant executes and everything measures. One scorer for each worker. */
#ifndef PHOTOFINISH_SCORER_H
#define PHOTOFINISH_SCORER_H

#include <stddef.h>
#include <stdint.h>

#include "photofinish/dataset.h"
#include "photofinish/image.h"
#include "photofinish/pose.h"
#include "photofinish/score.h"
#include "photofinish/status.h"
#include "photofinish/strategy.h"
#include "photofinish/trace.h"

/* Stages that may be left out, as bits of pf_scorer_config.left_out: never capture facts and decoding. */
enum { PF_LEAVE_OUT_QUALITY = 1, PF_LEAVE_OUT_POSE = 2, PF_LEAVE_OUT_FACES = 4 };

/* Plain data: may be copied. All but strategy and hash_files identifies a reference (its digest). */
typedef struct pf_scorer_config {
	double weights[PF_FACTOR_COUNT]; /* >= 0, at least one above 0; scaled to the sum 1 when used */
	double timing_weight;            /* >= 0, of the place in the burst, beside them; default 0.06 */
	uint64_t max_pixels;             /* refuse photos that declare more; default 200e6 */
	uint64_t max_decode_bytes;       /* memory that decoding one photo may take; default 2 GiB */
	uint32_t max_scans;              /* SOS markers; default 100 */
	char cascade_file[512];          /* OpenCV's frontal-face cascade */
	char model_file[512];            /* the pose network, its card beside it; empty: no pose */
	char box_model_file[512];        /* finds the person for a top-down model; empty: the whole photo */
	char backend[32];                /* that executes the networks: "plain" or "onednn" */
	char no_pose[256];               /* where model_file is empty: why, for people; else empty */
	uint32_t left_out;               /* PF_LEAVE_OUT_* bits; default 0 */
	uint32_t strategy;               /* PF_STRATEGY_* bits; default 0, the plain path */
	uint32_t hash_files;             /* not 0: outcomes tell which bytes were scored; default 0 */
	uint32_t preset;                 /* preset.h; default 0, PF_PRESET_ULTRA */
} pf_scorer_config;

/* Our own network on oneDNN; on "plain" where oneDNN was not built in; without pose, and with the reason in
 * no_pose, where the network's file is not there or cannot be read. */
PF_API void pf_scorer_config_default(pf_scorer_config *config);

/* Reads a YAML file over the values in *config: "weights: {sharpness: 0.5, ...}", "max_megapixels: 200" ...
 * Unknown keys and values out of range are PF_ERR_INVALID with a message that names them. */
PF_API pf_status pf_scorer_config_load(pf_scorer_config *config, const char *yaml_file, pf_error *error);

/* Leaves out the stages that `list` does not name: "facts,decode,quality,pose,faces" or a part of it, in any
 * order. One of the last three has to be there; facts and decode always are. Factors that the others cannot
 * give take no part. PF_ERR_USAGE names what is wrong. */
PF_API pf_status pf_scorer_config_stages(pf_scorer_config *config, const char *list, pf_error *error);

/* The names of the stages that take part and of those that do not, with ", " between them. */
#define PF_STAGES_TEXT 48
PF_API void pf_scorer_stages_text(const pf_scorer_config *config, char in[PF_STAGES_TEXT],
				  char out[PF_STAGES_TEXT]);

/* Why there is no pose though its stage takes part, for people: "the pose network ... is missing"; "" where
 * there is one, or where pf_scorer_config_stages left it out. Scores without pose are not the usual ones. */
PF_API const char *pf_scorer_no_pose(const pf_scorer_config *config);

/* The weights that count: 0 for factors that the configured stages cannot give (`form` without a pose
 * network, too), unless the weights name no other. */
PF_API void pf_scorer_weights(const pf_scorer_config *config, double weights[PF_FACTOR_COUNT]);

/* SHA-256 over everything that changes scores: scoring version, configuration, stages, preset, cascade,
 * networks and cards (their bytes), the files of libjpeg-turbo, libexif and OpenCV in use, the version of
 * oneDNN. */
PF_API pf_status pf_scorer_config_digest(const pf_scorer_config *config, uint8_t digest[PF_SHA256_BYTES],
					 pf_error *error);

/* How each of the `count` photos of a burst, in the order of its members, stands against the others by the
 * weights of *config. Photos that failed (scores[i] NULL) get all 0. Quadratic in count. */
PF_API void pf_burst_stand(const pf_scorer_config *config, const pf_score *const *scores, size_t count,
			   pf_standing *standings);

/* Ranks them by their standings: ranks[i] is 1 for the best, 0 for photos that failed; of equal ones the
 * earlier comes first. Fails only without memory. */
PF_API pf_status pf_burst_rank(const pf_scorer_config *config, const pf_score *const *scores, size_t count,
			       uint32_t *ranks);

typedef struct pf_scorer pf_scorer;
/* Loads the models (span `startup`). Call it in the worker, after the fork. `trace` may be NULL and must
 * outlive the scorer; all stages below open their spans in it. */
PF_API pf_status pf_scorer_create(const pf_scorer_config *config, pf_trace *trace, pf_scorer **out,
				  pf_error *error);
PF_API void pf_scorer_destroy(pf_scorer *scorer); /* NULL is fine */

/* A scorer that can do nothing but pf_scorer_load and pf_scorer_load_bytes: it opens no models. */
PF_API pf_status pf_scorer_create_loader(const pf_scorer_config *config, pf_trace *trace, pf_scorer **out,
					 pf_error *error);

/* Makes `scorer` search with the face detector of `owner`, which must outlive it. NOT SAFE, and there to show
 * it: OpenCV's detector keeps its working memory inside, so two threads that search at once crash it or find
 * wrong faces. */
PF_API void pf_scorer_share_faces(pf_scorer *scorer, pf_scorer *owner);

/* Read, gate and decode photo `index` into *image, whose buffer is reused. Every reason why a photo cannot be
 * scored comes from here. A photo that decodes with warnings fails with PF_ERR_DAMAGED. */
PF_API pf_status pf_scorer_load(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_image *image,
				pf_error *error);

/* The same for the `size` bytes of a file that are in memory already: gate and decode, with the same image
 * and the same errors. `name` stands for the file in errors (NULL: none). The bytes are not kept. */
PF_API pf_status pf_scorer_load_bytes(pf_scorer *scorer, const void *bytes, size_t size, const char *name,
				      pf_image *image, pf_error *error);

/* The AI part (pose, then faces): fills its measures in *score. Comes before pf_scorer_analyse with the same
 * *score: sharpness is judged where the athlete is. */
PF_API pf_status pf_scorer_detect(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error);

/* The analysis part: sharpness, blur, exposure, contrast, noise, colour. Fills its measures in *score. */
PF_API pf_status pf_scorer_analyse(pf_scorer *scorer, const pf_image *image, pf_score *score,
				   pf_error *error);

/* The same in parts, which may be executed at the same time on one photo: each by a scorer of its own thread,
 * all with the same *score. None needs what another one writes; pf_bands_analyse comes after all of them.
 * pf_scorer_detect is the first two, pf_scorer_analyse the rest. */
PF_API pf_status pf_scorer_detect_pose(pf_scorer *scorer, const pf_image *image, pf_score *score,
				       pf_error *error);
PF_API pf_status pf_scorer_detect_faces(pf_scorer *scorer, const pf_image *image, pf_score *score,
					pf_error *error);

/* Sums over the bands that a photo is cut into, from top to bottom. Several threads may sum different bands.
 * Sums are integers: it makes no difference who adds what. */
#define PF_BANDS 8
typedef struct pf_bands pf_bands;
PF_API pf_status pf_bands_create(pf_bands **out, pf_error *error);
PF_API void pf_bands_destroy(pf_bands *bands); /* NULL is fine */

/* Sums band 0..PF_BANDS - 1 (span `quality`) in place of what was there. */
PF_API void pf_bands_sum(pf_bands *bands, pf_scorer *scorer, const pf_image *image, uint32_t band);

/* Makes the measures of pf_scorer_analyse from all bands' sums and the pose in *score (span `quality`). */
PF_API void pf_bands_analyse(const pf_bands *bands, pf_scorer *scorer, const pf_image *image,
			     pf_score *score);

/* The pose alone, with all its keypoints, as pf_scorer_detect has it. PF_ERR_UNAVAILABLE without a model. */
PF_API pf_status pf_scorer_pose(pf_scorer *scorer, const pf_image *image, pf_pose *pose, pf_error *error);

/* What was guessed about the pose network for want of a model card, one line; "" where nothing was. Valid as
 * long as the scorer. */
PF_API const char *pf_scorer_note(const pf_scorer *scorer);

/* From the measures of both parts to factors and total. */
PF_API void pf_scorer_fuse(pf_scorer *scorer, pf_score *score);

/* All that comes after the load: detect, analyse and fuse. Zeroes *score first. */
PF_API pf_status pf_scorer_judge(pf_scorer *scorer, const pf_image *image, pf_score *score, pf_error *error);

/* Load once, then judge: the whole photo. Uses an image that belongs to the scorer. */
PF_API pf_status pf_scorer_photo(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_score *score,
				 pf_error *error);
/* The same by pf_scorer_load_bytes: the same score, to the bit. */
PF_API pf_status pf_scorer_photo_bytes(pf_scorer *scorer, const void *bytes, size_t size, pf_score *score,
				       pf_error *error);

/* One line on what was built in: libraries with versions and the instruction set in use. Static. */
PF_API const char *pf_engine_version(void);

#endif
