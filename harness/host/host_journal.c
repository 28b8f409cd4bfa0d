#include "harness/host/host_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "photofinish/exec.h"
#include "photofinish/file.h"
#include "photofinish/sha256.h"
#include "photofinish/trace.h"

#define HEAD "photofinish host journal 1\n"
#define SYNC_NS 1000000000u
#define JOURNAL_MOST (4ull << 30)

/* An entry: this, then `bytes` that were told. Of machines of one kind: a journal is its host's own. */
typedef struct entry_head {
	uint8_t photo[PF_SHA256_BYTES]; /* photo_key */
	uint8_t check[PF_SHA256_BYTES]; /* over all but itself */
	uint8_t run[16];                /* that it was scored for */
	uint64_t bytes;
} entry_head;

struct pf_host_journal {
	int fd;
	uint8_t *text; /* as it was when it was opened */
	size_t size;
	uint64_t *table; /* offset of an entry, by its key; 0: free */
	size_t places;   /* a power of two */
	bool broken;
	uint64_t synced_ns;
	const pf_cluster_found *found;    /* the run, with that */
	uint8_t (*keys)[PF_SHA256_BYTES]; /* of photos, as they were before they were scored */
};

static void check_of(const entry_head *head, const void *told, uint8_t out[PF_SHA256_BYTES])
{
	pf_sha256 hash;
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, head->photo, sizeof head->photo);
	pf_sha256_add(&hash, head->run, sizeof head->run);
	pf_sha256_add(&hash, &head->bytes, sizeof head->bytes);
	pf_sha256_add(&hash, told, head->bytes);
	pf_sha256_end(&hash, out);
}

/* The bytes of the whole entry at `offset`, 0 where there is none. */
static size_t entry_at(const pf_host_journal *journal, size_t offset, entry_head *head)
{
	uint8_t check[PF_SHA256_BYTES];
	if (journal->size - offset < sizeof *head) {
		return 0;
	}
	memcpy(head, journal->text + offset, sizeof *head);
	if (head->bytes == 0 || head->bytes > PF_POOL_TOLD_MOST ||
	    journal->size - offset - sizeof *head < head->bytes) {
		return 0;
	}
	check_of(head, journal->text + offset + sizeof *head, check);
	return memcmp(check, head->check, sizeof check) == 0 ? sizeof *head + head->bytes : 0;
}

/* Where `key` is, or would be. */
static uint64_t *place_of(const pf_host_journal *journal, const uint8_t key[PF_SHA256_BYTES])
{
	uint64_t at;
	memcpy(&at, key, sizeof at);
	for (;; at++) {
		uint64_t *place = &journal->table[at & (journal->places - 1)];
		if (!*place || memcmp(journal->text + *place, key, PF_SHA256_BYTES) == 0) {
			return place;
		}
	}
}

/* Finds the entries; returns where the last whole one ends. */
static size_t index_entries(pf_host_journal *journal)
{
	entry_head head;
	size_t end = sizeof HEAD - 1, size;
	while ((size = entry_at(journal, end, &head)) > 0) {
		*place_of(journal, head.photo) = end; /* the latest one counts */
		end += size;
	}
	return end;
}

static pf_status read_all(pf_host_journal *journal, const char *path, pf_error *error)
{
	struct stat info;
	if (fstat(journal->fd, &info) || !S_ISREG(info.st_mode) || (uint64_t)info.st_size > JOURNAL_MOST) {
		return pf_fail(error, PF_ERR_INVALID, path, "this is no journal of a host");
	}
	journal->size = (size_t)info.st_size;
	for (journal->places = 64; journal->places < journal->size / sizeof(entry_head) * 2;
	     journal->places *= 2) {
	}
	journal->text = malloc(journal->size + 1);
	journal->table = calloc(journal->places, sizeof *journal->table);
	if (!journal->text || !journal->table) {
		return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory for the journal");
	}
	for (size_t done = 0; done < journal->size;) {
		ssize_t got = pread(journal->fd, journal->text + done, journal->size - done, (off_t)done);
		if (got == 0) {
			return pf_fail(error, PF_ERR_CHANGED, path, "the journal was cut while it was read");
		}
		if (got < 0 && errno != EINTR) {
			return pf_fail_errno(error, path, "cannot read the journal");
		}
		done += got > 0 ? (size_t)got : 0;
	}
	if (journal->size == 0) {
		return pf_write_all(journal->fd, HEAD, sizeof HEAD - 1)
			       ? PF_OK
			       : pf_fail_errno(error, path, "cannot write the journal");
	}
	if (journal->size < sizeof HEAD - 1 || memcmp(journal->text, HEAD, sizeof HEAD - 1) != 0) {
		return pf_fail(error, PF_ERR_INVALID, path, "this is no journal of a host");
	}
	size_t end = index_entries(journal);
	return ftruncate(journal->fd, (off_t)end) == 0
		       ? PF_OK
		       : pf_fail_errno(error, path, "cannot write the journal");
}

pf_status pf_host_journal_open(const char *path, pf_host_journal **out, pf_error *error)
{
	pf_host_journal *journal = calloc(1, sizeof *journal);
	pf_status status = PF_OK;
	*out = NULL;
	if (!journal) {
		return pf_fail(error, PF_ERR_NO_MEMORY, path, "not enough memory for the journal");
	}
	journal->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NONBLOCK, 0600);
	if (journal->fd < 0) {
		status = pf_fail_errno(error, path, "cannot open the journal");
	} else if (flock(journal->fd, LOCK_EX | LOCK_NB)) {
		status = pf_fail(error, PF_ERR_UNAVAILABLE, path, "another host has this journal");
	}
	status = status == PF_OK ? read_all(journal, path, error) : status;
	if (status != PF_OK) {
		pf_host_journal_close(journal);
		return status;
	}
	*out = journal;
	return PF_OK;
}

void pf_host_journal_close(pf_host_journal *journal)
{
	if (journal) {
		if (journal->fd >= 0) {
			fdatasync(journal->fd);
			close(journal->fd);
		}
		free(journal->keys);
		free(journal->table);
		free(journal->text);
		free(journal);
	}
}

/* A photo that was changed has another key. False where there is no such file. */
static bool photo_key(const pf_host_journal *journal, uint32_t photo, uint8_t out[PF_SHA256_BYTES])
{
	char path[4200];
	struct stat info;
	pf_sha256 hash;
	const pf_dataset *dataset = journal->found->dataset;
	const char *name = dataset->photos[photo].path;
	if (snprintf(path, sizeof path, "%s/%s", dataset->root, name) >= (int)sizeof path ||
	    stat(path, &info)) {
		return false;
	}
	const int64_t numbers[] = {info.st_size, info.st_mtim.tv_sec, info.st_mtim.tv_nsec};
	pf_sha256_begin(&hash);
	pf_sha256_add(&hash, &journal->found->facts, sizeof journal->found->facts);
	pf_sha256_add(&hash, numbers, sizeof numbers);
	pf_sha256_add(&hash, name, strlen(name));
	pf_sha256_end(&hash, out);
	return true;
}

static size_t find(void *context, uint32_t photo, uint8_t *told, bool *other)
{
	pf_host_journal *journal = context;
	entry_head head;
	if (!photo_key(journal, photo, journal->keys[photo])) {
		return 0;
	}
	uint64_t offset = *place_of(journal, journal->keys[photo]);
	if (!offset || !entry_at(journal, offset, &head)) {
		return 0;
	}
	*other = memcmp(head.run, journal->found->seal.run, sizeof head.run) != 0;
	if (*other && !journal->found->remember) {
		return 0;
	}
	memcpy(told, journal->text + offset + sizeof head, head.bytes);
	return head.bytes;
}

/* One write for each: the file is whole up to the last one, whenever this process is killed. */
static void add(void *context, uint32_t photo, const void *told, size_t bytes)
{
	pf_host_journal *journal = context;
	uint8_t entry[sizeof(entry_head) + PF_POOL_TOLD_MOST], copy[PF_POOL_TOLD_MOST];
	entry_head head = {.bytes = bytes};
	memcpy(copy, told, bytes);
	if (journal->broken || pf_result_retell(copy, bytes, 0, 0) != PF_OK ||
	    !photo_key(journal, photo, head.photo) ||
	    memcmp(head.photo, journal->keys[photo], sizeof head.photo) != 0) {
		return; /* no score, or of bytes that changed meanwhile */
	}
	memcpy(head.run, journal->found->seal.run, sizeof head.run);
	check_of(&head, told, head.check);
	memcpy(entry, &head, sizeof head);
	memcpy(entry + sizeof head, told, bytes);
	journal->broken = !pf_write_all(journal->fd, entry, sizeof head + bytes);
	uint64_t now = pf_now_ns();
	if (now - journal->synced_ns > SYNC_NS) {
		journal->synced_ns = now;
		fdatasync(journal->fd);
	}
}

static void leave(void *context)
{
	const pf_host_journal *journal = context;
	close(journal->fd);
}

pf_status pf_host_journal_memory(pf_host_journal *journal, const pf_cluster_found *found, pf_host_memory *out,
				 pf_error *error)
{
	free(journal->keys);
	journal->keys = calloc(found->dataset->count + 1, sizeof *journal->keys);
	journal->found = found;
	*out = (pf_host_memory){.context = journal, .find = find, .add = add, .leave = leave};
	return journal->keys ? PF_OK
			     : pf_fail(error, PF_ERR_NO_MEMORY, NULL, "not enough memory for the journal");
}
