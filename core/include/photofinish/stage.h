/* The stages of the engine and their parts: what its spans (trace.h) are of. */
#ifndef PHOTOFINISH_STAGE_H
#define PHOTOFINISH_STAGE_H

#include "photofinish/status.h"

/* X(constant, name in records, what it is). Spans may enclose others: docs/spans.md. */
#define PF_STAGE_LIST(X)                                                                                \
	X(PF_STAGE_STARTUP, "startup", "loading the models, opening what a worker needs")               \
	X(PF_STAGE_DETECT, "detect", "reading capture facts and finding the bursts")                    \
	X(PF_STAGE_READ, "read", "reading the file into memory")                                        \
	X(PF_STAGE_GATE, "gate", "refusing hostile or unsupported files before any pixel is allocated") \
	X(PF_STAGE_DECODE, "decode", "decoding to Y, Cb and Cr planes")                                 \
	X(PF_STAGE_POSE, "pose", "the pose network: making its input, running it, decoding")            \
	X(PF_STAGE_FACES, "faces", "the search for faces")                                              \
	X(PF_STAGE_QUALITY, "quality", "sharpness, blur, exposure, noise, colour")                      \
	X(PF_STAGE_SCORE, "score", "fusion into one score, ranking in the burst")                       \
	X(PF_STAGE_WAIT, "wait", "waiting for other workers")                                           \
	X(PF_STAGE_TRANSFER, "transfer", "receiving photos from another process")

/* Parts of stages, which stand within them only: X(constant, its stage, name, what it is). */
#define PF_STAGE_PART_LIST(X)                                                                             \
	X(PF_STAGE_POSE_INPUT, PF_STAGE_POSE, "pose.input", "making the network's input from the planes") \
	X(PF_STAGE_POSE_NETWORK, PF_STAGE_POSE, "pose.network", "running the network")                    \
	X(PF_STAGE_POSE_DECODE, PF_STAGE_POSE, "pose.decode",                                             \
	  "finding the athlete in what the network says")                                                 \
	X(PF_STAGE_FACES_GREY, PF_STAGE_FACES, "faces.grey", "the small upright grey picture")            \
	X(PF_STAGE_FACES_SEARCH, PF_STAGE_FACES, "faces.search", "searching that for faces")

/* PF_STAGE_COUNT is also "no stage"; the parts follow it. */
#define PF_STAGE_ENUM(constant, name, text) constant,
#define PF_STAGE_PART_ENUM(constant, stage, name, text) constant,
typedef enum pf_stage {
	PF_STAGE_LIST(PF_STAGE_ENUM) PF_STAGE_COUNT,
	PF_STAGE_PART_LIST(PF_STAGE_PART_ENUM) PF_STAGE_END
} pf_stage;
#undef PF_STAGE_ENUM
#undef PF_STAGE_PART_ENUM

/* "decode", "pose.input" and what they are; never NULL, any value allowed. */
PF_API const char *pf_stage_name(pf_stage stage);
PF_API const char *pf_stage_text(pf_stage stage);

/* The stage that a part belongs to; a stage itself. */
PF_API pf_stage pf_stage_whole(pf_stage stage);

#endif
