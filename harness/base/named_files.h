/* The files that a command line names: no result may overwrite another one, nor a file that is read. */
#ifndef HARNESS_NAMED_FILES_H
#define HARNESS_NAMED_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "photofinish/dataset.h"
#include "photofinish/status.h"

typedef struct pf_named_file {
	const char *path; /* NULL: not given, passed over; "-": standard output */
	const char *name; /* what a message calls it: "--json" */
	bool read;        /* false: it is to be written */
} pf_named_file;

/* PF_OK if each file that is written is another one than all the others, and none is a photo of `dataset`
 * (NULL: there is none yet). Files are the same if device and inode are; those that are not there yet, if
 * folder and name are once all links are followed. Standard output counts as written: under the name "-", and
 * where it leads to a file even if nothing is said of it, as what is printed would be lost. Devices that keep
 * nothing (/dev/null) may be shared. PF_ERR_USAGE names the file and both names. To be asked before work
 * starts: it opens and changes nothing. */
pf_status pf_named_files_check(const pf_named_file *files, size_t count, const pf_dataset *dataset,
			       pf_error *error);

#endif
