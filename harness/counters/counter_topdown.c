#include "harness/counters/counter_topdown.h"

#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>

#include "harness/machine/environment.h"

#define AMD_CONFIG(event, umask) (((event)&0xffull) | (uint64_t)(umask) << 8 | ((event) >> 8) << 32)

/* Raw events, 0: the processor has none. libpfm4 4.13 knows those of Zen 4 not at all, and encodes Intel's
 * TOPDOWN event without its event code. */
static const struct processor {
	const char *vendor;
	int family, models[8]; /* models: ended by 0; none: all of the family */
	int least_model, most_model;
	uint32_t slots_per_cycle;
	uint64_t retired, frontend, backend;
} processors[] = {
	{"AuthenticAMD", 26, {0}, 0, 255, 8, 0xc1, AMD_CONFIG(0x1a0ull, 0x01), AMD_CONFIG(0x1a0ull, 0x1e)},
	{"AuthenticAMD",
	 25,
	 {0},
	 0x10,
	 0x1f,
	 6,
	 0xc1,
	 AMD_CONFIG(0x1a0ull, 0x01),
	 AMD_CONFIG(0x1a0ull, 0x1e)},
	{"AuthenticAMD",
	 25,
	 {0},
	 0x60,
	 0x7f,
	 6,
	 0xc1,
	 AMD_CONFIG(0x1a0ull, 0x01),
	 AMD_CONFIG(0x1a0ull, 0x1e)},
	{"AuthenticAMD",
	 25,
	 {0},
	 0xa0,
	 0xaf,
	 6,
	 0xc1,
	 AMD_CONFIG(0x1a0ull, 0x01),
	 AMD_CONFIG(0x1a0ull, 0x1e)},
	/* Skylake and its kin: nothing counts the back end's slots by itself. */
	{"GenuineIntel", 6, {0x4e, 0x5e, 0x55, 0x8e, 0x9e, 0xa5, 0xa6}, 0, 255, 4, 0x2c2, 0x19c, 0},
	{"GenuineIntel", 6, {0x7d, 0x7e, 0x6a, 0x6c, 0x8c, 0x8d, 0xa7}, 0, 255, 5, 0x2c2, 0x19c, 0x2a4},
	{"GenuineIntel", 6, {0x8f, 0xcf}, 0, 255, 6, 0x2c2, 0x19c, 0x2a4},
};

static bool is_model(const struct processor *processor, int model)
{
	bool listed = processor->models[0] == 0;
	for (size_t i = 0; i < 8 && processor->models[i]; i++) {
		listed = listed || processor->models[i] == model;
	}
	return listed && model >= processor->least_model && model <= processor->most_model;
}

static uint32_t add(pf_counter_event *event, const char *name, uint64_t config)
{
	*event = (pf_counter_event){.type = PERF_TYPE_RAW, .config = config, .group = "topdown"};
	snprintf(event->name, sizeof event->name, "%s", name);
	return 1;
}

uint32_t pf_topdown_events_of(const char *vendor, int family, int model,
			      pf_counter_event events[PF_TOPDOWN_EVENTS], uint32_t *slots_per_cycle)
{
	for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
		const struct processor *processor = &processors[i];
		if (strcmp(processor->vendor, vendor) == 0 && processor->family == family &&
		    is_model(processor, model)) {
			uint32_t count = add(&events[0], "topdown-retired", processor->retired);
			count += add(&events[1], "topdown-frontend", processor->frontend);
			count += processor->backend ? add(&events[2], "topdown-backend", processor->backend)
						    : 0;
			*slots_per_cycle = processor->slots_per_cycle;
			return count;
		}
	}
	return 0;
}

uint32_t pf_topdown_events(pf_counter_event events[PF_TOPDOWN_EVENTS], uint32_t *slots_per_cycle)
{
	pf_environment environment;
	pf_environment_read(&environment);
	return pf_topdown_events_of(environment.vendor, environment.family, environment.model, events,
				    slots_per_cycle);
}
