/* Where memory comes from in a process for which page faults cost more than the work that waits for them. */
#ifndef PHOTOFINISH_HEAP_H
#define PHOTOFINISH_HEAP_H

#include <stddef.h>

/* From now on malloc's blocks, large ones too, lie in one heap whose next 60 MiB come in pages of 2 MiB when
 * they are touched, where the system gives them to who asks (/sys/kernel/mm/transparent_hugepage/enabled).
 * What is free there goes back to the system: after a call right before a fork, children get fresh pages in
 * place of copies. Changes malloc for the whole process and its children; call it while no other thread
 * allocates. Where something of it cannot be done it is left out: there is no error. */
void pf_heap_use_large_pages(void);

/* Asks for such pages for a mapping of one's own, if the process has called the above. */
void pf_heap_advise(void *mapping, size_t bytes);

#endif
