#include "harness/record/capabilities_json.h"

#include <string.h>

#include "photofinish/variant.h"

static const struct {
	unsigned cap;
	const char *name;
} table[] = {
	{PF_CAP_FLOOR, "floor"},   {PF_CAP_WORKERS, "workers"},     {PF_CAP_THREADS, "threads"},
	{PF_CAP_GPU, "gpu"},       {PF_CAP_MAY_CRASH, "may-crash"}, {PF_CAP_COMMAND, "command"},
	{PF_CAP_APPROX, "approx"}, {PF_CAP_SERVER, "server"},
};

json_t *pf_capabilities_json(unsigned caps)
{
	json_t *names = json_array();
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		if (caps & table[i].cap) {
			json_array_append_new(names, json_string(table[i].name));
		}
	}
	return names;
}

unsigned pf_capabilities_of(const json_t *names)
{
	size_t index;
	const json_t *name;
	unsigned caps = 0;
	json_array_foreach(names, index, name)
	{
		const char *text = json_string_value(name);
		for (size_t i = 0; text && i < sizeof table / sizeof *table; i++) {
			caps |= strcmp(text, table[i].name) == 0 ? table[i].cap : 0;
		}
	}
	return caps;
}
