/* A ring of photo buffers in shared memory. The state of a slot is one word: four times the ticket that the
 * slot is for, plus how far that one is. It only ever grows, so nobody can take one turn of the ring for
 * another. */
#include "photofinish/photo_ring.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/exec/futex.h"
#include "core/exec/shared_pages.h"

enum phase {
	FREE,     /* the loader may have it */
	LOADING,  /* the loader is at it */
	LOADED,   /* to be taken */
	UNWANTED, /* the loader is at it, but it was given back meanwhile */
};

typedef struct slot {
	_Atomic uint32_t state;
	atomic_int loader; /* process that is at it */
	bool has_planes;
	uint32_t orientation, flaws;
	uint64_t file_bytes;
	pf_exposure exposure;
	pf_reduction reduction;
	struct {
		uint64_t offset; /* from the start of the slot's memory */
		uint32_t width_px, height_px, stride_bytes;
		bool there;
	} planes[3];
} slot;

struct pf_photo_ring {
	pf_shared_pages *pages;         /* this ring; of each process */
	uint64_t slot_bytes, memory_at; /* memory_at: of slot 0, from the start of the ring */
	const atomic_int *cancel;       /* at the same address in every process: they are forks */
	uint32_t slots;
	_Atomic uint32_t closed, passed, given; /* passed: tickets that the loader is past; given: a count to
						   wait on */
	slot slot[];
};

static uint64_t round_up(uint64_t bytes, uint64_t to)
{
	return (bytes + to - 1) / to * to;
}

pf_status pf_photo_ring_create(uint32_t slots, uint64_t slot_bytes, const atomic_int *cancel,
			       pf_photo_ring **out, pf_error *error)
{
	uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
	uint64_t head = round_up(sizeof(pf_photo_ring) + slots * sizeof(slot), page), bytes;
	*out = NULL;
	slots = slots ? slots : 1;
	slot_bytes = round_up(slot_bytes ? slot_bytes : 1, page);
	if (__builtin_mul_overflow(slots, slot_bytes, &bytes) ||
	    __builtin_add_overflow(bytes, head, &bytes) || bytes > INT64_MAX) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "%u slots of %llu bytes are too much", slots,
			       (unsigned long long)slot_bytes);
	}
	pf_shared_pages *pages = calloc(1, sizeof *pages);
	if (!pages) {
		return pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for a ring of photos");
	}
	pf_status status = pf_shared_pages_create(bytes, pages, error);
	if (status != PF_OK) {
		free(pages);
		return status;
	}
	pf_photo_ring *ring = pages->memory;
	ring->pages = pages;
	ring->slot_bytes = slot_bytes;
	ring->memory_at = head;
	ring->cancel = cancel;
	ring->slots = slots;
	for (uint32_t i = 0; i < slots; i++) {
		atomic_init(&ring->slot[i].state, 4 * i + FREE);
	}
	*out = ring;
	return PF_OK;
}

void pf_photo_ring_destroy(pf_photo_ring *ring)
{
	if (ring) {
		pf_shared_pages *pages = ring->pages;
		pf_shared_pages_destroy(pages);
		free(pages);
	}
}

pf_status pf_photo_ring_read_only(const pf_photo_ring *ring, pf_error *error)
{
	return pf_shared_pages_read_only(ring->pages, error);
}

static bool is_over(const pf_photo_ring *ring)
{
	return atomic_load(&ring->closed) || (ring->cancel && atomic_load(ring->cancel));
}

static uint8_t *memory_of(pf_photo_ring *ring, uint32_t ticket)
{
	return (uint8_t *)ring + ring->memory_at + ring->slot_bytes * (ticket % ring->slots);
}

static slot *slot_of(pf_photo_ring *ring, uint32_t ticket)
{
	return &ring->slot[ticket % ring->slots];
}

/* The slot is for the next turn of the ring. */
static void pass_on(pf_photo_ring *ring, uint32_t ticket)
{
	slot *s = slot_of(ring, ticket);
	atomic_store(&s->state, 4 * (ticket + ring->slots) + FREE);
	pf_futex_wake_all(&s->state);
	atomic_fetch_add(&ring->given, 1);
	pf_futex_wake_all(&ring->given);
}

static void loader_passed(pf_photo_ring *ring, uint32_t ticket)
{
	atomic_store(&ring->passed, ticket + 1);
	pf_futex_wake_all(&ring->passed);
}

pf_status pf_photo_ring_begin(pf_photo_ring *ring, uint32_t ticket, pf_image *image)
{
	slot *s = slot_of(ring, ticket);
	for (;;) {
		uint32_t state = atomic_load(&s->state), wanted = 4 * ticket + FREE;
		if (is_over(ring)) {
			return PF_ERR_CANCELLED;
		}
		if (state > wanted) {
			loader_passed(ring, ticket);
			return PF_ERR_EXISTS;
		}
		if (state < wanted) {
			pf_futex_wait(&s->state, state);
			continue;
		}
		atomic_store(&s->loader, getpid());
		if (atomic_compare_exchange_strong(&s->state, &state, 4 * ticket + LOADING)) {
			*image = (pf_image){.buffer = memory_of(ring, ticket),
					    .capacity_bytes = ring->slot_bytes,
					    .lent = true};
			return PF_OK;
		}
	}
}

void pf_photo_ring_put(pf_photo_ring *ring, uint32_t ticket, const pf_image *image)
{
	slot *s = slot_of(ring, ticket);
	s->has_planes = image != NULL;
	if (image) {
		const pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
		s->orientation = image->orientation;
		s->flaws = image->flaws;
		s->file_bytes = image->file_bytes;
		s->exposure = image->exposure;
		s->reduction = image->reduction;
		for (int i = 0; i < 3; i++) {
			s->planes[i].there = planes[i]->data != NULL;
			s->planes[i].offset = planes[i]->data
						      ? (uint64_t)(planes[i]->data - memory_of(ring, ticket))
						      : 0;
			s->planes[i].width_px = planes[i]->width_px;
			s->planes[i].height_px = planes[i]->height_px;
			s->planes[i].stride_bytes = planes[i]->stride_bytes;
		}
	}
	uint32_t state = 4 * ticket + LOADING;
	if (atomic_compare_exchange_strong(&s->state, &state, 4 * ticket + LOADED)) {
		pf_futex_wake_all(&s->state);
	} else {
		pass_on(ring, ticket);
	}
	loader_passed(ring, ticket);
}

static void view(pf_photo_ring *ring, uint32_t ticket, pf_image *image)
{
	const slot *s = slot_of(ring, ticket);
	pf_plane *planes[] = {&image->y, &image->cb, &image->cr};
	*image = (pf_image){.orientation = s->orientation,
			    .flaws = s->flaws,
			    .file_bytes = s->file_bytes,
			    .exposure = s->exposure,
			    .reduction = s->reduction,
			    .buffer = memory_of(ring, ticket),
			    .capacity_bytes = ring->slot_bytes,
			    .lent = true};
	for (int i = 0; i < 3; i++) {
		*planes[i] = (pf_plane){
			.data = s->planes[i].there ? memory_of(ring, ticket) + s->planes[i].offset : NULL,
			.width_px = s->planes[i].width_px,
			.height_px = s->planes[i].height_px,
			.stride_bytes = s->planes[i].stride_bytes};
	}
}

/* Also true of a dead process that nobody has reaped. */
static bool is_gone(int pid)
{
	char path[64], state = 'Z';
	if (kill(pid, 0) && errno == ESRCH) {
		return true;
	}
	snprintf(path, sizeof path, "/proc/%d/stat", pid);
	FILE *stat = fopen(path, "re");
	if (stat) {
		char line[512], *end = fgets(line, sizeof line, stat) ? strrchr(line, ')') : NULL;
		state = end && end[1] == ' ' ? end[2] : '?';
		fclose(stat);
	}
	return state == 'Z' || state == 'X';
}

bool pf_photo_ring_take(pf_photo_ring *ring, uint32_t ticket, pf_image *image)
{
	slot *s = slot_of(ring, ticket);
	for (;;) {
		uint32_t state = atomic_load(&s->state);
		if (state == 4 * ticket + LOADED) {
			if (s->has_planes) {
				view(ring, ticket, image);
			}
			return s->has_planes;
		}
		if (state != 4 * ticket + LOADING || is_over(ring) || is_gone(atomic_load(&s->loader))) {
			return false;
		}
		pf_futex_wait(&s->state, state);
	}
}

void pf_photo_ring_give(pf_photo_ring *ring, uint32_t ticket)
{
	slot *s = slot_of(ring, ticket);
	uint32_t state = atomic_load(&s->state), next;
	do {
		if (state / 4 != ticket) { /* given back already, or the slot has an older photo */
			return;
		}
		next = state == 4 * ticket + LOADING || state == 4 * ticket + UNWANTED
			       ? 4 * ticket + UNWANTED
			       : 4 * (ticket + ring->slots) + FREE;
	} while (!atomic_compare_exchange_weak(&s->state, &state, next));
	pf_futex_wake_all(&s->state);
	if (next / 4 != ticket) {
		atomic_fetch_add(&ring->given, 1);
		pf_futex_wake_all(&ring->given);
	}
}

bool pf_photo_ring_await(pf_photo_ring *ring, uint32_t ticket)
{
	for (;;) {
		uint32_t passed = atomic_load(&ring->passed);
		if (passed > ticket) {
			return true;
		}
		if (is_over(ring)) {
			return false;
		}
		pf_futex_wait(&ring->passed, passed);
	}
}

bool pf_photo_ring_await_given(pf_photo_ring *ring, uint32_t ticket)
{
	uint32_t first = ticket > ring->slots ? ticket - ring->slots : 0;
	for (uint32_t t = first; t < ticket; t++) {
		for (;;) {
			uint32_t given = atomic_load(&ring->given);
			if (atomic_load(&slot_of(ring, t)->state) >= 4 * (t + ring->slots)) {
				break;
			}
			if (is_over(ring)) {
				return false;
			}
			pf_futex_wait(&ring->given, given);
		}
	}
	return true;
}

void pf_photo_ring_close(pf_photo_ring *ring)
{
	atomic_store(&ring->closed, 1);
	pf_futex_wake_all(&ring->passed);
	pf_futex_wake_all(&ring->given);
	for (uint32_t i = 0; i < ring->slots; i++) {
		pf_futex_wake_all(&ring->slot[i].state);
	}
}
