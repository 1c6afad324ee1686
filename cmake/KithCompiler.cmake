# One place for what every target is compiled with. Warnings are errors in every preset.
set(CMAKE_CXX_STANDARD 23)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

option(KITH_FUZZ "Build the fuzz targets with libFuzzer (clang only)" OFF)
set(KITH_SANITIZE "" CACHE STRING "Sanitizers for every target, as in -fsanitize=")

# Paths below the checkout count relative to it, so that two clones share one cache.
find_program(KITH_CCACHE ccache)
if(KITH_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND}" -E env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1 "${KITH_CCACHE}")
endif()

add_library(kith_options INTERFACE)
target_include_directories(kith_options INTERFACE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
target_compile_options(kith_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wold-style-cast
  -Wnon-virtual-dtor -Woverloaded-virtual -Wcast-align -Wimplicit-fallthrough -Wextra-semi
  -fno-omit-frame-pointer -fstack-protector-strong)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # g++ 12 reports these inside its own std::expected, std::optional and std::vector once inlined.
  target_compile_options(kith_options INTERFACE
    -Wno-maybe-uninitialized -Wno-array-bounds -Wno-stringop-overflow -Wno-restrict)
  # To a unity build every source is an included file, which this warning is about.
  target_compile_options(kith_options INTERFACE -Wno-subobject-linkage)
endif()

if(KITH_SANITIZE)
  target_compile_options(kith_options INTERFACE
    -fsanitize=${KITH_SANITIZE} -fno-sanitize-recover=all)
  # The linker that comes with clang takes a third of the time for what sanitizers make.
  target_link_options(kith_options INTERFACE -fsanitize=${KITH_SANITIZE} -fuse-ld=lld)
endif()
if(KITH_FUZZ)
  target_compile_options(kith_options INTERFACE -fsanitize=fuzzer-no-link)
  target_link_options(kith_options INTERFACE -fsanitize=fuzzer-no-link)
endif()

# Debug beliefs (KITH_ASSUME) are checked in debug, sanitizer and fuzz builds, and in the simulator.
if(NOT CMAKE_BUILD_TYPE STREQUAL "Release" OR KITH_SANITIZE)
  target_compile_definitions(kith_options INTERFACE KITH_CHECK_ASSUMPTIONS=1)
endif()
target_link_libraries(kith_options INTERFACE fmt::fmt)
