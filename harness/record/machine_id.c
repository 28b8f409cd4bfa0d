#include "harness/record/machine_id.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "photofinish/dataset.h"
#include "photofinish/sha256.h"

static void add_text(pf_sha256 *hash, const char *text)
{
	pf_sha256_add(hash, text, strlen(text) + 1);
}

void pf_machine_id(const json_t *environment, char id[PF_MACHINE_ID + 1])
{
	static const char *const texts[] = {"cpu", "vendor", "hypervisor", "kernel", "libc"},
				 *const numbers[] = {"family", "model", "stepping", "cores", "processors"};
	uint8_t digest[PF_SHA256_BYTES];
	char hex[2 * PF_SHA256_BYTES + 1], number[64];
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		const char *text = json_string_value(json_object_get(environment, texts[i]));
		add_text(&hash, text ? text : "");
	}
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		snprintf(number, sizeof number, "%lld",
			 (long long)json_integer_value(json_object_get(environment, numbers[i])));
		add_text(&hash, number);
	}
	/* The kernel keeps some of it for itself, not always the same. */
	double gibibytes = json_number_value(json_object_get(environment, "memory_bytes")) / (1 << 30);
	snprintf(number, sizeof number, "%.0f", ceil(gibibytes));
	add_text(&hash, number);
	pf_sha256_end(&hash, digest);
	pf_sha256_hex(digest, hex);
	memcpy(id, hex, PF_MACHINE_ID);
	id[PF_MACHINE_ID] = '\0';
}
