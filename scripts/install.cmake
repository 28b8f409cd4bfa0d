# cmake --install: program, library, public headers, what they need at run time, and how others build against them.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

file(RELATIVE_PATH library_from_program ${CMAKE_INSTALL_FULL_BINDIR} ${CMAKE_INSTALL_FULL_LIBDIR})
file(RELATIVE_PATH data_from_library ${CMAKE_INSTALL_FULL_LIBDIR} ${CMAKE_INSTALL_FULL_DATADIR}/photofinish)
file(RELATIVE_PATH doc_from_data ${CMAKE_INSTALL_FULL_DATADIR}/photofinish ${CMAKE_INSTALL_FULL_DOCDIR})
file(RELATIVE_PATH prefix_from_pc ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig ${CMAKE_INSTALL_PREFIX})
# A prefix that was moved still works: the library finds its data, the program its library, from where they lie.
target_compile_definitions(photofinish_objects PRIVATE PF_DATA_FROM_LIBRARY="${data_from_library}")
target_compile_definitions(photofinish_harness PRIVATE PF_DOC_FROM_DATA="${doc_from_data}")
set_property(SOURCE harness/cli/help_topics.c APPEND PROPERTY COMPILE_DEFINITIONS PF_DOC_DIR="${CMAKE_SOURCE_DIR}/docs")
# The same in the build tree: one that is changed when it is installed gets empty entries from CMake, and the dynamic linker takes an
# empty one for the current folder, where a stranger's libjansson.so.4 may lie.
set_target_properties(photofinish PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH "$ORIGIN;$ORIGIN/${library_from_program}")
target_include_directories(photofinish_core INTERFACE $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
set_target_properties(photofinish_core PROPERTIES EXPORT_NAME photofinish)

install(TARGETS photofinish RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(TARGETS photofinish_core EXPORT photofinish LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(PHOTOFINISH_ENGINE)
  install(TARGETS photofinish_opencv LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/photofinish)
  set(pc_description "The scoring engine of photofinish and the contract of its variants")
  install(DIRECTORY core/include/photofinish DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
  install(DIRECTORY results/calibration DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish FILES_MATCHING PATTERN "*.json")
  install(FILES harness/gate/gate_tree.sh DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/gate)
  install(DIRECTORY datasets/specs DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish)
  string(REGEX REPLACE "\\.onnx$" ".yaml" pose_card ${PHOTOFINISH_POSE_MODEL})
  install(FILES ${PHOTOFINISH_POSE_MODEL} DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/models RENAME pose.onnx OPTIONAL)
  install(FILES ${pose_card} DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/models RENAME pose.yaml OPTIONAL)
  string(REGEX REPLACE "\\.onnx$" ".bytes.yaml" pose_ranges ${PHOTOFINISH_POSE_MODEL})
  install(FILES ${pose_ranges} DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/models RENAME pose.bytes.yaml OPTIONAL)
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN __pycache__ EXCLUDE)
else()
  set(pc_description "Execution toolkit and spans of photofinish, without the scoring engine")
  list(TRANSFORM light_headers REPLACE "(.+)" "core/include/photofinish/\\1.h")
  install(FILES ${light_headers} DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/photofinish)
  install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} PATTERN examples EXCLUDE)
  install(DIRECTORY docs/examples/spans docs/examples/workload docs/examples/bench DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)
endif()

if(micro_libraries)
  install(FILES harness/micro/gbench.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/photofinish)
endif()

# What man and the shells read, written by the program itself.
set(written ${CMAKE_BINARY_DIR}/generated/written)
set(written_files ${written}/photofinish.1 ${written}/photofinish.bash ${written}/_photofinish ${written}/photofinish.fish)
file(MAKE_DIRECTORY ${written})
add_custom_command(OUTPUT ${written_files} DEPENDS photofinish VERBATIM
  COMMAND photofinish man-page > ${written}/photofinish.1
  COMMAND photofinish completion bash > ${written}/photofinish.bash
  COMMAND photofinish completion zsh > ${written}/_photofinish
  COMMAND photofinish completion fish > ${written}/photofinish.fish)
add_custom_target(photofinish_written ALL DEPENDS ${written_files})
install(FILES ${written}/photofinish.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${written}/photofinish.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME photofinish)
install(FILES ${written}/_photofinish DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${written}/photofinish.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)

# The report, with what it needs of the library that draws charts, if scripts/setup has installed that.
install(DIRECTORY report/ DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/report PATTERN node_modules EXCLUDE PATTERN ".npmrc" EXCLUDE)
install(DIRECTORY report/node_modules/echarts DESTINATION ${CMAKE_INSTALL_DATADIR}/photofinish/report/node_modules OPTIONAL
        FILES_MATCHING REGEX "/echarts/(package\\.json|LICENSE|NOTICE|dist/package\\.json|dist/echarts\\.min\\.js)$"
        PATTERN lib EXCLUDE PATTERN types EXCLUDE PATTERN i18n EXCLUDE PATTERN theme EXCLUDE PATTERN extension EXCLUDE
        PATTERN licenses EXCLUDE PATTERN asset EXCLUDE PATTERN ssr EXCLUDE)

configure_file(scripts/photofinish.pc.in ${CMAKE_BINARY_DIR}/generated/photofinish.pc @ONLY)
install(FILES ${CMAKE_BINARY_DIR}/generated/photofinish.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

install(EXPORT photofinish NAMESPACE photofinish:: FILE photofinish-config.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/photofinish)
write_basic_package_version_file(${CMAKE_BINARY_DIR}/generated/photofinish-config-version.cmake
                                 COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/generated/photofinish-config-version.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/photofinish)
