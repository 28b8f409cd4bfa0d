#include "harness/show/device_lines.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/text.h"
#include "harness/record/caveats.h"
#include "harness/run/run_device.h"
#include "harness/show/run_table.h"
#include "harness/stats/enough.h"
#include "photofinish/file.h"

static double percent(uint64_t part, uint64_t whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

/* "upload 98.3 MB in 13.9 ms (7.1 GB/s), network 214 ms, ..." */
static void put_parts(const pf_device_work *work, FILE *out)
{
	const char *comma = "";
	for (int part = 0; part < PF_DEVICE_PARTS; part++) {
		const pf_device_time *time = &work->parts[part];
		char bytes[PF_TEXT], text[PF_TEXT];
		if (!time->count) {
			continue;
		}
		fprintf(out, "%s%s ", comma, pf_device_part_name((pf_device_part)part));
		if (time->bytes) {
			fprintf(out, "%s in ", pf_text_bytes((double)time->bytes, bytes));
		}
		fputs(pf_text_seconds((double)time->ns * 1e-9, text), out);
		if (time->bytes && time->ns) {
			fprintf(out, " (%.3g GB/s)", (double)time->bytes / (double)time->ns);
		}
		comma = ", ";
	}
	if (work->untimed) {
		fprintf(out, "%s%" PRIu64 " parts not timed", comma, work->untimed);
	}
}

static void put_load(const pf_nvml_load *load, FILE *out)
{
	char used[PF_TEXT], all[PF_TEXT];
	if (!load->busy_samples && !load->memory_samples) {
		fprintf(out, "GPU utilization and memory (NVML) not measured: %s", load->why);
		return;
	}
	fputs("GPU utilization (NVML, whole device) ", out);
	if (load->busy_samples) {
		fprintf(out, "%.0f %%", load->busy_percent);
	} else {
		fprintf(out, "not measured: %s", load->why);
	}
	if (load->memory_samples) {
		fprintf(out, ", %s of %s memory at most", pf_text_bytes((double)load->used_most_bytes, used),
			pf_text_bytes((double)load->memory_bytes, all));
	} else {
		fprintf(out, ", memory not measured: %s", load->why);
	}
}

static void put_found(const pf_device_found *found, FILE *out)
{
	const pf_device_work *work = &found->work;
	const pf_device_overlap *o = &found->overlap;
	char name[4 * PF_DEVICE_NAME];
	if (!work->name[0]) {
		fprintf(out, "no device was opened");
		return;
	}
	fprintf(out, "on %s: %" PRIu64 " poses; ", pf_escape(work->name, name, sizeof name), work->photos);
	if (o->busy_ns) {
		put_parts(work, out);
		fprintf(out,
			"; busy %.1f %% of the time (copies %.1f, kernels %.1f, both at once %.1f), "
			"%.0f %% of that overlapped with decoding; ",
			percent(o->busy_ns, o->wall_ns), percent(o->copy_ns, o->wall_ns),
			percent(o->compute_ns, o->wall_ns), percent(o->both_ns, o->wall_ns),
			percent(o->with_decode_ns, o->busy_ns));
	} else {
		fputs("its time was not measured; ", out);
	}
	put_load(&found->load, out);
}

static void print_one(const pf_contestant *contestant, int columns, FILE *stream)
{
	const pf_device_found *found = pf_run_device(contestant);
	char label[192], escaped[4 * PF_DEVICE_WHY], fell[PF_CAVEAT_TEXT], *text = NULL;
	const char *why = "";
	size_t bytes;
	uint64_t fallen = pf_run_fallen(contestant, &why);
	if (!found && !fallen) {
		return;
	}
	FILE *out = pf_enough(open_memstream(&text, &bytes));
	if (fallen) {
		pf_fell_back_text((double)fallen, pf_escape(why, escaped, sizeof escaped), fell, sizeof fell);
		fprintf(out, "%s%s", fell, found ? "; " : "");
	}
	if (found) {
		put_found(found, out);
	}
	fclose(out);
	pf_enough(text);
	pf_run_label(contestant, label, sizeof label);
	fprintf(stream, "%s  ", label);
	pf_text_wrap(stream, text, columns, 4, (int)pf_text_width(label) + 2);
	free(text);
}

void pf_device_print(const pf_run *run, int columns, FILE *stream)
{
	for (size_t i = 0; i < run->contestant_count; i++) {
		pf_interval seconds;
		if (pf_run_time(&run->contestants[i], &seconds)) {
			print_one(&run->contestants[i], columns, stream);
		}
	}
}

char *pf_device_heading(const pf_run *run, char *out, size_t capacity)
{
	snprintf(out, capacity, "no GPU used");
	for (size_t i = 0; i < run->contestant_count; i++) {
		const pf_device_found *found = pf_run_device(&run->contestants[i]);
		if (found && found->work.name[0]) {
			char name[4 * PF_DEVICE_NAME];
			snprintf(out, capacity, "%s", pf_escape(found->work.name, name, sizeof name));
			break;
		}
	}
	return out;
}
