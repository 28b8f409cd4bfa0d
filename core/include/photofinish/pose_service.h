/* A pose service: one process owns the networks (and with them a device) and finds the poses of photos that
 * several worker processes have decoded into memory they share with it, several at a time. */
#ifndef PHOTOFINISH_POSE_SERVICE_H
#define PHOTOFINISH_POSE_SERVICE_H

#include <stdatomic.h>
#include <stdint.h>

#include "photofinish/image.h"
#include "photofinish/pose.h"
#include "photofinish/scorer.h"
#include "photofinish/status.h"
#include "photofinish/trace.h"

/* pf_scorer_config.backend of a scorer that opens no pose network: its poses come from elsewhere, by
 * pf_scorer_put_pose in place of pf_scorer_detect_pose. Weights are those with a network. */
#define PF_BACKEND_ELSEWHERE "elsewhere"

/* Fills the measures of the pose in *score. */
PF_API void pf_scorer_put_pose(pf_scorer *scorer, const pf_image *image, const pf_pose *pose,
			       pf_score *score);

#define PF_POSE_BATCH_MAX 32

typedef struct pf_pose_service_options {
	const pf_scorer_config *config; /* model files and backend; must outlive the service */
	uint32_t slots;                 /* of workers, each with one photo at a time */
	uint64_t slot_bytes;            /* of one decoded photo */
	uint32_t batch;                 /* photos of one run of the network, 1..PF_POSE_BATCH_MAX */
	uint32_t wait_us;               /* that a photo waits for others at most; 0: none waits */
	const atomic_int *cancel;       /* in shared memory, may be NULL: not 0: no function waits any more */
	pf_trace *trace;                /* of the process that owns the networks; may be NULL */
} pf_pose_service_options;

/* How photos came together. */
typedef struct pf_pose_service_counts {
	uint64_t photos, runs, largest; /* largest: photos of one run */
} pf_pose_service_counts;

typedef struct pf_pose_service pf_pose_service;

/* Maps the memory, forks the process and waits until it has opened the networks: before any worker is forked.
 * Fails with what opening them failed with; PF_ERR_CRASHED where the process died. That process dies with its
 * parent. */
PF_API pf_status pf_pose_service_start(const pf_pose_service_options *options, pf_pose_service **out,
				       pf_error *error);
/* In the process that started it: ends and reaps the process, frees all. NULL is fine. */
PF_API void pf_pose_service_stop(pf_pose_service *service);
PF_API pf_pose_service_counts pf_pose_service_count(const pf_pose_service *service);

/* In a worker process, at its beginning: from here on it can write its own slot alone, and cannot reach those
 * of others. Fails with PF_ERR_IO or PF_ERR_NO_MEMORY. */
PF_API pf_status pf_pose_service_enter(pf_pose_service *service, uint32_t slot, pf_error *error);

/* A worker, with its own slot 0..slots-1: lends the slot's memory to *image for pf_scorer_load, waiting for
 * the service where a worker before it died with a photo there; asks for the pose of what lies there now; and
 * waits for it. Between the latter two the planes are read only. Await fails with what the network failed
 * with, PF_ERR_INVALID where what was asked about is no photo in the slot, PF_ERR_UNAVAILABLE where the
 * process is gone, PF_ERR_CANCELLED. */
PF_API void pf_pose_service_lend(pf_pose_service *service, uint32_t slot, pf_image *image);
PF_API void pf_pose_service_ask(pf_pose_service *service, uint32_t slot, const pf_image *image);
PF_API pf_status pf_pose_service_await(pf_pose_service *service, uint32_t slot, pf_pose *pose,
				       pf_error *error);

#endif
