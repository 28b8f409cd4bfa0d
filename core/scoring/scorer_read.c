/* A photo's file into the memory of a scorer. */
#include <unistd.h>

#include "core/scoring/read_note.h"
#include "core/scoring/scorer_parts.h"

/* The head of the file is looked at before the rest is read, so that a text file or a bomb costs the same
 * whatever its size. */
static pf_status read_file(pf_scorer *scorer, int fd, uint64_t size_bytes, const char *file, pf_error *error)
{
	scorer->file.bytes = 0;
	if (size_bytes > PF_FILE_HEAD_BYTES) {
		pf_jpeg_head head;
		pf_status status = pf_file_buffer_extend(&scorer->file, fd, PF_FILE_HEAD_BYTES, file, error);
		if (status == PF_OK) {
			pf_jpeg_source source = {
				.data = scorer->file.data, .bytes = scorer->file.bytes, .file = file};
			status = pf_jpeg_peek(&source, &scorer->limits, &head, error);
		}
		if (status != PF_OK) {
			return status;
		}
	}
	return pf_file_buffer_extend(&scorer->file, fd, size_bytes, file, error);
}

static pf_status read_photo(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_error *error)
{
	int fd = -1;
	uint64_t size_bytes = 0;
	pf_status status = pf_dataset_open(dataset, index, &fd, &size_bytes, error);
	if (status != PF_OK) {
		return status;
	}
	status = read_file(scorer, fd, size_bytes, dataset->photos[index].path, error);
	close(fd);
	if (scorer->trace) {
		scorer->trace->read_bytes += scorer->file.bytes;
	}
	return status;
}

pf_status pf_scorer_read(pf_scorer *scorer, const pf_dataset *dataset, size_t index, pf_error *error)
{
	uint64_t begin = pf_span_begin(scorer->trace, PF_STAGE_READ), begin_ns = pf_now_ns();
	pf_status status = read_photo(scorer, dataset, index, error);
	if (scorer->config.hash_files && status == PF_OK) {
		pf_read_note((uint32_t)index, scorer->file.data, scorer->file.bytes, begin_ns);
	}
	pf_span_end(scorer->trace, PF_STAGE_READ, begin);
	return status;
}
