#include "harness/launcher/launcher_image.h"

/* PF_LAUNCHER_FILE is made before this is compiled (scripts/launcher.cmake). */
__asm__(".section .rodata\n"
	".global pf_launcher_image\n"
	".global pf_launcher_image_end\n"
	"pf_launcher_image:\n"
	".incbin \"" PF_LAUNCHER_FILE "\"\n"
	"pf_launcher_image_end:\n"
	".byte 0\n"
	".previous\n");
