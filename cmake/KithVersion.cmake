# The commit that a binary was built from: a failure is one line (command, seed, commit).
find_package(Git QUIET)
set(KITH_COMMIT "unknown")
if(GIT_FOUND)
  execute_process(
    COMMAND "${GIT_EXECUTABLE}" rev-parse --short=12 HEAD
    WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}"
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(KITH_COMMIT "${commit}")
  endif()
endif()
file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/generated/kith_version.hpp" CONTENT
"#pragma once

inline constexpr const char* kKithVersion = \"@PROJECT_VERSION@\";
inline constexpr const char* kKithCommit = \"@KITH_COMMIT@\";
" @ONLY)
