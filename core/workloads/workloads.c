/* The engine's own workloads: its stages, from the inside out, and the whole photo. */
#include "core/workloads/work.h"

#include "photofinish/score.h"

#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

#define FUNCTIONS \
	.set_up = pf_work_set_up, .run = pf_work_run, .digest = pf_work_digest, .tear_down = pf_work_tear_down

/* A gate runs the five that stand for the job: photo, decode, pose, faces, sharpness. */
#define BY(kind) .ways = pf_work_##kind##_ways

#define EXTRA .flags = PF_WORKLOAD_ON_REQUEST

#define PIXELS .size_unit = "pixels", .size_least = 10000, .size_most = 50000000, .size_default = 1500000

static const char *const in_photo[] = {"photo", NULL};
static const char *const in_decode[] = {"decode", "photo", NULL};
static const char *const in_faces[] = {"faces", "photo", NULL};
static const char *const in_quality[] = {"quality", "photo", NULL};
static const char *const in_pose[] = {"pose", "photo", NULL};

static const pf_workload workloads[] = {
	{"photo", "a JPEG in memory through all stages to its score", "photo", .context = &pf_work_photo,
	 .flags = PF_WORKLOAD_TAKES_FOLDER, PIXELS, FUNCTIONS, BY(photo)},
	{"decode", "a JPEG in memory, checked and decoded to its planes", "photo", .within = in_photo,
	 .context = &pf_work_decode, .flags = PF_WORKLOAD_TAKES_FOLDER, PIXELS, FUNCTIONS, BY(decode)},
	{"decode-libjpeg", "the same by libjpeg-turbo alone: nothing is checked", "photo",
	 .context = &pf_work_decode_bare, .flags = PF_WORKLOAD_TAKES_FOLDER | PF_WORKLOAD_ON_REQUEST, PIXELS,
	 FUNCTIONS},
	{"decode-own", "the same by our own decoder alone", "photo", .context = &pf_work_decode_own,
	 .flags = PF_WORKLOAD_TAKES_FOLDER | PF_WORKLOAD_ON_REQUEST, PIXELS, FUNCTIONS},
	{"quality", "sharpness, exposure, noise and colour of a decoded photo", "photo", .within = in_photo,
	 .context = &pf_work_quality, EXTRA, PIXELS, FUNCTIONS, BY(cpu)},
	{"pose", "the athlete's pose in a decoded photo", "photo", .within = in_photo,
	 .context = &pf_work_pose, PIXELS, FUNCTIONS, BY(network), .agrees = pf_work_agrees},
	{"faces", "faces in a decoded photo", "photo", .within = in_photo, .context = &pf_work_faces, PIXELS,
	 FUNCTIONS, BY(face)},
	{"exif", "capture facts and thumbnail from an EXIF segment", "segment", .within = in_decode,
	 .context = &pf_work_exif, EXTRA, FUNCTIONS},
	/* A photo that is cut to fewer pixels than these is not made smaller. */
	{"resize", "a luma plane to a picture of 640 pixels", "photo", .within = in_faces,
	 .context = &pf_work_resize, EXTRA, .size_unit = "pixels", .size_least = 600000,
	 .size_most = 50000000, .size_default = 1500000, FUNCTIONS, BY(cpu)},
	{"sharpness", "gradients and Laplacian of a luma plane", "photo", .within = in_quality,
	 .context = &pf_work_sharpness, PIXELS, FUNCTIONS, BY(cpu)},
	{"exposure", "the histogram of a luma plane", "photo", .within = in_quality,
	 .context = &pf_work_exposure, EXTRA, PIXELS, FUNCTIONS, BY(cpu)},
	{"colour", "sums over both chroma planes", "photo", .within = in_quality, .context = &pf_work_colour,
	 EXTRA, PIXELS, FUNCTIONS, BY(cpu)},
	{"bursts", "burst detection over the capture facts of all photos", "detection",
	 .context = &pf_work_bursts, .size_unit = "photos", .size_least = 1, .size_most = 10000000,
	 .size_default = 10000, EXTRA, FUNCTIONS},
#define LAYER(name, what)                                       \
	{"layer/" #name,                                        \
	 what,                                                  \
	 "run",                                                 \
	 .within = in_pose,                                     \
	 .context = &pf_work_layers[PF_WORK_LAYER_##name].kind, \
	 EXTRA,                                                 \
	 FUNCTIONS,                                             \
	 BY(network),                                           \
	 .agrees = pf_work_agrees},
	PF_WORK_LAYERS(LAYER)};

const pf_workloads pf_workloads_v1 = {
	.version = PF_WORKLOADS_VERSION,
	.struct_size = sizeof(pf_workloads),
	.workload_size = sizeof(pf_workload),
	.count = sizeof workloads / sizeof *workloads,
	.workloads = workloads,
	.library = "photofinish, scoring " STRINGIFY(PF_SCORING_VERSION),
};
