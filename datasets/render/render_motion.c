#include "datasets/render/render_motion.h"

#include <string.h>

#include "datasets/render/motion_tables.h"
#include "datasets/render/render_math.h"

enum { POSE_FLOATS = sizeof(pf_body_pose) / sizeof(float) };
_Static_assert(sizeof(pf_body_pose) % sizeof(float) == 0, "a pose is interpolated as an array of floats");

const pf_motion_table *pf_motion_get(pf_motion motion)
{
	return &pf_motion_tables[motion];
}

pf_motion pf_motion_find(const char *name)
{
	for (int i = 0; i < PF_MOTION_COUNT; i++) {
		if (strcmp(pf_motion_tables[i].name, name) == 0) {
			return (pf_motion)i;
		}
	}
	return PF_MOTION_COUNT;
}

static void mirror(pf_body_pose *pose)
{
	pf_limbs right = pose->limbs[PF_RIGHT];
	pose->limbs[PF_RIGHT] = pose->limbs[PF_LEFT];
	pose->limbs[PF_LEFT] = right;
	pose->twist = -pose->twist;
	pose->side = -pose->side;
	pose->head_turn = -pose->head_turn;
}

/* Key `index` of the endless (cyclic) or clamped sequence, with the phase it stands at. */
static float key_at(const pf_motion_table *table, int index, pf_body_pose *pose)
{
	int n = table->key_count;
	if (!table->cyclic) {
		index = index < 0 ? 0 : index >= n ? n - 1 : index;
		*pose = table->keys[index].pose;
		return table->keys[index].phase;
	}
	int half = index >= 0 ? index / n : -((n - 1 - index) / n);
	const pf_motion_key *key = &table->keys[index - half * n];
	*pose = key->pose;
	if (half & 1) {
		mirror(pose);
	}
	return key->phase + 0.5f * (float)half;
}

/* Cubic Hermite with finite-difference tangents: smooth, and exact at the keys. */
static float hermite(const float p[4], const float t[4], float u)
{
	float span = t[2] - t[1];
	float m1 = t[2] > t[0] ? (p[2] - p[0]) / (t[2] - t[0]) * span : 0;
	float m2 = t[3] > t[1] ? (p[3] - p[1]) / (t[3] - t[1]) * span : 0;
	float u2 = u * u, u3 = u2 * u;
	return p[1] * (2 * u3 - 3 * u2 + 1) + m1 * (u3 - 2 * u2 + u) + p[2] * (3 * u2 - 2 * u3) +
	       m2 * (u3 - u2);
}

void pf_motion_pose(pf_motion motion, float phase, pf_body_pose *pose)
{
	const pf_motion_table *table = pf_motion_get(motion);
	float cycles = 0;
	if (table->cyclic) {
		cycles = (float)pf_floor_int(phase);
		phase -= cycles;
	} else {
		phase = pf_clampf(phase, 0.0f, 1.0f);
	}
	int last = table->cyclic ? 2 * table->key_count : table->key_count - 2;
	int i = 0;
	pf_body_pose keys[4];
	float times[4];
	while (i < last && key_at(table, i + 1, &keys[0]) <= phase) {
		i++;
	}
	for (int k = 0; k < 4; k++) {
		times[k] = key_at(table, i - 1 + k, &keys[k]);
	}
	float u = times[2] > times[1] ? (phase - times[1]) / (times[2] - times[1]) : 0;
	for (int f = 0; f < POSE_FLOATS; f++) {
		float values[4];
		for (int k = 0; k < 4; k++) {
			memcpy(&values[k], (const char *)&keys[k] + (size_t)f * sizeof(float), sizeof(float));
		}
		float value = hermite(values, times, u);
		memcpy((char *)pose + (size_t)f * sizeof(float), &value, sizeof(float));
	}
	pose->clearance_m = pose->clearance_m < 0 ? 0 : pose->clearance_m;
	if (table->cyclic) {
		pose->travel_m = (cycles + phase) * table->seconds * table->speed_mps;
	}
}

/* A joint angle: standard deviation of its offset and the range that it keeps, in degrees. */
#define LIMB_ANGLES(X)              \
	X(hip, 26, -40, 125)        \
	X(spread, 12, 0, 70)        \
	X(knee, 28, 0, 145)         \
	X(ankle, 12, -20, 45)       \
	X(arm, 50, -65, 180)        \
	X(arm_spread, 30, -15, 110) \
	X(arm_twist, 25, -80, 60)   \
	X(elbow, 35, 0, 145)
#define TRUNK_ANGLES(X)       \
	X(pitch, 9, -25, 45)  \
	X(bend, 12, -30, 60)  \
	X(twist, 18, -60, 60) \
	X(side, 8, -25, 25)   \
	X(head_pitch, 8, -30, 40)

void pf_pose_draw_variation(pf_rng *rng, pf_body_pose *offsets)
{
	memset(offsets, 0, sizeof *offsets);
#define DRAW(name, deviation, low, high) limbs->name = (deviation)*pf_rng_normal(rng);
	for (int side = 0; side < 2; side++) {
		pf_limbs *limbs = &offsets->limbs[side];
		LIMB_ANGLES(DRAW)
	}
#undef DRAW
#define DRAW(name, deviation, low, high) offsets->name = (deviation)*pf_rng_normal(rng);
	TRUNK_ANGLES(DRAW)
#undef DRAW
}

/* The range holds for what is added: a motion's own angle may lie beyond it. */
static float turned(float angle, float offset, float low, float high)
{
	float limited = pf_clampf(angle + offset, low, high);
	return offset == 0 ? angle : limited;
}

void pf_pose_vary(pf_body_pose *pose, const pf_body_pose *offsets)
{
#define TURN(name, deviation, low, high) limbs->name = turned(limbs->name, by->name, low, high);
	for (int side = 0; side < 2; side++) {
		pf_limbs *limbs = &pose->limbs[side];
		const pf_limbs *by = &offsets->limbs[side];
		LIMB_ANGLES(TURN)
	}
#undef TURN
#define TURN(name, deviation, low, high) pose->name = turned(pose->name, offsets->name, low, high);
	TRUNK_ANGLES(TURN)
#undef TURN
}

float pf_motion_peak_distance(pf_motion motion, float phase)
{
	const pf_motion_table *table = pf_motion_get(motion);
	float d = phase - table->peak;
	if (table->cyclic) {
		d -= 0.5f * (float)pf_floor_int(d * 2.0f);
		return d > 0.25f ? 0.5f - d : d;
	}
	return d < 0 ? -d : d;
}
