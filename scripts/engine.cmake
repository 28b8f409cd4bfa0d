# The scoring engine's libraries. Adds to core_libraries, and sets datasets_libraries, engine_includes,
# engine_definitions, build_contents.
enable_language(CXX)
pkg_check_modules(JPEG REQUIRED IMPORTED_TARGET libjpeg>=2.1)
pkg_check_modules(EXIF REQUIRED IMPORTED_TARGET libexif)
pkg_check_modules(CYAML REQUIRED IMPORTED_TARGET libcyaml)
# Not find_package(OpenCV): its configuration comes with the package of all modules, which is 20 times as large.
find_path(PHOTOFINISH_OPENCV_INCLUDE opencv2/objdetect.hpp PATH_SUFFIXES opencv4 REQUIRED)
foreach(module core imgproc objdetect)
  find_library(PHOTOFINISH_OPENCV_${module} opencv_${module} REQUIRED)
  list(APPEND opencv_libraries ${PHOTOFINISH_OPENCV_${module}})
endforeach()
find_file(PHOTOFINISH_CASCADE_FILE haarcascade_frontalface_default.xml
          PATHS /usr/share/opencv4/haarcascades /usr/local/share/opencv4/haarcascades REQUIRED)
set(PHOTOFINISH_POSE_MODEL ${CMAKE_SOURCE_DIR}/core/models/pose.onnx CACHE FILEPATH "The pose network used by default")
include(scripts/network.cmake)
include(scripts/cuda.cmake)

list(APPEND core_libraries PkgConfig::JPEG PkgConfig::EXIF PkgConfig::CYAML ${network_libraries})
set(datasets_libraries PkgConfig::JPEG PkgConfig::CYAML PkgConfig::EXIF)
set(opencv_version)
foreach(part MAJOR MINOR REVISION)
  file(STRINGS ${PHOTOFINISH_OPENCV_INCLUDE}/opencv2/core/version.hpp line REGEX "^#define CV_VERSION_${part} +[0-9]+" LIMIT_COUNT 1)
  string(REGEX MATCH "[0-9]+$" number "${line}")
  list(APPEND opencv_version ${number})
endforeach()
list(JOIN opencv_version . opencv_version)
set_property(SOURCE core/faces/opencv_load.c APPEND PROPERTY COMPILE_DEFINITIONS PF_OPENCV_VERSION="${opencv_version}")
set(engine_definitions PF_CASCADE_FILE="${PHOTOFINISH_CASCADE_FILE}" ${network_definitions})
set_property(SOURCE core/scoring/pose_defaults.c APPEND PROPERTY COMPILE_DEFINITIONS PF_POSE_MODEL="${PHOTOFINISH_POSE_MODEL}")
set(build_contents
    "in: engine (libjpeg-turbo ${JPEG_VERSION}, libexif ${EXIF_VERSION}, OpenCV faces)"
    ${network_status} ${network_onednn_status} ${cuda_status})
