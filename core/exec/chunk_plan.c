/* The division of a dataset's bursts into chunks. */
#include <stdio.h>
#include <stdlib.h>

#include "photofinish/photo_ring.h"

#define CHUNK_PHOTOS 200 /* as the published case had it */

uint32_t pf_chunk_photos(int64_t asked, size_t photos)
{
	size_t chunk = asked > 0 ? (size_t)asked : photos / 4;
	if (asked <= 0 && chunk > CHUNK_PHOTOS) {
		chunk = CHUNK_PHOTOS;
	}
	return chunk < 1 ? 1 : (uint32_t)chunk;
}

static uint64_t available_bytes(void)
{
	FILE *info = fopen("/proc/meminfo", "re");
	char line[128];
	unsigned long long kib = 0;
	while (info && fgets(line, sizeof line, info)) {
		if (sscanf(line, "MemAvailable: %llu", &kib) == 1) {
			break;
		}
	}
	if (info) {
		fclose(info);
	}
	return kib ? kib * 1024u : 2ull << 30;
}

uint64_t pf_memory_budget(const struct pf_env *env)
{
	return env->memory_limit_bytes ? env->memory_limit_bytes : available_bytes() / 2;
}

/* Adds burst number `burst` to the last chunk, or to a new one. */
static void add_burst(const pf_burst *burst, size_t number, uint32_t photos, uint32_t ticket,
		      pf_chunk_plan *plan)
{
	pf_chunk *chunk = plan->count ? &plan->chunks[plan->count - 1] : NULL;
	if (!chunk || (uint64_t)chunk->photos + burst->count > photos) {
		chunk = &plan->chunks[plan->count++];
		*chunk = (pf_chunk){.first_burst = number, .first_ticket = ticket};
	}
	chunk->bursts++;
	chunk->photos += burst->count;
	if (chunk->photos > plan->most_photos) {
		plan->most_photos = chunk->photos;
	}
	plan->chunk_of[number] = (uint32_t)(plan->count - 1);
	plan->first_ticket[number] = ticket;
	for (uint32_t i = 0; i < burst->count; i++) {
		plan->photos[ticket + i] = burst->photos[i];
		plan->tickets[burst->photos[i]] = ticket + i;
	}
}

pf_status pf_chunk_plan_make(const pf_burst_list *bursts, uint32_t photos, pf_chunk_plan *out,
			     pf_error *error)
{
	size_t total = 0;
	for (size_t i = 0; i < bursts->count; i++) {
		total += bursts->bursts[i].count;
	}
	*out = (pf_chunk_plan){
		.chunks = calloc(bursts->count + 1, sizeof *out->chunks),
		.photos = calloc(total + 1, sizeof *out->photos),
		.tickets = calloc(total + 1, sizeof *out->tickets),
		.chunk_of = calloc(bursts->count + 1, sizeof *out->chunk_of),
		.first_ticket = calloc(bursts->count + 1, sizeof *out->first_ticket),
	};
	if (!out->chunks || !out->photos || !out->tickets || !out->chunk_of || !out->first_ticket) {
		pf_chunk_plan_free(out);
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "cannot allocate a plan of %zu photos", total);
	}
	uint32_t ticket = 0;
	for (size_t i = 0; i < bursts->count; i++) {
		add_burst(&bursts->bursts[i], i, photos, ticket, out);
		ticket += bursts->bursts[i].count;
	}
	return PF_OK;
}

pf_status pf_chunk_plan_fit(const struct pf_env *env, const pf_burst_list *bursts, size_t photos,
			    const pf_chunk_wish *wish, pf_chunk_plan *out, pf_error *error)
{
	uint64_t photo_bytes = bursts->largest_plane_bytes ? bursts->largest_plane_bytes : 1;
	uint64_t fitting = pf_memory_budget(env) / photo_bytes / wish->copies;
	uint32_t chunk = pf_chunk_photos(wish->photos, photos);
	if (!wish->photos && wish->may_shrink && chunk > fitting) {
		chunk = fitting ? (uint32_t)fitting : 1;
	}
	pf_status status = pf_chunk_plan_make(bursts, chunk, out, error);
	if (status == PF_OK && out->most_photos > fitting) {
		status = pf_fail(
			error, PF_ERR_MEMORY_LIMIT, NULL,
			"%u cop%s of %u photos of up to %.1f MB pass%s the memory limit, which a chunk of %llu would keep%s",
			wish->copies, wish->copies == 1 ? "y" : "ies", out->most_photos,
			(double)photo_bytes * 1e-6, wish->copies == 1 ? "es" : "",
			(unsigned long long)fitting, chunk <= fitting ? "; but a burst is not divided" : "");
	}
	return status;
}

void pf_chunk_plan_free(pf_chunk_plan *plan)
{
	free(plan->chunks);
	free(plan->photos);
	free(plan->tickets);
	free(plan->chunk_of);
	free(plan->first_ticket);
	*plan = (pf_chunk_plan){0};
}
