# Run at each build: writes SOURCE_FILE, and leaves it alone where it says the same already. A tree
# without git, as from an archive, is of an unknown commit, whatever repository it lies in.
cmake_minimum_required(VERSION 3.25)
set(KITH_COMMIT "unknown")
if(GIT)
  cmake_path(GET TREE PARENT_PATH above)
  set(ENV{GIT_CEILING_DIRECTORIES} "${above}")
  execute_process(
    COMMAND "${GIT}" rev-parse --short=12 HEAD
    WORKING_DIRECTORY "${TREE}"
    OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
  if(NOT failed)
    set(KITH_COMMIT "${commit}")
  endif()
endif()
file(CONFIGURE OUTPUT "${SOURCE_FILE}" CONTENT
"#include \"kith_version.hpp\"

const char* const kKithCommit = \"@KITH_COMMIT@\";
" @ONLY)
