#include "harness/record/record_head.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/record/environment_json.h"
#include "photofinish/file.h"

char *pf_started_now(char out[PF_STARTED])
{
	struct tm utc;
	time_t now = time(NULL);
	strftime(out, PF_STARTED, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
	return out;
}

json_t *pf_label_json(const char *label)
{
	size_t capacity = label ? 4 * strlen(label) + 1 : 0;
	char *text = label ? malloc(capacity) : NULL;
	json_t *json = text ? json_string(pf_escape(label, text, capacity)) : json_null();
	free(text);
	return json;
}

void pf_record_head_put(json_t *record, const pf_record_head *head)
{
	json_object_set_new(record, "command", json_string(head->command));
	json_object_set_new(record, "started", json_string(head->started));
	json_object_set_new(record, "label", pf_label_json(head->label));
	json_object_set_new(record, "environment", pf_environment_json());
}
