#include "cli/standard_output.hpp"

namespace kith::cli {

std::expected<void, Failure> print(std::string_view text, std::FILE* to) {
    // What does not fit the buffer is written, or lost, at once; the flush does not tell of that.
    const bool is_taken = std::fwrite(text.data(), 1, text.size(), to) == text.size();
    if (std::fflush(to) != 0 || !is_taken) return failed("cannot write to standard output");
    return {};
}

} // namespace kith::cli
