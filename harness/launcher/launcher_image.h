/* The launcher (launcher.c), as it was built: bytes of an executable in this program. */
#ifndef HARNESS_LAUNCHER_IMAGE_H
#define HARNESS_LAUNCHER_IMAGE_H

extern const char pf_launcher_image[], pf_launcher_image_end[];

#endif
