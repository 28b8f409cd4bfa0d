/* Binding the thread that works in a slot, and proving it. */
#ifndef CORE_BINDING_H
#define CORE_BINDING_H

#include "photofinish/placement.h"

/* Binds the calling thread as place->asked says, asks for memory of its own node, and reads back what came of
 * it. Nothing happens where it is in the slot already. A refusal is noted, and no error: the worker works on.
 */
void pf_place_enter(pf_place *place);

/* Reads back once more, and notes how often the thread was moved and interrupted meanwhile. */
void pf_place_leave(pf_place *place);

#endif
