#include "photofinish/status.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PF_STATUS_NAME(constant, name, text) name,
static const char *const status_names[] = {PF_STATUS_LIST(PF_STATUS_NAME)};
#define PF_STATUS_TEXT(constant, name, text) text,
static const char *const status_texts[] = {PF_STATUS_LIST(PF_STATUS_TEXT)};

const char *pf_status_name(pf_status status)
{
	return (unsigned)status < PF_STATUS_COUNT ? status_names[status] : "unknown";
}

const char *pf_status_text(pf_status status)
{
	return (unsigned)status < PF_STATUS_COUNT ? status_texts[status] : "unknown error";
}

pf_status pf_status_from_name(const char *name)
{
	for (unsigned i = 0; i < PF_STATUS_COUNT; i++) {
		if (strcmp(status_names[i], name) == 0) {
			return (pf_status)i;
		}
	}
	return PF_STATUS_COUNT;
}

static void fill(pf_error *error, pf_status code, int sys_errno, const char *file, const char *format,
		 va_list arguments)
{
	error->code = code;
	error->sys_errno = sys_errno;
	error->offset = -1;
	snprintf(error->file, sizeof error->file, "%s", file ? file : "");
	vsnprintf(error->message, sizeof error->message, format, arguments);
}

pf_status pf_fail(pf_error *error, pf_status code, const char *file, const char *format, ...)
{
	if (error) {
		va_list arguments;
		va_start(arguments, format);
		fill(error, code, 0, file, format, arguments);
		va_end(arguments);
	}
	return code;
}

static pf_status code_of_errno(int number)
{
	switch (number) {
	case ENOENT:
		return PF_ERR_NOT_FOUND;
	case ENOMEM:
		return PF_ERR_NO_MEMORY;
	case ENOSPC:
	case EDQUOT:
		return PF_ERR_NO_SPACE;
	case EEXIST:
		return PF_ERR_EXISTS;
	default:
		return PF_ERR_IO;
	}
}

pf_status pf_fail_errno(pf_error *error, const char *file, const char *format, ...)
{
	int number = errno;
	pf_status code = code_of_errno(number);
	if (error) {
		va_list arguments;
		va_start(arguments, format);
		fill(error, code, number, file, format, arguments);
		va_end(arguments);
		size_t used = strlen(error->message);
		char text[96];
		snprintf(error->message + used, sizeof error->message - used, ": %s",
			 strerror_r(number, text, sizeof text));
	}
	return code;
}
