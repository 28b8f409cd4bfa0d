#include "harness/run/kernel_child.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "photofinish/dataset.h"
#include "photofinish/file.h"
#include "photofinish/image.h"
#include "photofinish/scorer.h"

static void say(const pf_error *error)
{
	char file[256], message[512];
	pf_escape(error->file, file, sizeof file);
	pf_escape(error->message, message, sizeof message);
	fprintf(stderr, "%s%s%s\n", file, file[0] ? ": " : "", message);
}

/* In parts, which are the same functions but for the one that is counted. */
static pf_status warm_up(pf_scorer *scorer, const pf_dataset *dataset, uint32_t photo, pf_error *error)
{
	pf_image image = {0};
	pf_score score;
	pf_status status = pf_scorer_load(scorer, dataset, photo, &image, error);
	if (status == PF_OK) {
		status = pf_scorer_judge(scorer, &image, &score, error);
	}
	pf_image_release(&image);
	return status;
}

static pf_status score_photos(const pf_scorer_config *config, const pf_dataset *dataset,
			      const uint32_t *photos, uint32_t count, pf_error *error)
{
	pf_scorer *scorer = NULL;
	pf_status status = pf_scorer_create(config, NULL, &scorer, error);
	if (status == PF_OK) {
		status = warm_up(scorer, dataset, photos[0], error);
	}
	for (uint32_t i = 0; i < count && status == PF_OK; i++) {
		pf_score score;
		status = pf_scorer_photo(scorer, dataset, photos[i], &score, error);
		if (status == PF_OK) {
			printf("%u %a\n", photos[i], score.total);
		}
	}
	pf_scorer_destroy(scorer);
	return status;
}

int pf_kernel_child(const uint32_t *photos, uint32_t count)
{
	pf_scorer_config config;
	pf_dataset *dataset = NULL;
	pf_error error = {0};
	if (read(PF_KERNEL_FD_CONFIG, &config, sizeof config) != (ssize_t)sizeof config) {
		fprintf(stderr, "\"kernel\" is for the harness itself\n");
		return 2;
	}
	pf_status status = pf_dataset_unpack(PF_KERNEL_FD_MANIFEST, &dataset, &error);
	for (uint32_t i = 0; i < count && status == PF_OK; i++) {
		if (photos[i] >= dataset->count) {
			status = pf_fail(&error, PF_ERR_INVALID, NULL, "there is no photo %u", photos[i]);
		}
	}
	if (status == PF_OK) {
		status = score_photos(&config, dataset, photos, count, &error);
	}
	pf_dataset_free(dataset);
	if (status != PF_OK) {
		say(&error);
	}
	return status == PF_OK && fflush(stdout) == 0 ? 0 : 2;
}
