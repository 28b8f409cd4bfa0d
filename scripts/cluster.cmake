# Many hosts (core/cluster/, variants/cluster/): Redis by hiredis, where it is there. Adds to core_libraries, and sets
# cluster_excluded: what is left out of core, of the variants and of the harness.
pkg_check_modules(HIREDIS IMPORTED_TARGET hiredis>=0.14)
if(HIREDIS_FOUND)
  list(APPEND core_libraries PkgConfig::HIREDIS)
  set(cluster_excluded "core/cluster/none$")
  list(APPEND build_contents "in: cluster (many hosts, Redis by hiredis)")
else()
  set(cluster_excluded "core/cluster/[a-z_]*\\.c$|variants/cluster/variant\\.c$|harness/host/[a-z_]*\\.c$|harness/cli/cmd_work\\.c$")
  list(APPEND build_contents "out: cluster (libhiredis-dev is missing)")
endif()
