# The launcher: a program without any library (what it takes itself is the floor of the memory that can be measured of a
# command), which lies inside the harness, so that it is there wherever the harness runs.
add_executable(photofinish_launcher harness/launcher/launcher.c)
target_compile_options(photofinish_launcher PRIVATE -fno-sanitize=all -Os)
target_link_options(photofinish_launcher PRIVATE -fno-sanitize=all -static -no-pie -s)
set_target_properties(photofinish_launcher PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/generated)
set(launcher_file ${CMAKE_BINARY_DIR}/generated/photofinish_launcher)
set(launcher_image ${CMAKE_SOURCE_DIR}/harness/launcher/launcher_image.c)
set_source_files_properties(${launcher_image} PROPERTIES OBJECT_DEPENDS ${launcher_file}
                            COMPILE_DEFINITIONS "PF_LAUNCHER_FILE=\"${launcher_file}\"")
