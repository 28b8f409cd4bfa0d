#include "photofinish/photo.h"

#include <stdlib.h>
#include <unistd.h>

#include "core/photo/exif.h"
#include "core/photo/jpeg.h"
#include "core/photo/miniature.h"
#include "core/photo/photo_file.h"

/* Depth maps, thermal images and colour profiles lie before the frame header. */
#define HEAD_BYTES_MAX (16u * 1024u * 1024u)

/* A thumbnail lies in 64 KiB; what declares more than this is none. */
static const pf_jpeg_limits thumbnail_limits = {
	.max_pixels = 1024 * 1024, .max_decode_bytes = 16 * 1024 * 1024, .max_scans = 20};
/* The same defaults as the scorer's: a photo above them is going to be refused anyway. */
static const pf_jpeg_limits photo_limits = {
	.max_pixels = 200000000, .max_decode_bytes = 2ull * 1024 * 1024 * 1024, .max_scans = 100};
/* A look has to stay cheap: coefficients of a larger photo with several scans would take 0.3 GB and more. */
static const pf_jpeg_limits look_limits = {
	.max_pixels = 64000000, .max_decode_bytes = 512ull * 1024 * 1024, .max_scans = 100};

struct pf_facts_reader {
	pf_file_buffer file;
	pf_exif_reader *exif;
};

pf_status pf_facts_reader_create(pf_facts_reader **out, pf_error *error)
{
	*out = NULL;
	pf_facts_reader *reader = calloc(1, sizeof *reader);
	if (!reader) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a facts reader");
	}
	pf_status status = pf_exif_reader_create(&reader->exif, error);
	if (status != PF_OK) {
		pf_facts_reader_destroy(reader);
		return status;
	}
	*out = reader;
	return PF_OK;
}

void pf_facts_reader_destroy(pf_facts_reader *reader)
{
	if (reader) {
		pf_exif_reader_destroy(reader->exif);
		pf_file_buffer_release(&reader->file);
		free(reader);
	}
}

/* Grows the head of the file as far as the markers before the first scan reach. */
static pf_status read_head(pf_facts_reader *reader, int fd, uint64_t size_bytes, const char *file,
			   pf_jpeg_head *head, pf_error *error)
{
	uint64_t upto = PF_FILE_HEAD_BYTES;
	for (;;) {
		pf_status status = pf_file_buffer_extend(&reader->file, fd,
							 upto < size_bytes ? upto : size_bytes, file, error);
		if (status != PF_OK) {
			return status;
		}
		pf_jpeg_source source = {
			.data = reader->file.data, .bytes = reader->file.bytes, .file = file};
		status = pf_jpeg_peek(&source, &photo_limits, head, error);
		if (status != PF_OK || head->wanted_bytes <= reader->file.bytes ||
		    reader->file.bytes < upto || upto >= HEAD_BYTES_MAX) {
			return status;
		}
		upto = head->wanted_bytes + (upto / 2 > PF_FILE_HEAD_BYTES ? upto / 2 : PF_FILE_HEAD_BYTES);
		upto = upto < HEAD_BYTES_MAX ? upto : HEAD_BYTES_MAX;
	}
}

static bool picture_of(const pf_jpeg_source *source, const pf_jpeg_limits *limits, pf_miniature *picture)
{
	pf_jpeg_head head;
	pf_miniature_sums sums = {0};
	return pf_jpeg_gate(source, limits, &head, NULL) == PF_OK &&
	       pf_jpeg_decode_small(source, &head, limits, PF_MINIATURE_COLUMNS, pf_miniature_add_row, &sums,
				    NULL) == PF_OK &&
	       pf_miniature_finish(&sums, picture);
}

static pf_status read_facts(pf_facts_reader *reader, int fd, uint64_t size_bytes, const char *file,
			    pf_facts *facts, pf_error *error)
{
	pf_jpeg_head head;
	pf_status status = read_head(reader, fd, size_bytes, file, &head, error);
	if (status != PF_OK) {
		return status;
	}
	pf_exif exif;
	if (!pf_exif_read(reader->exif, head.exif, head.exif_bytes, &exif)) {
		return pf_fail(error, PF_ERR_NO_MEMORY, file, "not enough memory for its EXIF");
	}
	*facts = (pf_facts){.readable = true,
			    .has_time = exif.has_time,
			    .has_subsecond = exif.has_subsecond,
			    .auto_bracket = exif.auto_bracket,
			    .has_exposure_bias = exif.has_exposure_bias,
			    .manual_exposure = exif.manual_exposure,
			    .has_utc_offset = exif.has_utc_offset,
			    .hour_24 = exif.hour_24,
			    .time_ms = exif.time_ms,
			    .utc_offset_min = exif.utc_offset_min,
			    .exposure = exif.exposure,
			    .exposure_bias_ev = exif.exposure_bias_ev,
			    .body = exif.body,
			    .plane_bytes = head.plane_bytes,
			    .orientation = exif.orientation,
			    .width_px = head.width_px,
			    .height_px = head.height_px};
	pf_jpeg_source thumbnail = {.data = exif.thumbnail, .bytes = exif.thumbnail_bytes};
	facts->has_miniature = exif.thumbnail && picture_of(&thumbnail, &thumbnail_limits, &facts->miniature);
	return PF_OK;
}

pf_status pf_facts_look(pf_facts_reader *reader, const pf_dataset *dataset, size_t index, pf_facts *facts,
			uint64_t *read_bytes, pf_error *error)
{
	reader->file.bytes = 0;
	facts->looked = true;
	if ((uint64_t)facts->width_px * facts->height_px > look_limits.max_pixels) {
		return PF_OK;
	}
	int fd = -1;
	uint64_t size_bytes = 0;
	pf_error details;
	pf_status status = pf_dataset_open(dataset, index, &fd, &size_bytes, &details);
	if (status == PF_OK) {
		status = pf_file_buffer_extend(&reader->file, fd, size_bytes, dataset->photos[index].path,
					       &details);
		close(fd);
	}
	pf_jpeg_source whole = {.data = reader->file.data, .bytes = reader->file.bytes};
	facts->has_miniature = status == PF_OK && picture_of(&whole, &look_limits, &facts->miniature);
	if (read_bytes) {
		*read_bytes += reader->file.bytes;
	}
	if (status == PF_ERR_NO_MEMORY && error) {
		*error = details;
	}
	return status == PF_ERR_NO_MEMORY ? status : PF_OK;
}

pf_status pf_facts_read(pf_facts_reader *reader, const pf_dataset *dataset, size_t index, pf_facts *facts,
			uint64_t *read_bytes, pf_error *error)
{
	*facts = (pf_facts){.orientation = 1};
	reader->file.bytes = 0;
	int fd = -1;
	uint64_t size_bytes = 0;
	pf_error details; /* the caller's stays untouched unless memory is short */
	pf_status status = pf_dataset_open(dataset, index, &fd, &size_bytes, &details);
	if (status == PF_OK) {
		status = read_facts(reader, fd, size_bytes, dataset->photos[index].path, facts, &details);
		close(fd);
	}
	if (read_bytes) {
		*read_bytes += reader->file.bytes;
	}
	if (status != PF_OK) {
		*facts = (pf_facts){.orientation = 1};
	}
	if (status == PF_ERR_NO_MEMORY && error) {
		*error = details;
	}
	return status == PF_ERR_NO_MEMORY ? status : PF_OK;
}
