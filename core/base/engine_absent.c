/* In place of the engine, where it was not built in. */
#include "photofinish/scorer.h"

const char *pf_engine_version(void)
{
	return "no engine (built with -DPHOTOFINISH_ENGINE=OFF)";
}
