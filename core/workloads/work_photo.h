/* The bytes of the photo that a workload is about: made in memory, or read from a folder. */
#ifndef PHOTOFINISH_WORK_PHOTO_H
#define PHOTOFINISH_WORK_PHOTO_H

#include "core/photo/photo_file.h"
#include "core/workloads/made_photo.h"
#include "photofinish/status.h"
#include "photofinish/workload.h"

typedef struct pf_work_bytes {
	const uint8_t *data;
	size_t bytes;
	pf_made_photo made;
	pf_file_buffer file;
} pf_work_bytes;

/* Photo number `seed` of input->folder (counted round), else one made of input->size pixels. The caller
 * releases, after a failure too. */
pf_status pf_work_bytes_open(const pf_workload_input *input, pf_work_bytes *out, pf_error *error);
void pf_work_bytes_release(pf_work_bytes *photo); /* of zeroed ones, too */

#endif
