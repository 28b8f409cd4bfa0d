#include "core/nn/cudnn_cache.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "photofinish/dataset.h"
#include "photofinish/file.h"

enum { PATH = 4096, KEY = 512, MOST_PLAN_BYTES = 1 << 20 };

/* All that a plan depends on. */
static bool name_plan(const pf_cudnn_target *target, const pf_cudnn_conv *c, char path[PATH])
{
	const pf_window *w = &c->window;
	char key[KEY], hex[2 * PF_SHA256_BYTES + 1];
	uint8_t hash[PF_SHA256_BYTES];
	char *device = pf_cudnn_target_json(target);
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	int used = snprintf(
		key, sizeof key,
		"1 %zu x %jd %jd %jd %jd y %jd %jd %jd k %jd %jd s %jd %jd d %jd %jd p %jd %jd %jd "
		"%jd g %jd %d%d%d%d%s ",
		target->api->cudnnGetVersion(), (intmax_t)c->batch, (intmax_t)c->in_channels,
		(intmax_t)c->in_h, (intmax_t)c->in_w, (intmax_t)c->out_channels, (intmax_t)c->out_h,
		(intmax_t)c->out_w, (intmax_t)w->kernel[0], (intmax_t)w->kernel[1], (intmax_t)w->stride[0],
		(intmax_t)w->stride[1], (intmax_t)w->dilation[0], (intmax_t)w->dilation[1],
		(intmax_t)w->pad_begin[0], (intmax_t)w->pad_begin[1], (intmax_t)w->pad_end[0],
		(intmax_t)w->pad_end[1], (intmax_t)w->groups, c->half, c->biased, c->added, c->relu,
		c->transposed ? "t" : "");
	bool fine = device && context && used > 0 && used < KEY &&
		    pf_cache_folder("cudnn-plans", path, PATH - 2 * PF_SHA256_BYTES - 8) &&
		    EVP_DigestInit_ex(context, EVP_sha256(), NULL) &&
		    EVP_DigestUpdate(context, key, (size_t)used) &&
		    EVP_DigestUpdate(context, device, strlen(device)) &&
		    EVP_DigestFinal_ex(context, hash, NULL);
	EVP_MD_CTX_free(context);
	free(device);
	if (fine) {
		pf_sha256_hex(hash, hex);
		size_t length = strlen(path);
		snprintf(path + length, PATH - length, "/%s.json", hex);
	}
	return fine;
}

static char *read_plan(const char *path)
{
	FILE *file = fopen(path, "re");
	char *text = file ? calloc(1, MOST_PLAN_BYTES + 1) : NULL;
	if (text && fread(text, 1, MOST_PLAN_BYTES, file) == 0) {
		free(text);
		text = NULL;
	}
	if (file) {
		fclose(file);
	}
	return text;
}

static void write_plan(const char *path, const pf_cudnn_plan *plan)
{
	char folder[PATH];
	pf_new_file file;
	char *text = pf_cudnn_plan_json(plan);
	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	if (text && pf_make_folders(folder, NULL) == PF_OK && pf_new_file_open(&file, path, NULL) == PF_OK) {
		if (fputs(text, file.stream) < 0) {
			pf_new_file_abandon(&file);
		} else {
			pf_new_file_commit(&file, true, NULL);
		}
	}
	free(text);
}

pf_status pf_cudnn_plan_cached(const pf_cudnn_target *target, const pf_cudnn_conv *conv, pf_cudnn_plan *plan,
			       pf_error *error)
{
	char path[PATH];
	bool named = name_plan(target, conv, path);
	char *kept = named ? read_plan(path) : NULL;
	bool restored = kept && pf_cudnn_plan_restore(target, kept, plan, NULL) == PF_OK;
	free(kept);
	if (restored) {
		return PF_OK;
	}
	pf_status status = pf_cudnn_plan_create(target, conv, plan, error);
	if (status == PF_OK && named) {
		write_plan(path, plan);
	}
	return status;
}
