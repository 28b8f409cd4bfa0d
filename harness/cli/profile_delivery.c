#include "harness/cli/profile_delivery.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/base/output.h"
#include "harness/profile/profile_files.h"

pf_profile_order pf_profile_order_of(const pf_profile_choice *choice)
{
	pf_profile_method method = strcmp(choice->method, "perf") == 0     ? PF_PROFILE_PERF
				   : strcmp(choice->method, "timers") == 0 ? PF_PROFILE_TIMERS
									   : PF_PROFILE_AUTO;
	return (pf_profile_order){.method = method, .hz = choice->hz};
}

pf_status pf_profile_folder_make(const pf_profile_choice *choice, pf_error *error)
{
	struct stat info;
	if (!choice->folder || mkdir(choice->folder, 0777) == 0) {
		return PF_OK;
	}
	if (errno == EEXIST && stat(choice->folder, &info) == 0 && S_ISDIR(info.st_mode)) {
		return PF_OK;
	}
	return pf_fail_errno(error, choice->folder, "cannot make a folder there");
}

typedef pf_status (*writer)(const pf_profile *profile, FILE *stream, pf_error *error);

static pf_status open_in(const pf_profile_choice *choice, const char *prefix, const char *name,
			 pf_new_file *file, char path[PATH_MAX], pf_error *error)
{
	snprintf(path, PATH_MAX, "%s/%s%s", choice->folder, prefix, name);
	return pf_output_open(file, path, error);
}

static pf_status write_files(const pf_profile_choice *choice, const char *prefix, const pf_profile *profile,
			     pf_error *error)
{
	static const struct {
		const char *name;
		writer write;
	} files[] = {{"flame.svg", pf_profile_write_flame_graph},
		     {"stacks.folded", pf_profile_write_folded},
		     {"speedscope.json", pf_profile_write_speedscope},
		     {"profile.pb.gz", pf_profile_write_pprof}};
	pf_status status = PF_OK;
	for (size_t i = 0; i < sizeof files / sizeof *files && status == PF_OK; i++) {
		pf_new_file file;
		char path[PATH_MAX];
		status = open_in(choice, prefix, files[i].name, &file, path, error);
		if (status == PF_OK) {
			status = pf_output_close(&file, files[i].write(profile, file.stream, error), error);
		}
	}
	return status;
}

static pf_status write_difference(const pf_profile_choice *choice, const char *prefix, const pf_profile *one,
				  const pf_profile *other, pf_error *error)
{
	pf_new_file file;
	char path[PATH_MAX];
	pf_status status = open_in(choice, prefix, "difference.svg", &file, path, error);
	return status == PF_OK
		       ? pf_output_close(&file, pf_profile_write_difference(one, other, file.stream, error),
					 error)
		       : status;
}

pf_status pf_profile_deliver(const pf_profile_choice *choice, const pf_profile *profile,
			     const pf_profile *base, pf_error *error)
{
	if (!choice->folder) {
		return PF_OK;
	}
	pf_status status = write_files(choice, "", profile, error);
	if (status == PF_OK && base) {
		status = write_files(choice, "base-", base, error);
	}
	if (status == PF_OK && base) {
		status = write_difference(choice, "", profile, base, error);
	}
	if (status == PF_OK && base) {
		status = write_difference(choice, "base-", base, profile, error);
	}
	return status;
}
