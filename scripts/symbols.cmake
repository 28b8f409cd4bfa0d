# Profiles: functions get their names by libdw, where it is there. Sets symbols_libraries and symbols_definitions. Without it
# only code whose maker has written a map, and the kernel's, has names.
find_path(PHOTOFINISH_DW_INCLUDE elfutils/libdwfl.h)
find_library(PHOTOFINISH_DW dw)
find_library(PHOTOFINISH_ELF elf)
set(symbols_libraries)
set(symbols_definitions)
if(PHOTOFINISH_DW_INCLUDE AND PHOTOFINISH_DW AND PHOTOFINISH_ELF)
  set(symbols_libraries ${PHOTOFINISH_DW} ${PHOTOFINISH_ELF})
  set(symbols_definitions PF_WITH_DW)
  list(APPEND build_contents "in: profiles (names of functions by libdw)")
else()
  list(APPEND build_contents "in: profiles (without names of functions: libdw-dev is missing)")
endif()
