/* Progress, as a command line asks for it. */
#include "harness/cli/common.h"
#include "harness/progress/progress.h"

void pf_progress_choose(const pf_progress_choice *choice)
{
	pf_progress_start(choice->quiet ? "never" : choice->mode);
}
