/* The keyframe tables of the motions, one per pf_motion. */
#ifndef PF_MOTION_TABLES_H
#define PF_MOTION_TABLES_H

#include "datasets/render/render_motion.h"

extern const pf_motion_table pf_motion_tables[PF_MOTION_COUNT];

#endif
