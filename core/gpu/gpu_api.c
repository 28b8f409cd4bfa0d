#include "core/gpu/gpu_api.h"

#include <dlfcn.h>
#include <string.h>

#include "core/gpu/gpu_library.h"

typedef struct wanted {
	const char *name;
	size_t offset; /* in pf_gpu_api */
} wanted;

#define TEXT_OF(name) #name
#define TEXT(name) TEXT_OF(name)
#define WANTED(entry) {TEXT(entry), offsetof(pf_gpu_api, entry)},
static const wanted driver_entries[] = {PF_GPU_DRIVER_LIST(WANTED)};
static const wanted cudnn_entries[] = {PF_GPU_CUDNN_LIST(WANTED)};

static pf_status fill(pf_gpu_api *api, void *library, const char *name, const wanted *entries, size_t count,
		      pf_error *error)
{
	if (!library) {
		return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s is not found", name);
	}
	for (size_t i = 0; i < count; i++) {
		void *found = dlsym(library, entries[i].name);
		if (!found) {
			return pf_fail(error, PF_ERR_UNAVAILABLE, NULL, "%s is too old: it has no %s", name,
				       entries[i].name);
		}
		memcpy((char *)api + entries[i].offset, &found, sizeof found);
	}
	return PF_OK;
}

pf_status pf_gpu_api_cudnn(pf_gpu_api *api, pf_error *error)
{
	*api = (pf_gpu_api){0};
	return fill(api, pf_gpu_library_cudnn(), PF_GPU_CUDNN, cudnn_entries,
		    sizeof cudnn_entries / sizeof *cudnn_entries, error);
}

pf_status pf_gpu_api_all(pf_gpu_api *api, pf_error *error)
{
	pf_status status = pf_gpu_api_cudnn(api, error);
	return status == PF_OK ? fill(api, pf_gpu_library_driver(), PF_GPU_DRIVER, driver_entries,
				      sizeof driver_entries / sizeof *driver_entries, error)
			       : status;
}
