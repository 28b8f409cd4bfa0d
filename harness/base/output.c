#include "harness/base/output.h"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

bool pf_output_reader_is_gone(void)
{
	struct pollfd output = {.fd = STDOUT_FILENO, .events = POLLOUT};
	bool lost = fflush(stdout) || ferror(stdout);
	return lost && poll(&output, 1, 0) == 1 && output.revents & POLLERR;
}

pf_status pf_output_open(pf_new_file *file, const char *path, pf_error *error)
{
	if (pf_output_is_stdout(path)) {
		*file = (pf_new_file){.stream = stdout};
		return PF_OK;
	}
	return pf_new_file_open(file, path, error);
}

pf_status pf_output_close(pf_new_file *file, pf_status status, pf_error *error)
{
	if (file->stream == stdout) {
		*file = (pf_new_file){0};
		bool written = fflush(stdout) == 0 && !ferror(stdout);
		return status != PF_OK ? status
		       : written       ? PF_OK
				       : pf_fail_errno(error, NULL, "cannot write to standard output");
	}
	if (status != PF_OK) {
		pf_new_file_abandon(file);
		return status;
	}
	return pf_new_file_commit(file, true, error);
}

pf_status pf_output_close_part(pf_new_file *file, pf_status status, bool (*is_part)(const char *path),
			       pf_error *error)
{
	struct stat info;
	bool whole = file->temporary && stat(file->target, &info) == 0 && info.st_size > 0 &&
		     !(is_part && is_part(file->target));
	if (status == PF_OK && whole) {
		status = pf_fail(error, PF_ERR_EXISTS, file->target,
				 "kept as it was: the results of this run are only a part");
	}
	return pf_output_close(file, status, error);
}

pf_status pf_output_check(const char *path, pf_error *error)
{
	pf_new_file file;
	struct stat info;
	if (!path || pf_output_is_stdout(path)) {
		return PF_OK;
	}
	if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
		return pf_fail(error, PF_ERR_INVALID, path, "a folder, not a file");
	}
	/* Opening and closing a FIFO would end its reader. */
	if (stat(path, &info) == 0 && !S_ISREG(info.st_mode)) {
		return access(path, W_OK) ? pf_fail_errno(error, path, "cannot write there") : PF_OK;
	}
	pf_status status = pf_new_file_open(&file, path, error);
	if (status == PF_OK) {
		pf_new_file_abandon(&file);
	}
	return status;
}
