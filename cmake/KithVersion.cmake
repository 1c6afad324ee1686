# The version, and the commit that a binary was built from: a failure is one line (command, seed,
# commit). The commit is looked up by each build, not by the configuration, which may be days older;
# one small object is made anew when it has changed, and what is linked with it.
find_package(Git QUIET)
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/kith_version.hpp" CONTENT
"#pragma once

inline constexpr const char* kKithVersion = \"@PROJECT_VERSION@\";
extern const char* const kKithCommit;
" @ONLY)

set(kith_commit_source "${CMAKE_BINARY_DIR}/generated/kith_commit.cpp")
add_custom_target(kith_commit
  COMMAND "${CMAKE_COMMAND}" "-DGIT=${GIT_EXECUTABLE}" "-DTREE=${CMAKE_SOURCE_DIR}"
    "-DSOURCE_FILE=${kith_commit_source}" -P "${CMAKE_CURRENT_LIST_DIR}/KithCommit.cmake"
  BYPRODUCTS "${kith_commit_source}"
  VERBATIM)
add_library(kith_version STATIC "${kith_commit_source}")
add_dependencies(kith_version kith_commit)
target_link_libraries(kith_version PRIVATE kith_options)
target_include_directories(kith_version PUBLIC "${CMAKE_BINARY_DIR}/generated")
