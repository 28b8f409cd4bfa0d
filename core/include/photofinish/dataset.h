/* The manifest of a dataset: which files it has, their sizes and SHA-256, in byte order of their paths.
 * It never holds capture facts: whoever needs those reads them from the photos. */
#ifndef PHOTOFINISH_DATASET_H
#define PHOTOFINISH_DATASET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "photofinish/status.h"

#ifdef __cplusplus
extern "C" {
#endif

#define PF_SHA256_BYTES 32

typedef struct pf_dataset_photo {
	const char *path;                /* relative to the root, bytes as on disk, no "." or ".." parts */
	uint64_t size_bytes;             /* 0 where unknown (not a regular file) */
	uint8_t sha256[PF_SHA256_BYTES]; /* meaningful only where `hashed` */
	bool hashed;
} pf_dataset_photo;

/* Read-only once built; may be shared by threads and across fork. */
typedef struct pf_dataset {
	char *name;               /* [A-Za-z0-9._-]+ or, for a folder scanned on the fly, its path */
	char *root;               /* absolute path of the folder that holds the photos */
	pf_dataset_photo *photos; /* sorted by path, byte order; each path once */
	size_t count;
	size_t unreadable; /* folders that this user may not open (a scan only) */
	size_t linked;     /* links to folders, which are not followed (a scan only) */
	size_t ignored;    /* files of the folder that are no photos by their name (a scan only) */
	char *paths;       /* of all photos; with `photos` in memory shared across fork: nobody frees them */
	size_t photo_bytes, path_bytes, path_used; /* sizes of the two mappings; of the paths so far */
} pf_dataset;

/* Empty dataset; `root` is made absolute. On success the caller owns *out and frees it with pf_dataset_free.
 */
PF_API pf_status pf_dataset_create(const char *name, const char *root, pf_dataset **out, pf_error *error);
PF_API void pf_dataset_free(pf_dataset *dataset); /* NULL is fine */

/* Appends a photo (the path is copied); `sha256` may be NULL. Call pf_dataset_sort once after the last one:
 * it sorts and fails with PF_ERR_INVALID on a path that stands twice. */
PF_API pf_status pf_dataset_add(pf_dataset *dataset, const char *path, uint64_t size_bytes,
				const uint8_t *sha256, pf_error *error);
PF_API pf_status pf_dataset_sort(pf_dataset *dataset, pf_error *error);

/* All files named .jpg, .jpeg, .jpe or .jfif (any case) below `folder`, recursively, hidden ones left out;
 * links to folders are not followed but counted, folders that may not be opened are counted. Files are
 * listed, not opened: a FIFO named .jpg is in the list and fails later, with its own error, as every photo
 * that cannot be scored does.
 */
PF_API pf_status pf_dataset_scan(const char *folder, pf_dataset **out, pf_error *error);

/* Reads or writes a manifest file. Format (docs/formats.md): a text of lines
 *   photofinish-manifest 1 / name NAME / root PATH / count N / then N times SHA256 SIZE PATH
 * fields separated by one tab, "\" and control bytes in paths written as \xHH, SHA256 "-" where unknown, a
 * root that is not absolute is relative to the manifest's folder. Writing is atomic. Limits on reading:
 * 1 GiB, 10 million photos; a malformed line is PF_ERR_INVALID with its byte offset. */
PF_API pf_status pf_dataset_load(const char *manifest, pf_dataset **out, pf_error *error);
PF_API pf_status pf_dataset_save(const pf_dataset *dataset, const char *manifest, pf_error *error);

/* The manifest's text, with `root` as it is to be written. The caller checks the stream for errors. */
PF_API void pf_dataset_write(const pf_dataset *dataset, const char *root, FILE *stream);

/* The dataset as bytes for another process of the same build, which takes them over from descriptor `fd`
 * without parsing a line. PF_ERR_INVALID where they are not whole. */
PF_API pf_status pf_dataset_pack(const pf_dataset *dataset, FILE *stream);
PF_API pf_status pf_dataset_unpack(int fd, pf_dataset **out, pf_error *error);

/* SHA-256 over the manifest's photo lines: the dataset's identity, independent of its name and place. Photos
 * that were not hashed enter with path and size only. */
PF_API void pf_dataset_hash(const pf_dataset *dataset, uint8_t hash[PF_SHA256_BYTES]);

/* Streams a regular file through SHA-256; `size_bytes` may be NULL. */
PF_API pf_status pf_file_sha256(const char *path, uint8_t hash[PF_SHA256_BYTES], uint64_t *size_bytes,
				pf_error *error);
/* 64 lower-case hexadecimal digits and a NUL. */
PF_API void pf_sha256_hex(const uint8_t hash[PF_SHA256_BYTES], char hex[2 * PF_SHA256_BYTES + 1]);

/* Opens photo `index` read-only. Refuses what is not a regular file, and links that lead out of the root,
 * without ever blocking on a FIFO. On success the caller owns *fd; `*size_bytes` is the file's size now. */
PF_API pf_status pf_dataset_open(const pf_dataset *dataset, size_t index, int *fd, uint64_t *size_bytes,
				 pf_error *error);

#ifdef __cplusplus
}
#endif

#endif
