#include "harness/trial/trial_layout.h"

#include <stddef.h>

#include "harness/trial/frames.h"
#include "harness/trial/trial_shared.h"

static void add_byte(uint64_t *hash, unsigned char byte)
{
	*hash = (*hash ^ byte) * 0x100000001b3u;
}

static void add_number(uint64_t *hash, uint64_t number)
{
	for (int i = 0; i < 8; i++) {
		add_byte(hash, (unsigned char)(number >> 8 * i));
	}
}

static void add_text(uint64_t *hash, const char *text)
{
	do {
		add_byte(hash, (unsigned char)*text);
	} while (*text++);
}

static void add_numbers(uint64_t *hash)
{
	typedef struct pf_trial_shared shared;
	const uint64_t numbers[] = {
		PF_ABI_VERSION, PF_TRIAL_FD_EVENTS, PF_TRIAL_FD_SHARED, PF_TRIAL_FD_MANIFEST,
		/* The block of shared memory. */
		sizeof(shared), offsetof(shared, workers), offsetof(shared, bytes),
		offsetof(shared, memory_limit_bytes), offsetof(shared, photo_timeout_ns),
		offsetof(shared, options), offsetof(shared, scorer), offsetof(shared, cancel),
		offsetof(shared, command), offsetof(shared, counters_offset), offsetof(shared, died_tid),
		offsetof(shared, traces), pf_trial_shared_bytes(1), PF_MAX_OPTIONS, sizeof(pf_trace),
		sizeof(pf_span), sizeof(pf_counter_block), sizeof(pf_span_sum),
		offsetof(pf_trace, read_bytes), offsetof(pf_trace, stage), offsetof(pf_trace, photo),
		offsetof(pf_trace, pid), offsetof(pf_trace, depth), sizeof(pf_place),
		offsetof(pf_place, asked), sizeof(pf_command_note), sizeof(pf_scorer_config),
		offsetof(pf_scorer_config, timing_weight), offsetof(pf_scorer_config, max_pixels),
		offsetof(pf_scorer_config, max_scans), offsetof(pf_scorer_config, cascade_file),
		offsetof(pf_scorer_config, model_file), offsetof(pf_scorer_config, box_model_file),
		offsetof(pf_scorer_config, backend), offsetof(pf_scorer_config, left_out),
		/* The frames. */
		PF_FRAME_BURST, PF_FRAME_PHOTO, PF_FRAME_RANKS, PF_FRAME_END, sizeof(pf_frame),
		sizeof(pf_frame_burst), sizeof(pf_frame_photo), offsetof(pf_frame_photo, message),
		offsetof(pf_frame_photo, score), sizeof(pf_frame_ranks), offsetof(pf_frame_ranks, photos),
		sizeof(pf_frame_end), offsetof(pf_frame_end, file), sizeof(pf_score),
		offsetof(pf_score, factors), offsetof(pf_score, measures)};
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		add_number(hash, numbers[i]);
	}
}

uint64_t pf_trial_layout(void)
{
	uint64_t hash = 0xcbf29ce484222325u;
	add_numbers(&hash);
	for (int i = 0; i < PF_STAGE_END; i++) {
		add_text(&hash, pf_stage_name((pf_stage)i));
	}
	for (int i = 0; i < PF_FACTOR_COUNT; i++) {
		add_text(&hash, pf_factor_name((pf_factor)i));
	}
	for (int i = 0; i < PF_MEASURE_COUNT; i++) {
		add_text(&hash, pf_measure_name((pf_measure)i));
	}
	for (int i = 0; i < PF_STATUS_COUNT; i++) {
		add_text(&hash, pf_status_name((pf_status)i));
	}
	return hash ? hash : 1;
}
