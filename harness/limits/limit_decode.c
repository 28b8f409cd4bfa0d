/* Decoding and nothing else, by a workload of the engine. Another decoder is another row of PF_LIMIT_LIST and
 * of `decoders`. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/limits/limit_job.h"
#include "photofinish/workload.h"

enum { PHOTOS = 4, MADE_PIXELS = 12000000 };

static const struct {
	pf_limit_id id;
	const char *workload;
} decoders[] = {{PF_LIMIT_DECODE, "decode-libjpeg"}, {PF_LIMIT_DECODE_OWN, "decode-own"}};

typedef struct decoding {
	const pf_workload *workload;
	void *photos[PHOTOS];
	size_t count;
} decoding;

static const pf_workload *workload_of(pf_limit_id id)
{
	for (size_t i = 0; i < sizeof decoders / sizeof *decoders; i++) {
		for (uint32_t k = 0; decoders[i].id == id && k < pf_workloads_v1.count; k++) {
			if (strcmp(pf_workloads_v1.workloads[k].name, decoders[i].workload) == 0) {
				return &pf_workloads_v1.workloads[k];
			}
		}
	}
	abort(); /* the table of the same build */
}

static void close_decoding(void *state)
{
	decoding *own = state;
	for (size_t i = 0; i < own->count; i++) {
		own->workload->tear_down(own->photos[i]);
	}
	free(own);
}

/* Photos from all over the dataset, others for each worker. */
static uint32_t photo_of(const pf_limit_setting *setting, size_t index)
{
	size_t count = setting->question->dataset ? setting->question->dataset->count : 0;
	size_t total = (size_t)PHOTOS * setting->workers;
	size_t place = index * setting->workers + setting->worker;
	return (uint32_t)(count > total ? place * count / total : place);
}

static void *open_decoding(const pf_limit_setting *setting, pf_limit_id id, char why[200])
{
	const pf_dataset *dataset = setting->question->dataset;
	decoding *own = calloc(1, sizeof *own);
	if (!own) {
		snprintf(why, 200, "no memory");
		return NULL;
	}
	own->workload = workload_of(id);
	size_t wanted = dataset ? PHOTOS : 2; /* making one takes as long as decoding ten */
	for (size_t i = 0; i < wanted; i++) {
		pf_workload_input input = {.struct_size = sizeof input,
					   .seed = photo_of(setting, i),
					   .size = MADE_PIXELS,
					   .folder = dataset ? dataset->root : NULL};
		own->photos[own->count] = NULL;
		int failed = own->workload->set_up(own->workload, &input, &own->photos[own->count], why, 200);
		own->count++;
		if (failed || own->workload->run(own->photos[own->count - 1], 1)) {
			own->workload->tear_down(own->photos[--own->count]); /* a damaged one */
		}
	}
	if (own->count == 0) {
		close_decoding(own);
		own = NULL;
	}
	return own;
}

/* All of them: what one photo takes says nothing of the next. */
static double run_decoding(void *state)
{
	decoding *own = state;
	for (size_t i = 0; i < own->count; i++) {
		if (own->workload->run(own->photos[i], 1)) {
			return -1;
		}
	}
	return (double)own->count;
}

const pf_limit_job pf_limit_decode_job = {
	.open = open_decoding, .run = run_decoding, .close = close_decoding, .scale = 1};
