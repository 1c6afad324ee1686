#include "base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace kith {

void check_failed(const char* expression, const char* file, int line) {
    static_cast<void>(
        std::fprintf(stderr, "kith: internal error: %s at %s:%d\n", expression, file, line));
    std::abort();
}

} // namespace kith
