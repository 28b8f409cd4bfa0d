# The scoring service, by libmicrohttpd, where that is there. Sets serve_libraries, and serve_excluded (sources that are
# left out).
set(serve_libraries)
set(serve_excluded)
pkg_check_modules(MICROHTTPD IMPORTED_TARGET libmicrohttpd>=0.9.75)
if(MICROHTTPD_FOUND)
  set(serve_libraries PkgConfig::MICROHTTPD)
  set(serve_page ${CMAKE_SOURCE_DIR}/harness/serve/page.html)
  set_source_files_properties(${CMAKE_SOURCE_DIR}/harness/serve/serve_live.c PROPERTIES OBJECT_DEPENDS ${serve_page}
                              COMPILE_DEFINITIONS "PF_PAGE_FILE=\"${serve_page}\"")
  list(APPEND build_contents "in: serve (libmicrohttpd ${MICROHTTPD_VERSION})")
else()
  set(serve_excluded "harness/(serve/(serve|serve_engine|serve_http|serve_live|serve_answer|serve_head)\\.c|cli/cmd_serve\\.c)$")
  list(APPEND build_contents "out: serve (libmicrohttpd-dev is missing)")
endif()
