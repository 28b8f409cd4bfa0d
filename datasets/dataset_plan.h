/* The plan of a made dataset: which photo belongs to which group, its time, its name. Small (one record for
 * each group), the same for each process. */
#ifndef PF_DATASET_PLAN_H
#define PF_DATASET_PLAN_H

#include "datasets/dataset_spec.h"
#include "datasets/render/exif_writer.h"

typedef struct pf_plan_group {
	uint32_t first; /* index of its first photo */
	uint16_t frames;
	uint8_t kind; /* pf_group_kind */
	uint8_t camera;
	uint8_t subseconds;
	uint32_t counter; /* number of its first photo on its body, from 1 */
	int64_t start_ms; /* capture time of the first frame, milliseconds since 1970 */
} pf_plan_group;

typedef struct pf_plan {
	const pf_spec *spec; /* borrowed */
	pf_plan_group *groups;
	size_t group_count;
} pf_plan;

enum { PF_PLAN_PATH_MAX = 64 };

/* On success free with pf_plan_free. PF_ERR_NO_MEMORY. */
pf_status pf_plan_make(const pf_spec *spec, pf_plan *plan, pf_error *error);
void pf_plan_free(pf_plan *plan);

/* The group that photo `index` belongs to. */
size_t pf_plan_group_of(const pf_plan *plan, uint32_t index);

/* Path of frame `frame` of the group, relative to the dataset's folder. */
void pf_plan_path(const pf_plan *plan, const pf_plan_group *group, unsigned frame,
		  char path[PF_PLAN_PATH_MAX]);

/* Capture time of a frame. */
int64_t pf_plan_time_ms(const pf_plan *plan, const pf_plan_group *group, unsigned frame);

/* The scene of a group, and the EXIF facts of one of its shots (strings borrowed from the spec). */
void pf_plan_scene(const pf_plan *plan, size_t group, pf_scene *scene);
void pf_plan_exif(const pf_plan *plan, const pf_plan_group *group, const pf_scene *scene, const pf_shot *shot,
		  pf_exif_facts *facts);

#endif
