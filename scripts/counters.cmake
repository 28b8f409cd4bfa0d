# Counters: names of a processor's own events are resolved by libpfm4, where it is there. Sets counters_libraries and
# counters_definitions. Without it the groups by name and the kernel's software events are there all the same.
find_path(PHOTOFINISH_PFM_INCLUDE perfmon/pfmlib_perf_event.h)
find_library(PHOTOFINISH_PFM pfm)
set(counters_libraries)
set(counters_definitions)
if(PHOTOFINISH_PFM_INCLUDE AND PHOTOFINISH_PFM)
  set(counters_libraries ${PHOTOFINISH_PFM})
  set(counters_definitions PF_WITH_PFM)
  list(APPEND build_contents "in: counters (event names by libpfm4)")
else()
  list(APPEND build_contents "in: counters (groups only: libpfm4-dev is missing)")
endif()
