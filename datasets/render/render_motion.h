/* Motions: keyframed joint angles, interpolated at a phase. Adding a motion is adding a table to
 * motion_tables.c and its name to PF_MOTION_LIST. */
#ifndef PF_RENDER_MOTION_H
#define PF_RENDER_MOTION_H

#include <stdbool.h>

#include "datasets/render/render_math.h"

/* X(constant, name) */
#define PF_MOTION_LIST(X)           \
	X(PF_MOTION_SPRINT, sprint) \
	X(PF_MOTION_JUMP, jump)     \
	X(PF_MOTION_THROW, throw)   \
	X(PF_MOTION_KICK, kick)     \
	X(PF_MOTION_HURDLE, hurdle) \
	X(PF_MOTION_SERVE, serve)   \
	X(PF_MOTION_DANCE, dance)   \
	X(PF_MOTION_STAND, stand)

#define PF_MOTION_ENUM(constant, name) constant,
typedef enum pf_motion { PF_MOTION_LIST(PF_MOTION_ENUM) PF_MOTION_COUNT } pf_motion;
#undef PF_MOTION_ENUM

/* What the athlete holds or has just let go. */
typedef enum pf_prop { PF_PROP_NONE, PF_PROP_JAVELIN, PF_PROP_BALL, PF_PROP_RACKET, PF_PROP_BARRIER } pf_prop;

enum { PF_RIGHT, PF_LEFT };

/* Angles in degrees, lengths in metres. */
typedef struct pf_limbs {
	float hip, spread, knee, ankle;          /* flexion, abduction, flexion, plantar flexion */
	float arm, arm_spread, arm_twist, elbow; /* flexion, abduction, inward rotation, flexion */
} pf_limbs;

typedef struct pf_body_pose {
	float pitch, bend, twist,
		side;                /* pelvis and torso forward, shoulders to the left, torso to the left */
	float head_pitch, head_turn; /* chin up; face to the left; relative to the world, not to the torso */
	float clearance_m;           /* height of the lowest point above the ground */
	float travel_m;              /* way gone since phase 0 */
	pf_limbs limbs[2];           /* PF_RIGHT, PF_LEFT */
} pf_body_pose;

typedef struct pf_motion_key {
	float phase;
	pf_body_pose pose;
} pf_motion_key;

typedef struct pf_motion_table {
	const char *name;
	const pf_motion_key *keys; /* ascending phases; the first at 0 */
	int key_count;
	bool cyclic;     /* the keys show half a cycle; the other half is its mirror image */
	float seconds;   /* one cycle, or the whole motion */
	float peak;      /* phase of the peak of action (for cyclic motions also peak + 0.5) */
	float speed_mps; /* along the front; cyclic motions travel by it */
	pf_prop prop;
	float release; /* phase at which the prop leaves the hand or foot */
} pf_motion_table;

const pf_motion_table *pf_motion_get(pf_motion motion);

/* Motion of that name, or PF_MOTION_COUNT. */
pf_motion pf_motion_find(const char *name);

/* The pose at `phase`: any number for a cyclic motion, clamped to 0 .. 1 for the others. */
void pf_motion_pose(pf_motion motion, float phase, pf_body_pose *pose);

/* Random offsets of all joint angles, wide enough that poses of no motion come about. */
void pf_pose_draw_variation(pf_rng *rng, pf_body_pose *offsets);

/* Adds the offsets to the angles of `pose`, within what joints can do. */
void pf_pose_vary(pf_body_pose *pose, const pf_body_pose *offsets);

/* Distance in phase from the peak of action: 0 .. 0.25 for cyclic motions, 0 .. 1 for the others. */
float pf_motion_peak_distance(pf_motion motion, float phase);

#endif
