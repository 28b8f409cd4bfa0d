/* What the object that lets allocations fail and the sweep (faults.py, which knows this layout) have in
 * common. */
#ifndef TESTS_FAULT_TABLE_H
#define TESTS_FAULT_TABLE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FAULT_PLACES 65536u

struct fault_place {
	_Atomic uint64_t hash, count; /* hash 0: free */
	uint64_t frames[3];           /* offsets of our frames, from the innermost; 0: none */
	uint64_t libraries;           /* bit i: frame i is of the library, else of the program */
	uint64_t caller;              /* offset of who called the allocator, in its module */
	uint64_t unused;
};

struct fault_table {
	uint64_t target, number; /* the place, and which of its allocations fails; 0: none */
	_Atomic uint64_t failed; /* how many did */
	uint64_t caller; /* of the target: allocations of other callers are not looked at; 0: all are */
	struct fault_place places[FAULT_PLACES];
};

#endif
