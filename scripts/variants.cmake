# Finds the folders of variants/ and generates the registry: a variant is registered by being there.
file(GLOB variant_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/variants/*/variant.c)
list(FILTER variant_sources EXCLUDE REGEX "${cluster_excluded}")
set(declarations "")
set(entries "")
foreach(source ${variant_sources})
  get_filename_component(folder ${source} DIRECTORY)
  get_filename_component(name ${folder} NAME)
  string(REPLACE "-" "_" symbol ${name})
  string(APPEND declarations "extern const struct pf_variant pf_variant_${symbol};\n")
  string(APPEND entries "\t&pf_variant_${symbol},\n")
endforeach()
file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/variant_registry.c @ONLY CONTENT
"/* Generated from the folders of variants/. */
#include \"photofinish/variant.h\"

@declarations@
const struct pf_variant *const pf_variant_registry[] = {
@entries@	NULL,
};
")
add_library(photofinish_variants OBJECT ${variant_sources} ${CMAKE_BINARY_DIR}/generated/variant_registry.c)
target_link_libraries(photofinish_variants PUBLIC photofinish_core)
