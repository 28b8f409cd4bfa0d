/* Models that were damaged or bent, and what has to hold for each of them. */
#ifndef PF_TEST_HOSTILE_MODEL_H
#define PF_TEST_HOSTILE_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/onnx_fixture.h"

/* Random numbers that a seed decides. */
void hostile_seed(unsigned seed);
unsigned hostile_draw(void);

/* A number as it should be or, now and then where `hostile`, one that should not be. */
long long hostile_bend(long long sound, bool hostile);

/* Loads a mutated file and, if it is still a model, runs it on every backend; true if it was. A refusal must
 * have a message of one line. */
bool survive(const uint8_t *bytes, size_t size);

/* Loads and runs `rounds` mutations of a file under a limit of memory; every fourth is what `bent_model` (may
 * be NULL) makes. How many still ran; a line about it unless `name` is NULL. */
int survive_mutations(const char *name, const onnx_bytes *model, int rounds, onnx_bytes (*bent_model)(void));

/* PF_MUTATIONS of the environment, else `wanted`. */
int rounds_or(int wanted);

#endif
