// A report for people: one figure on each line.

#pragma once

#include <fmt/format.h>
#include <iterator>
#include <string>
#include <string_view>
#include <utility>

namespace kith::sim {

class TextTable {
public:
    template<class Value>
    void row(std::string_view label, const Value& value) {
        fmt::format_to(std::back_inserter(text_), "{:<28}{}\n", label, value);
    }

    void figure(std::string_view label, double value, std::string_view unit) {
        fmt::format_to(std::back_inserter(text_), "{:<28}{:.1f} {}\n", label, value, unit);
    }

    std::string take() { return std::move(text_); }

private:
    std::string text_;
};

} // namespace kith::sim
