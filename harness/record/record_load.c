#include "harness/record/record_load.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/record/decision_json.h"
#include "harness/record/record.h"
#include "photofinish/dataset.h"

void pf_record_id(const void *bytes, size_t count, char id[PF_RECORD_ID + 1])
{
	uint8_t digest[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1];
	EVP_Digest(bytes, count, digest, NULL, EVP_sha256(), NULL);
	pf_sha256_hex(digest, hex);
	memcpy(id, hex, PF_RECORD_ID);
	id[PF_RECORD_ID] = '\0';
}

/* The whole file; the caller frees *bytes. Opening does not wait for the writer of a FIFO. */
static pf_status read_file(const char *path, char **bytes, size_t *count, pf_error *error)
{
	struct stat info;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		return pf_fail_errno(error, path, "cannot open the record");
	}
	pf_status status = PF_OK;
	if (fstat(fd, &info) || !S_ISREG(info.st_mode)) {
		status = pf_fail(error, PF_ERR_INVALID, path, "not a regular file");
	} else if (info.st_size > (off_t)PF_RECORD_MAX_BYTES) {
		status = pf_fail(error, PF_ERR_INVALID, path, "larger than %u MiB: no record of a run",
				 PF_RECORD_MAX_BYTES >> 20);
	}
	size_t size = status == PF_OK ? (size_t)info.st_size : 0, got = 0;
	*bytes = status == PF_OK ? malloc(size + 1) : NULL;
	if (status == PF_OK && !*bytes) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	while (status == PF_OK && got < size) {
		ssize_t more = read(fd, *bytes + got, size - got);
		if (more < 0 && errno == EINTR) {
			continue;
		}
		if (more <= 0) {
			status = more ? pf_fail_errno(error, path, "cannot read the record")
				      : pf_fail(error, PF_ERR_INVALID, path, "it shrank while it was read");
			break;
		}
		got += (size_t)more;
	}
	close(fd);
	*count = got;
	return status;
}

static bool all_objects(const json_t *array, const char *text_member)
{
	size_t index;
	const json_t *entry;
	json_array_foreach(array, index, entry)
	{
		const char *text = json_string_value(json_object_get(entry, text_member));
		if (!json_is_object(entry) || (text_member && (!text || !text[0]))) {
			return false;
		}
	}
	return json_is_array(array);
}

static bool has_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));
	return text && text[0];
}

/* "2026-11-27T23:12:01Z" */
static bool is_time(const char *text)
{
	static const char form[] = "0000-00-00T00:00:00Z";
	bool good = text && strlen(text) == sizeof form - 1;
	for (size_t i = 0; good && form[i]; i++) {
		good = form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i];
	}
	return good;
}

/* NULL, or what is wrong with it. Static text. */
static const char *fault_of(const json_t *record)
{
	const json_t *dataset = json_object_get(record, "dataset"),
		     *variants = json_object_get(record, "variants");
	size_t index;
	const json_t *variant;
	if (!is_time(json_string_value(json_object_get(record, "started")))) {
		return "it does not say when the run was started";
	}
	if (!has_text(record, "command") || !json_is_object(json_object_get(record, "environment"))) {
		return "it lacks the command or the environment";
	}
	if (!json_is_string(json_object_get(dataset, "name")) ||
	    json_integer_value(json_object_get(dataset, "photos")) < 1) {
		return "it lacks the dataset";
	}
	if (!all_objects(variants, "name") || !json_array_size(variants)) {
		return "it lacks the variants";
	}
	json_array_foreach(variants, index, variant)
	{
		if (!has_text(variant, "status") ||
		    !all_objects(json_object_get(variant, "trials"), "ending")) {
			return "a variant lacks its status or its trials";
		}
	}
	return NULL;
}

static pf_status parse(const char *bytes, size_t count, const char *path, json_t **out, pf_error *error)
{
	json_error_t why;
	json_t *record = json_loadb(bytes, count, JSON_REJECT_DUPLICATES, &why);
	if (!record) {
		return pf_fail(error, PF_ERR_INVALID, path, "not JSON: %s (line %d)", why.text, why.line);
	}
	const char *schema = json_string_value(json_object_get(record, "schema"));
	const char *fault = schema && strcmp(schema, PF_RECORD_SCHEMA) == 0
				    ? fault_of(record)
				    : "not the record of a run (schema " PF_RECORD_SCHEMA ")";
	if (fault) {
		json_decref(record);
		return pf_fail(error, PF_ERR_INVALID, path, "%s", fault);
	}
	pf_decisions_complete(record);
	*out = record;
	return PF_OK;
}

pf_status pf_record_load(const char *path, json_t **out, char id[PF_RECORD_ID + 1], pf_error *error)
{
	char *bytes = NULL;
	size_t count = 0;
	*out = NULL;
	pf_status status = read_file(path, &bytes, &count, error);
	if (status == PF_OK) {
		status = parse(bytes, count, path, out, error);
	}
	if (status == PF_OK && id) {
		pf_record_id(bytes, count, id);
	}
	free(bytes);
	return status;
}
