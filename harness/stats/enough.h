/* Memory for what cannot be rendered in part: figures, tables, records. Where there is none the program ends.
 */
#ifndef HARNESS_ENOUGH_H
#define HARNESS_ENOUGH_H

/* "photofinish: not enough memory" on standard error, temporary files of outputs removed, status 2. */
_Noreturn void pf_out_of_memory(void);

/* What an allocation gave, which is not NULL any more. */
static inline void *pf_enough(void *memory)
{
	if (!memory) {
		pf_out_of_memory();
	}
	return memory;
}

#endif
