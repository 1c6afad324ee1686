// Numbers of the command line, read here: the library would take 010 for eight and -1 for a large
// number.

#pragma once

#include <system_error>

#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <string>
#include <string_view>

namespace kith::sim {

template<class Number>
struct Range {
    std::string_view option;
    Number min;
    Number max;
};

/// Leaves `out` alone where the option is not there. Nothing, or what is wrong with its text.
template<class Number, class Out>
std::optional<std::string>
read_number(const std::optional<std::string>& text, const Range<Number>& range, Out& out) {
    if (!text) return std::nullopt;
    Number value{};
    const char* end = text->data() + text->size();
    const auto [stop, error] = std::from_chars(text->data(), end, value);
    // Written so that a value that is no number is outside as well.
    const bool is_inside = value >= range.min && value <= range.max;
    if (error == std::errc{} && stop == end && is_inside) {
        out = value;
        return std::nullopt;
    }
    return fmt::format(
        "kith-sim: {}: {} is not a number from {} to {}\n",
        range.option,
        *text,
        range.min,
        range.max);
}

/// As short as it can be said.
inline std::string number_text(double value) {
    return fmt::format("{:g}", value);
}

} // namespace kith::sim
