#include "harness/energy/energy_json.h"

#include "harness/base/json_values.h"
#include "harness/base/plain_text.h"

json_t *pf_energy_json(const pf_energy *energy)
{
	json_t *domains = json_object();
	for (uint32_t i = 0; i < energy->count; i++) {
		json_object_set_new(domains, energy->domains[i].name, json_real(energy->domains[i].joules));
	}
	return json_pack("{s:o,s:o,s:o}", "domains_joules", domains, "source",
			 energy->count ? json_string(energy->source) : json_null(), "unavailable",
			 energy->count ? json_null() : json_string(energy->why));
}

void pf_energy_of(const json_t *object, pf_energy *out)
{
	json_t *domains = json_object_get(object, "domains_joules"), *joules;
	const char *name;
	*out = (pf_energy){0};
	json_object_foreach(domains, name, joules)
	{
		if (out->count < PF_ENERGY_DOMAINS && json_is_number(joules)) {
			pf_plain_text(name, out->domains[out->count].name, PF_ENERGY_NAME);
			out->domains[out->count++].joules = json_number_value(joules);
		}
	}
	pf_json_plain(object, "source", out->source, sizeof out->source);
	pf_json_plain(object, "unavailable", out->why, sizeof out->why);
}
