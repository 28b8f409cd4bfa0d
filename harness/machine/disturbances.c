#include "harness/machine/disturbances.h"

#include <stdio.h>
#include <string.h>

char *pf_disturbances_text(const pf_machine_state *state, char out[PF_DISTURBANCES_TEXT])
{
	out[0] = '\0';
	for (int kind = 0; kind < PF_DISTURBANCE_COUNT; kind++) {
		char text[80];
		double amount = pf_machine_disturbed(state, (pf_disturbance)kind);
		size_t used = strlen(out);
		if (amount > 0) {
			snprintf(out + used, PF_DISTURBANCES_TEXT - used, "%s%s", used ? ", " : "",
				 pf_disturbance_text((pf_disturbance)kind, amount, state->processors, text,
						     sizeof text));
		}
	}
	return out;
}
