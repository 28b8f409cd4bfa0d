# The network executor: ONNX by protobuf-c (code generated here from the official onnx.proto) and, where it is there,
# oneDNN. Sets network_libraries, network_definitions, network_excluded (sources that are left out) and two lines of
# status. Without protobuf-c or onnx.proto the public functions are there and say that they are not available.
option(PHOTOFINISH_NETWORK "Build the network executor" ON)
option(PHOTOFINISH_ONEDNN "Build the network executor's oneDNN backend" ON)

set(network_libraries)
set(network_definitions)
pkg_check_modules(PROTOBUF_C IMPORTED_TARGET libprotobuf-c>=1.3)
find_program(PHOTOFINISH_PROTOC_C protoc-c)
find_path(PHOTOFINISH_ONNX_PROTO onnx/onnx.proto)
find_path(PHOTOFINISH_DNNL_INCLUDE dnnl.h)
find_library(PHOTOFINISH_DNNL dnnl)
find_library(PHOTOFINISH_GOMP NAMES gomp libgomp.so.1)

if(NOT PHOTOFINISH_NETWORK)
  set(network_status "out: networks (PHOTOFINISH_NETWORK is off)")
elseif(NOT PROTOBUF_C_FOUND OR NOT PHOTOFINISH_PROTOC_C)
  set(network_status "out: networks (libprotobuf-c-dev or protobuf-c-compiler is missing)")
elseif(NOT PHOTOFINISH_ONNX_PROTO)
  set(network_status "out: networks (libonnx-dev, for its onnx.proto, is missing)")
else()
  set(network_status "in: networks (ONNX by protobuf-c ${PROTOBUF_C_VERSION})")
  set(network_on ON)
endif()

if(NOT network_on)
  set(network_excluded "core/nn/[a-z_]*\\.c$")
  list(APPEND network_definitions PF_WITHOUT_NETWORK)
  set(network_onednn_status "out: oneDNN (no networks)")
  return()
endif()

set(network_excluded "core/(base/network|scoring/pictures)_absent\\.c$")
set(generated ${CMAKE_BINARY_DIR}/generated)
add_custom_command(
  OUTPUT ${generated}/onnx.pb-c.c ${generated}/onnx.pb-c.h
  COMMAND ${CMAKE_COMMAND} -E make_directory ${generated}
  COMMAND ${PHOTOFINISH_PROTOC_C} --c_out=${generated} -I${PHOTOFINISH_ONNX_PROTO}/onnx
          ${PHOTOFINISH_ONNX_PROTO}/onnx/onnx.proto
  DEPENDS ${PHOTOFINISH_ONNX_PROTO}/onnx/onnx.proto VERBATIM)
add_library(photofinish_onnx STATIC ${generated}/onnx.pb-c.c ${generated}/onnx.pb-c.h)
target_compile_options(photofinish_onnx PRIVATE -w)
target_include_directories(photofinish_onnx SYSTEM PUBLIC ${generated})
target_link_libraries(photofinish_onnx PUBLIC PkgConfig::PROTOBUF_C)
list(APPEND network_libraries photofinish_onnx)

if(NOT PHOTOFINISH_ONEDNN)
  set(network_onednn_status "out: oneDNN (PHOTOFINISH_ONEDNN is off)")
elseif(NOT PHOTOFINISH_DNNL OR NOT PHOTOFINISH_DNNL_INCLUDE)
  set(network_onednn_status "out: oneDNN (libdnnl-dev is missing): networks run on the plain backend")
else()
  file(STRINGS ${PHOTOFINISH_DNNL_INCLUDE}/oneapi/dnnl/dnnl_version.h dnnl_version REGEX "DNNL_VERSION_(MAJOR|MINOR|PATCH) ")
  string(REGEX REPLACE "[^0-9;]" "" dnnl_version "${dnnl_version}")
  string(REPLACE ";" "." dnnl_version "${dnnl_version}")
  set(network_onednn_status "in: oneDNN ${dnnl_version}")
  list(APPEND network_definitions PF_WITH_ONEDNN)
  list(APPEND network_libraries ${PHOTOFINISH_DNNL})
  if(PHOTOFINISH_GOMP)
    list(APPEND network_libraries ${PHOTOFINISH_GOMP})
  endif()
endif()
if(NOT network_onednn_status MATCHES "^in")
  set(network_excluded "${network_excluded}|core/nn/onednn[a-z_]*\\.c$")
endif()
