/* One operator against values that were computed by hand, on every backend, alone and after a fold. */
#ifndef PF_TEST_OP_CASE_H
#define PF_TEST_OP_CASE_H

#include <stddef.h>

#define OP_CASE_INPUTS 10

/* Tensors are texts: "2,3:1 2 3 4 5 6" is float [2,3]; a letter before says int64 (i), int32 (n), uint8 (u),
 * int8 (s), bool (b); "=" before that makes it a constant of the file; ":5" is a scalar; NULL ends the list,
 * "" leaves an input out. One value stands for all elements where there are fewer. */
typedef struct op_case {
	const char *operator, * attributes;
	int opset; /* 0: 13 */
	const char *inputs[OP_CASE_INPUTS];
	const char *outputs[4];
} op_case;

/* Fails the cmocka test with the operator, attributes and difference where a case does not hold. */
void op_cases_run(const op_case *cases, size_t count);

/* Loading must fail; the message must contain `outputs[0]`. */
void op_cases_refused(const op_case *cases, size_t count);

#endif
