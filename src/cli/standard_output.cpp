#include "cli/standard_output.hpp"

#include "cli/writing.hpp"

namespace kith::cli {

std::expected<void, Failure> print(std::string_view text, std::FILE* to) {
    const auto fails = [] { return failed("cannot write to standard output"); };
    if (std::fflush(to) != 0) return fails();
    const auto written = write_all(fileno(to), text);
    if (written) return {};
    if (written.error().signal) return interrupted_by(*written.error().signal);
    return fails();
}

} // namespace kith::cli
