#include "harness/calibrate/stream.h"

#include <fcntl.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include "harness/base/json_file.h"
#include "harness/base/json_values.h"
#include "photofinish/file.h"

#define SCHEMA "photofinish.stream/1"

enum { GZIP = 15 + 16, LINE_LEAST = 64 << 10, LINE_MOST = 64 << 20, PLACES = 12 };

/* One number a place: median, total, ns of both, layouts of both, processor, swapped, blocks, set aside,
 * seconds. */
enum { FIELDS = 11 };

static json_t *observation_json(const pf_gate_observation *o)
{
	return json_pack("[f,f,f,f,i,i,i,i,i,i,f]", o->median, o->total, o->ns[0], o->ns[1],
			 (int)o->layout[0], (int)o->layout[1], (int)o->cpu, (int)o->swapped, (int)o->blocks,
			 (int)o->set_aside, o->spent_s);
}

static bool read_observation(const json_t *from, pf_gate_observation *o)
{
	double at[FIELDS];
	for (size_t i = 0; i < FIELDS; i++) {
		const json_t *number = json_array_get(from, i);
		at[i] = json_number_value(number);
		if (!json_is_number(number) || !isfinite(at[i]) ||
		    (i >= 4 && !(at[i] >= 0.0 && at[i] < 1e9))) {
			return false;
		}
	}
	*o = (pf_gate_observation){.median = at[0],
				   .total = at[1],
				   .ns = {at[2], at[3]},
				   .layout = {(unsigned)at[4], (unsigned)at[5]},
				   .cpu = (unsigned)at[6],
				   .swapped = at[7] > 0.0,
				   .blocks = (unsigned)at[8],
				   .set_aside = (unsigned)at[9],
				   .spent_s = at[10]};
	return at[2] > 0.0 && at[3] > 0.0;
}

static json_t *gate_json(const pf_stream_gate *gate)
{
	char name[PF_CELL_NAME];
	json_t *workloads = json_array();
	for (size_t i = 0; i < gate->count; i++) {
		const pf_stream_workload *w = &gate->workloads[i];
		json_t *observations = json_array();
		for (size_t k = 0; k < w->count; k++) {
			json_array_append_new(observations, observation_json(&w->observations[k]));
		}
		json_array_append_new(workloads, json_pack("{s:s,s:s,s:o}", "name", w->name, "verdict",
							   pf_gate_verdict_name(w->verdict), "observations",
							   observations));
	}
	return json_pack("{s:s,s:s,s:f,s:f,s:f,s:f,s:[f,f],s:f,s:f,s:I,s:o}", "schema", SCHEMA, "cell",
			 pf_cell_name(&gate->cell, name), "margin", gate->margin, "long_margin",
			 gate->long_margin, "alpha", gate->alpha, "measured_s", gate->measured_s, "load",
			 gate->load[0], gate->load[1], "steal", gate->steal, "others", gate->others, "seed",
			 (json_int_t)(gate->seed >> 1), "workloads", workloads);
}

static bool read_workload(const json_t *from, pf_stream_workload *w)
{
	const char *name = json_string_value(json_object_get(from, "name"));
	const char *verdict = json_string_value(json_object_get(from, "verdict"));
	const json_t *observations = json_object_get(from, "observations");
	if (!name || strlen(name) >= sizeof w->name || !verdict || !json_is_array(observations)) {
		return false;
	}
	strcpy(w->name, name);
	w->verdict = pf_gate_verdict_from_name(verdict);
	w->observations = calloc(json_array_size(observations) + 1, sizeof *w->observations);
	for (size_t i = 0; w->observations && i < json_array_size(observations); i++) {
		if (!read_observation(json_array_get(observations, i), &w->observations[w->count++])) {
			return false;
		}
	}
	return w->observations && w->verdict != PF_GATE_VERDICTS;
}

static bool read_cell(const char *name, pf_cell *cell)
{
	char other[PF_CELL_NAME];
	for (size_t i = 0; name && i < PF_CELLS; i++) {
		*cell = pf_cell_at(i);
		if (strcmp(pf_cell_name(cell, other), name) == 0) {
			return true;
		}
	}
	return false;
}

static double number(const json_t *from, const char *name)
{
	const json_t *value = json_object_get(from, name);
	return json_is_number(value) ? json_number_value(value) : -1.0;
}

static bool read_gate(const json_t *from, pf_stream_gate *gate)
{
	const char *schema = json_string_value(json_object_get(from, "schema"));
	const json_t *workloads = json_object_get(from, "workloads"), *load = json_object_get(from, "load");
	*gate = (pf_stream_gate){.margin = number(from, "margin"),
				 .long_margin = number(from, "long_margin"),
				 .alpha = number(from, "alpha"),
				 .measured_s = number(from, "measured_s"),
				 .load = {json_number_value(json_array_get(load, 0)),
					  json_number_value(json_array_get(load, 1))},
				 .steal = number(from, "steal"),
				 .others = number(from, "others"),
				 .seed = pf_json_count(from, "seed", 0)};
	gate->long_margin = gate->long_margin > 0.0 ? gate->long_margin : gate->margin; /* as it was before */
	if (!schema || strcmp(schema, SCHEMA) != 0 ||
	    !read_cell(json_string_value(json_object_get(from, "cell")), &gate->cell) ||
	    !(gate->margin > 0.0 && gate->margin < 1.0) || !(gate->alpha > 0.0 && gate->alpha < 1.0) ||
	    json_array_size(workloads) == 0 || json_array_size(workloads) > PF_STREAM_WORKLOADS) {
		return false;
	}
	bool fine = true;
	for (size_t i = 0; i < json_array_size(workloads) && fine; i++) {
		fine = read_workload(json_array_get(workloads, i), &gate->workloads[gate->count++]);
	}
	return fine;
}

static void free_gate(pf_stream_gate *gate)
{
	for (size_t i = 0; i < gate->count; i++) {
		free(gate->workloads[i].observations);
	}
}

static bool add(pf_streams *streams, const pf_stream_gate *gate)
{
	pf_stream_gate *larger = reallocarray(streams->gates, streams->count + 1, sizeof *larger);
	if (!larger) {
		return false;
	}
	streams->gates = larger;
	larger[streams->count++] = *gate;
	return true;
}

/* Room for the text of one member, of all that are read. */
typedef struct member_text {
	char *bytes; /* allocated */
	size_t capacity;
} member_text;

static bool grow(member_text *line)
{
	size_t capacity = line->capacity ? 2 * line->capacity : LINE_LEAST;
	char *larger = realloc(line->bytes, capacity);
	if (larger) {
		*line = (member_text){larger, capacity};
	}
	return larger;
}

/* One member of the file, from `bytes` on: what it holds, and how long it is. Z_BUF_ERROR: it is not whole;
 * Z_DATA_ERROR: it is none, or of more than LINE_MOST. */
static int inflate_member(const unsigned char *bytes, size_t left, member_text *line, size_t *held,
			  size_t *taken)
{
	z_stream z = {.next_in = (unsigned char *)(uintptr_t)bytes,
		      .avail_in = left > 1u << 30 ? 1u << 30 : (unsigned)left};
	int result = inflateInit2(&z, GZIP) == Z_OK ? Z_OK : Z_MEM_ERROR;
	while (result == Z_OK) {
		if (z.total_out == LINE_MOST) {
			result = Z_DATA_ERROR;
		} else if (z.total_out == line->capacity && !grow(line)) {
			result = Z_MEM_ERROR;
		} else {
			z.next_out = (unsigned char *)line->bytes + z.total_out;
			z.avail_out = (unsigned)(line->capacity - z.total_out);
			result = inflate(&z, Z_NO_FLUSH);
		}
	}
	*held = z.total_out;
	*taken = z.total_in;
	inflateEnd(&z);
	return result == Z_STREAM_END                           ? Z_OK
	       : result == Z_BUF_ERROR || result == Z_MEM_ERROR ? result
								: Z_DATA_ERROR;
}

static pf_status take_members(const char *path, const unsigned char *bytes, size_t size, member_text *line,
			      pf_streams *out, pf_error *error)
{
	while (out->whole_bytes < size) {
		size_t held, taken;
		int result = inflate_member(bytes + out->whole_bytes, size - out->whole_bytes, line, &held,
					    &taken);
		if (result == Z_BUF_ERROR) {
			return PF_OK;
		}
		if (result == Z_MEM_ERROR) {
			return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
		}
		json_t *json = result == Z_OK ? pf_json_parse(line->bytes, held, JSON_REJECT_DUPLICATES, NULL)
					      : NULL;
		pf_stream_gate gate = {0};
		bool fine = json && read_gate(json, &gate);
		json_decref(json);
		if (!fine || !add(out, &gate)) {
			free_gate(&gate);
			return pf_fail(error, PF_ERR_INVALID, path, "gate %zu in it cannot be read",
				       out->count + 1);
		}
		out->whole_bytes += taken;
	}
	return PF_OK;
}

pf_status pf_streams_read(const char *path, bool may_be_missing, pf_streams *out, pf_error *error)
{
	struct stat info;
	*out = (pf_streams){0};
	if (may_be_missing && pf_file_is_absent(path)) {
		return PF_OK;
	}
	pf_error why = {0};
	FILE *stream = pf_open_regular(path, &why);
	if (!stream || fstat(fileno(stream), &info)) {
		pf_status status = stream ? pf_fail_errno(error, path, "cannot be read") : why.code;
		if (stream) {
			fclose(stream);
		} else {
			*error = why;
		}
		return status;
	}
	size_t size = (size_t)info.st_size;
	unsigned char *bytes = malloc(size + 1);
	member_text line = {0};
	pf_status status = PF_OK;
	if (!bytes) {
		status = pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	} else if (fread(bytes, 1, size, stream) != size) {
		status = pf_fail(error, PF_ERR_IO, path, "cannot be read");
	} else {
		status = take_members(path, bytes, size, &line, out, error);
	}
	free(line.bytes);
	free(bytes);
	fclose(stream);
	return status;
}

void pf_streams_free(pf_streams *streams)
{
	for (size_t i = 0; i < streams->count; i++) {
		free_gate(&streams->gates[i]);
	}
	free(streams->gates);
	*streams = (pf_streams){0};
}

/* The text as a gzip member, allocated. */
static unsigned char *deflate_text(const char *text, size_t *count)
{
	size_t length = strlen(text);
	z_stream z = {0};
	if (deflateInit2(&z, Z_BEST_COMPRESSION, Z_DEFLATED, GZIP, 9, Z_DEFAULT_STRATEGY) != Z_OK) {
		return NULL;
	}
	uLong bound = deflateBound(&z, length);
	unsigned char *bytes = malloc(bound);
	if (bytes) {
		z.next_in = (unsigned char *)(uintptr_t)text;
		z.avail_in = (unsigned)length;
		z.next_out = bytes;
		z.avail_out = (unsigned)bound;
		deflate(&z, Z_FINISH);
		*count = z.total_out;
	}
	deflateEnd(&z);
	return bytes;
}

static pf_status write_at(const char *path, size_t at, const unsigned char *bytes, size_t count,
			  pf_error *error)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
	if (fd < 0 || ftruncate(fd, (off_t)at) || pwrite(fd, bytes, count, (off_t)at) != (ssize_t)count ||
	    fsync(fd)) {
		pf_status status = pf_fail_errno(error, path, "cannot be written");
		if (fd >= 0) {
			close(fd);
		}
		return status;
	}
	close(fd);
	return PF_OK;
}

pf_status pf_streams_append(const char *path, pf_streams *streams, const pf_stream_gate *gate,
			    pf_error *error)
{
	size_t count = 0;
	json_t *json = gate_json(gate);
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(PLACES)) : NULL, *line = NULL;
	if (!text || asprintf(&line, "%s\n", text) < 0) {
		line = NULL;
	}
	unsigned char *bytes = line ? deflate_text(line, &count) : NULL;
	json_decref(json);
	free(text);
	free(line);
	pf_status status = bytes ? write_at(path, streams->whole_bytes, bytes, count, error)
				 : pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	free(bytes);
	if (status == PF_OK) {
		streams->whole_bytes += count;
		status = add(streams, gate) ? PF_OK
					    : pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory");
	}
	return status;
}
