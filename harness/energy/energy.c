#include "harness/energy/energy.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "photofinish/trace.h"

#define UPDATE_NS 10000000000u

/* First line of a file below `folder`, without its end. False sets errno. */
static bool read_line(const char *folder, const char *name, char *out, size_t capacity)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "re");
	if (!file) {
		return false;
	}
	errno = 0;
	bool got = fgets(out, (int)capacity, file) != NULL;
	int why = errno ? errno : ENODATA;
	fclose(file);
	errno = why;
	if (got) {
		out[strcspn(out, "\n")] = '\0';
	}
	return got;
}

static bool read_number(const char *folder, const char *name, uint64_t *out)
{
	char line[64], *end;
	if (!read_line(folder, name, line, sizeof line)) {
		return false;
	}
	*out = strtoull(line, &end, 10);
	errno = EINVAL;
	return end != line;
}

static bool read_zone(const pf_energy_zone *zone, uint64_t *value)
{
	if (zone->fd >= 0) {
		return read(zone->fd, value, sizeof *value) == (ssize_t)sizeof *value;
	}
	return read_number(zone->file, "energy_uj", value);
}

static pf_energy_zone *add_zone(pf_energy_meter *meter, const char *name)
{
	if (meter->count == PF_ENERGY_DOMAINS) {
		return NULL;
	}
	pf_energy_zone *zone = &meter->zones[meter->count++];
	*zone = (pf_energy_zone){.fd = -1};
	snprintf(zone->name, sizeof zone->name, "%s", name);
	return zone;
}

/* "intel-rapl:0:1" is a part of "intel-rapl:0"; AMD's processors have the same names. */
static int is_rapl(const struct dirent *entry)
{
	return strncmp(entry->d_name, "intel-rapl:", 11) == 0;
}

static void add_powercap_zone(pf_energy_meter *meter, const char *folder, const char *entry)
{
	char path[320], name[PF_ENERGY_NAME / 2], whole[PF_ENERGY_NAME / 2] = "", full[PF_ENERGY_NAME];
	uint64_t first, range = 0;
	snprintf(path, sizeof path, "%s/%s", folder, entry);
	const char *part = strchr(entry + strlen("intel-rapl:"), ':');
	if (part) {
		char parent[320];
		snprintf(parent, sizeof parent, "%s/%.*s", folder, (int)(part - entry), entry);
		read_line(parent, "name", whole, sizeof whole);
	}
	if (!read_line(path, "name", name, sizeof name) || !read_number(path, "energy_uj", &first)) {
		snprintf(meter->why, sizeof meter->why, "%s/energy_uj: %s%s", path, strerror(errno),
			 errno == EACCES ? "; root may read it, or whom root lets (chmod a+r)" : "");
		return;
	}
	read_number(path, "max_energy_range_uj", &range);
	snprintf(full, sizeof full, "%s%s%s", whole, whole[0] ? "/" : "", name);
	pf_energy_zone *zone = add_zone(meter, full);
	if (zone) {
		snprintf(zone->file, sizeof zone->file, "%s", path);
		zone->range_uj = range;
		zone->last = first;
		zone->unit_joules = 1e-6;
	}
}

static void find_powercap(pf_energy_meter *meter, const char *sysfs)
{
	char folder[256];
	struct dirent **entries = NULL;
	snprintf(folder, sizeof folder, "%s/class/powercap", sysfs);
	int count = scandir(folder, &entries, is_rapl, alphasort);
	if (count < 0) {
		snprintf(meter->why, sizeof meter->why,
			 "%s is not there: no RAPL, as in most virtual machines", folder);
	} else if (count == 0) {
		snprintf(meter->why, sizeof meter->why, "%s has no intel-rapl zones", folder);
	}
	for (int i = 0; i < count; i++) {
		add_powercap_zone(meter, folder, entries[i]->d_name);
		free(entries[i]);
	}
	free(entries);
}

/* One event a package: the first processor of each stands in cpumask. */
static void open_perf_event(pf_energy_meter *meter, const char *name, uint32_t type, uint64_t config,
			    double unit_joules, const char *cpumask)
{
	struct perf_event_attr attributes = {.size = sizeof attributes, .type = type, .config = config};
	int package = 0;
	for (const char *at = cpumask; at && *at >= '0' && *at <= '9'; package++) {
		char full[PF_ENERGY_NAME], *end;
		long cpu = strtol(at, &end, 10);
		long fd = syscall(SYS_perf_event_open, &attributes, -1, (int)cpu, -1, PERF_FLAG_FD_CLOEXEC);
		if (fd < 0) {
			snprintf(
				meter->why, sizeof meter->why, "perf's event %s: %s%s", name, strerror(errno),
				errno == EACCES ? "; perf_event_paranoid of 0 or CAP_PERFMON allows it" : "");
			return;
		}
		snprintf(full, sizeof full, "package-%d/%s", package, name);
		pf_energy_zone *zone = add_zone(meter, full);
		if (!zone) {
			close((int)fd);
			return;
		}
		zone->fd = (int)fd;
		zone->unit_joules = unit_joules;
		zone->lost = !read_zone(zone, &zone->last);
		at = *end == ',' ? end + 1 : NULL;
	}
}

static void find_perf(pf_energy_meter *meter, const char *sysfs)
{
	static const char *const events[] = {"energy-pkg", "energy-cores", "energy-ram", "energy-psys"};
	char folder[256], cpumask[256], line[128], name[64];
	uint64_t type;
	snprintf(folder, sizeof folder, "%s/bus/event_source/devices/power", sysfs);
	if (!read_number(folder, "type", &type) || !read_line(folder, "cpumask", cpumask, sizeof cpumask)) {
		return; /* what was said of powercap stands */
	}
	for (size_t i = 0; i < sizeof events / sizeof *events; i++) {
		unsigned long long config;
		snprintf(name, sizeof name, "events/%s", events[i]);
		bool there = read_line(folder, name, line, sizeof line) &&
			     sscanf(line, "event=%llx", &config) == 1;
		snprintf(name, sizeof name, "events/%s.scale", events[i]);
		if (there && read_line(folder, name, line, sizeof line)) {
			open_perf_event(meter, events[i], (uint32_t)type, config, strtod(line, NULL),
					cpumask);
		}
	}
}

void pf_energy_start(pf_energy_meter *meter, const char *sysfs)
{
	*meter = (pf_energy_meter){.source = "powercap", .updated_ns = pf_now_ns()};
	find_powercap(meter, sysfs);
	if (!meter->count) {
		snprintf(meter->source, sizeof meter->source, "perf");
		find_perf(meter, sysfs);
	}
}

/* A count that fell has begun anew: once, as it is read more often than it can do so twice. */
static void update_zone(pf_energy_zone *zone)
{
	uint64_t now;
	if (zone->lost || !read_zone(zone, &now) || (now < zone->last && zone->range_uj < zone->last)) {
		zone->lost = true;
		return;
	}
	uint64_t used = now >= zone->last ? now - zone->last : zone->range_uj - zone->last + now;
	zone->joules += (double)used * zone->unit_joules;
	zone->last = now;
}

void pf_energy_update(pf_energy_meter *meter, bool now)
{
	if (!meter->count || (!now && pf_now_ns() - meter->updated_ns < UPDATE_NS)) {
		return;
	}
	meter->updated_ns = pf_now_ns();
	for (uint32_t i = 0; i < meter->count; i++) {
		update_zone(&meter->zones[i]);
	}
}

/* By name, as records have them: what is read back is shown as it was measured. */
static int by_name(const void *left, const void *right)
{
	return strcmp(((const pf_energy_domain *)left)->name, ((const pf_energy_domain *)right)->name);
}

void pf_energy_stop(pf_energy_meter *meter, pf_energy *out)
{
	*out = (pf_energy){0};
	pf_energy_update(meter, true);
	for (uint32_t i = 0; i < meter->count; i++) {
		const pf_energy_zone *zone = &meter->zones[i];
		if (!zone->lost) {
			memcpy(out->domains[out->count].name, zone->name, sizeof zone->name);
			out->domains[out->count++].joules = zone->joules;
		}
		if (zone->fd >= 0) {
			close(zone->fd);
		}
	}
	qsort(out->domains, out->count, sizeof *out->domains, by_name);
	memcpy(out->source, meter->source, sizeof out->source);
	if (!out->count) {
		snprintf(out->why, sizeof out->why, "%s",
			 meter->count ? "its counts could not be read to the end" : meter->why);
	}
}
