// Values of attributes in the form in which they are compared.

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace kith::store {

/// A number of any length so that the order of bytes is that of numbers. Nothing unless `digits` is
/// one or more of 0 to 9.
std::optional<std::string> number_key(std::string_view digits);

/// A date as of W3C NOTE-datetime: a year, a month, a day, or a time of day with its zone; the
/// first instant of what it names, in ticks of 100 ns since 1601-01-01 00:00 UTC (before: negative;
/// digits beyond the seventh of a fraction are dropped). Nothing if it is none.
std::optional<std::int64_t> parse_date(std::string_view text);

/// The text of a clause: `*` stands for any characters, `?` for one, a backslash before one of
/// these or before itself takes its meaning away.
class TextPattern {
public:
    /// Nothing if a backslash stands before anything else, or last.
    static std::optional<TextPattern> parse(std::string_view text);

    bool has_wildcards() const { return has_wildcards_; }

    /// The pattern for whoever keeps it as bytes, and back: not its text.
    std::string_view tokens() const { return tokens_; }
    static TextPattern from_tokens(std::string_view tokens);

    /// What stands before the first wildcard: everything if there is none.
    std::string_view prefix() const;

    /// Characters count as code points; the case matters. Time at most in proportion to the product
    /// of the two lengths.
    bool matches(std::string_view text) const;

private:
    std::string tokens_; // bytes that UTF-8 never has stand for the wildcards
    bool has_wildcards_ = false;
};

} // namespace kith::store
