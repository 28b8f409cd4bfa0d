#include "harness/cli/token_file.h"

#include <stdio.h>
#include <string.h>

#include "photofinish/file.h"

pf_status pf_token_read(const char *file, char token[PF_TOKEN_MOST], pf_error *error)
{
	FILE *stream = pf_open_regular(file, error);
	if (!stream) {
		return error->code;
	}
	bool got = fgets(token, PF_TOKEN_MOST, stream) != NULL;
	fclose(stream);
	size_t length = got ? strcspn(token, "\r\n") : 0;
	if (length < 16 || length + 1 == PF_TOKEN_MOST) {
		return pf_fail(error, PF_ERR_INVALID, file, "a token is one line of 16 to %d bytes",
			       PF_TOKEN_MOST - 2);
	}
	token[length] = '\0';
	return PF_OK;
}
