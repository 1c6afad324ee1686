include(GoogleTest)

# What is built to be tested once, and has nothing to hurry for, is not worth optimising: compilers
# take three times as long for large headers then. KITH_QUICK is on where ./check builds.
function(kith_cold target)
  if(KITH_QUICK)
    target_compile_options(${target} PRIVATE -O0)
  endif()
endfunction()

# kith_layer(NAME [COLD] [LINKS target...]): a static library from every source of this folder, and
# one test program from the `*_test.cpp` files that lie beside them.
function(kith_layer name)
  cmake_parse_arguments(ARG "COLD" "" "LINKS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "*.cpp")
  set(tests ${sources})
  list(FILTER tests INCLUDE REGEX "_test\\.cpp$")
  list(FILTER sources EXCLUDE REGEX "(_test|main)\\.cpp$")
  if(sources)
    add_library(kith_${name} STATIC ${sources})
    target_link_libraries(kith_${name} PUBLIC kith_options ${ARG_LINKS})
    # In a unity build a layer is one source: its headers are read once.
    set_target_properties(kith_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 0)
    if(ARG_COLD)
      kith_cold(kith_${name})
    endif()
  else()
    add_library(kith_${name} INTERFACE)
    target_link_libraries(kith_${name} INTERFACE kith_options ${ARG_LINKS})
  endif()
  if(tests AND NOT KITH_FUZZ)
    kith_test(kith_${name}_tests SOURCES ${tests} LINKS kith_${name})
  endif()
endfunction()

# kith_test(NAME SOURCES file... LINKS target...): a GoogleTest program whose cases ctest knows.
function(kith_test name)
  cmake_parse_arguments(ARG "" "" "SOURCES;LINKS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE ${ARG_LINKS} GTest::gmock GTest::gtest_main)
  # Tests are many small files that include the same large headers.
  set_target_properties(${name} PROPERTIES
    RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests" UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 16)
  kith_cold(${name})
  gtest_discover_tests(${name} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT 300 LABELS unit)
endfunction()
