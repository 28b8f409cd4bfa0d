#include "harness/record/environment_json.h"

#include "harness/machine/environment.h"

json_t *pf_environment_json(void)
{
	pf_environment e;
	pf_environment_read(&e);
	return json_pack("{s:s,s:s,s:i,s:i,s:i,s:I,s:I,s:s,s:I,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:f}", "cpu",
			 e.cpu, "vendor", e.vendor, "family", e.family, "model", e.model, "stepping",
			 e.stepping, "cores", (json_int_t)e.cores, "processors", (json_int_t)e.processors,
			 "hypervisor", e.hypervisor, "memory_bytes", (json_int_t)e.memory_bytes, "kernel",
			 e.kernel, "libc", e.libc, "compiler", e.compiler, "compiler_flags", e.compiler_flags,
			 "build_type", e.build_type, "sanitizers", e.sanitizers, "version", e.version,
			 "engine", e.engine, "load_average_1min", e.load_average);
}
