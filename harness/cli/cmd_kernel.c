/* kernel: the scoring kernel alone, which the harness starts under callgrind. */
#include <stdlib.h>

#include "harness/cli/commands.h"
#include "harness/run/kernel_child.h"

int pf_cmd_kernel(const pf_command *command, int argc, char **argv)
{
	uint32_t photos[PF_KERNEL_PHOTOS];
	if (argc < 2 || argc > PF_KERNEL_PHOTOS + 1) {
		return pf_usage_error(command, "1 to %d photos, by their index", PF_KERNEL_PHOTOS);
	}
	for (int i = 1; i < argc; i++) {
		char *end;
		photos[i - 1] = (uint32_t)strtoul(argv[i], &end, 10);
		if (end == argv[i] || *end) {
			return pf_usage_error(command, "\"%s\" is no index of a photo", argv[i]);
		}
	}
	return pf_kernel_child(photos, (uint32_t)argc - 1);
}
