/* The file that the engine was loaded from. */
#include <dlfcn.h>
#include <unistd.h>

#include "photofinish/engine_file.h"
#include "photofinish/file.h"
#include "photofinish/scorer.h"

pf_status pf_engine_digest(uint8_t digest[PF_SHA256_BYTES], pf_error *error)
{
	Dl_info info;
	if (!dladdr((void *)(uintptr_t)pf_engine_version, &info) || !info.dli_fname) {
		return pf_fail(error, PF_ERR_INTERNAL, NULL, "cannot find the engine's library file");
	}
	/* A program that has the engine linked in statically may have been started without a path. */
	const char *file = access(info.dli_fname, R_OK) ? "/proc/self/exe" : info.dli_fname;
	return pf_file_sha256(file, digest, NULL, error);
}
