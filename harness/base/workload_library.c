#include "harness/base/workload_library.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "photofinish/file.h"

pf_status pf_workload_library_load(const char *path, void **handle, pf_error *error)
{
	struct stat file;
	char why[300];
	if (stat(path, &file)) {
		return pf_fail_errno(error, path, "cannot read the shared object");
	}
	if (!S_ISREG(file.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, path, "it is not a file");
	}
	char *whole = realpath(path, NULL); /* dlopen searches for names without a slash */
	*handle = dlopen(whole ? whole : path, RTLD_NOW | RTLD_LOCAL);
	free(whole);
	return *handle ? PF_OK
		       : pf_fail(error, PF_ERR_INVALID, path, "cannot load it: %.200s",
				 pf_escape(dlerror(), why, sizeof why));
}

const pf_workloads *pf_workload_table(void *handle)
{
	const pf_workloads *table = dlsym(handle, PF_WORKLOADS_SYMBOL);
	return table && table->version == PF_WORKLOADS_VERSION && table->struct_size >= sizeof *table &&
			       table->workload_size >= offsetof(pf_workload, ways) && table->workloads &&
			       table->library
		       ? table
		       : NULL;
}

const char *const *pf_workload_ways(const pf_workloads *table, const pf_workload *workload)
{
	return table->workload_size >= sizeof *workload ? workload->ways : NULL;
}
