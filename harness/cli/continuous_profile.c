#include "harness/cli/continuous_profile.h"

#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "harness/base/output.h"
#include "harness/base/text.h"
#include "harness/profile/profile_files.h"

/* "DIR/profile-20261130T081500Z.pb.gz" by the profile's end in UTC, "-2" behind it where there is one. */
static void take(void *context, const pf_profile *profile)
{
	pf_continuous *own = context;
	pf_error error = {0};
	pf_new_file file;
	char path[PATH_MAX], at[32], number[16] = "";
	time_t now = time(NULL);
	struct tm utc;
	strftime(at, sizeof at, "%Y%m%dT%H%M%SZ", gmtime_r(&now, &utc));
	for (unsigned i = 2;; i++) {
		snprintf(path, sizeof path, "%s/profile-%s%s.pb.gz", own->folder, at, number);
		if (access(path, F_OK) || i > 9999) {
			break;
		}
		snprintf(number, sizeof number, "-%u", i);
	}
	pf_status status = pf_output_open(&file, path, &error);
	if (status == PF_OK) {
		status = pf_output_close(&file, pf_profile_write_pprof(profile, file.stream, &error), &error);
	}
	own->files += status == PF_OK;
	if (status != PF_OK && !own->failed) {
		own->failed = true;
		own->error = error;
	}
}

pf_status pf_continuous_begin(pf_continuous *continuous, const char *label, pf_session *session,
			      pf_error *error)
{
	struct stat info;
	if (strcmp(continuous->when, "always") != 0) {
		return PF_OK;
	}
	if (mkdir(continuous->folder, 0777) &&
	    (errno != EEXIST || stat(continuous->folder, &info) || !S_ISDIR(info.st_mode))) {
		return pf_fail_errno(error, continuous->folder, "cannot make a folder there");
	}
	continuous->order = (pf_profile_order){.hz = PF_CONTINUOUS_HZ,
					       .variant = label,
					       .every_s = continuous->every_s,
					       .take = take,
					       .context = continuous};
	session->asked[PF_PROBE_profile] = &continuous->order;
	return PF_OK;
}

pf_status pf_continuous_end(const pf_continuous *continuous, FILE *stream, pf_error *error)
{
	if (strcmp(continuous->when, "always") != 0) {
		return PF_OK;
	}
	fprintf(stream,
		"\nProfiled all along at %d Hz: %u profile%s, %s/profile-*.pb.gz. The times include what that costs.\n",
		PF_CONTINUOUS_HZ, continuous->files, pf_text_plural(continuous->files), continuous->folder);
	if (continuous->failed) {
		*error = continuous->error;
		return error->code;
	}
	return PF_OK;
}
