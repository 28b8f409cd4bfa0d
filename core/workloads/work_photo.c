#include "core/workloads/work_photo.h"

#include <unistd.h>

#include "photofinish/dataset.h"

static pf_status read_from(const char *folder, uint32_t seed, pf_file_buffer *file, pf_error *error)
{
	pf_dataset *photos = NULL;
	int fd = -1;
	uint64_t size_bytes = 0;
	pf_status status = pf_dataset_scan(folder, &photos, error);
	size_t index = status == PF_OK && photos->count > 0 ? seed % photos->count : 0;
	if (status == PF_OK && photos->count == 0) {
		status = pf_fail(error, PF_ERR_NOT_FOUND, folder, "there is no photo in it");
	}
	if (status == PF_OK) {
		status = pf_dataset_open(photos, index, &fd, &size_bytes, error);
	}
	if (status == PF_OK) {
		status = pf_file_buffer_extend(file, fd, size_bytes, photos->photos[index].path, error);
		close(fd);
	}
	pf_dataset_free(photos);
	return status;
}

pf_status pf_work_bytes_open(const pf_workload_input *input, pf_work_bytes *out, pf_error *error)
{
	pf_status status = input->folder ? read_from(input->folder, input->seed, &out->file, error)
					 : pf_made_photo_create(input->size, input->seed, &out->made, error);
	out->data = input->folder ? out->file.data : out->made.jpeg;
	out->bytes = input->folder ? out->file.bytes : out->made.jpeg_bytes;
	return status;
}

void pf_work_bytes_release(pf_work_bytes *photo)
{
	pf_file_buffer_release(&photo->file);
	pf_made_photo_free(&photo->made);
}
