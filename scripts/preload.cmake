# Objects of their own: preloaded into profiled trials they count allocations, or take samples. They lie beside the program in the build
# tree, and in a folder of its own below the libraries when installed. Sanitizers have an allocator of their own.
include(GNUInstallDirs)
file(RELATIVE_PATH preload_from_program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR}/photofinish)
target_compile_definitions(photofinish_harness PRIVATE PF_PRELOAD_FROM_PROGRAM="${preload_from_program}")
if(NOT PHOTOFINISH_SANITIZE)
  # What samples threads where perf events are not allowed: in the light build, too.
  add_library(photofinish_samples MODULE harness/preload/timer_sampler.c)
  target_link_libraries(photofinish_samples PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(photofinish_samples PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  add_dependencies(photofinish photofinish_samples)
  install(TARGETS photofinish_samples LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/photofinish)
endif()
if(PHOTOFINISH_ENGINE AND NOT PHOTOFINISH_SANITIZE)
  add_library(photofinish_allocations MODULE harness/preload/allocation_counter.c)
  # The compiler knows what malloc does, and would write it out of its own definition.
  target_compile_options(photofinish_allocations PRIVATE -fno-builtin)
  target_link_libraries(photofinish_allocations PRIVATE Threads::Threads ${CMAKE_DL_LIBS})
  set_target_properties(photofinish_allocations PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  add_dependencies(photofinish photofinish_allocations)
  # What `calibrate` makes libraries slower with.
  add_library(photofinish_slowed MODULE harness/preload/slowed.c)
  target_link_libraries(photofinish_slowed PRIVATE ${CMAKE_DL_LIBS})
  target_link_options(photofinish_slowed PRIVATE -Wl,-Bsymbolic) # the program's own library has such a table, too
  set_target_properties(photofinish_slowed PROPERTIES PREFIX "" LIBRARY_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
  add_dependencies(photofinish photofinish_slowed)
  install(TARGETS photofinish_allocations photofinish_slowed LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/photofinish)
endif()
