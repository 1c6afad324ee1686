#include "store/values.hpp"

#include "base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace kith::store {
namespace {

constexpr char kAny = '\xFF';
constexpr char kOne = '\xFE';

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Reads a date from the front of a text; one failure fails all that follows.
class DateReader {
public:
    explicit DateReader(std::string_view text) : rest_(text) {}

    int number(std::size_t digits, int lowest, int highest) {
        if (rest_.size() < digits ||
            !std::all_of(rest_.begin(), rest_.begin() + digits, is_digit)) {
            failed_ = true;
            return 0;
        }
        int value = 0;
        for (const char c : rest_.substr(0, digits))
            value = 10 * value + (c - '0');
        rest_.remove_prefix(digits);
        if (value < lowest || value > highest) failed_ = true;
        return value;
    }

    bool take(char c) {
        if (!rest_.starts_with(c)) return false;
        rest_.remove_prefix(1);
        return true;
    }

    void expect(char c) {
        if (!take(c)) failed_ = true;
    }

    std::string_view take_digits() {
        const std::size_t size = std::min(
            rest_.size(),
            static_cast<std::size_t>(
                std::find_if_not(rest_.begin(), rest_.end(), is_digit) - rest_.begin()));
        const std::string_view digits = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (digits.empty()) failed_ = true;
        return digits;
    }

    bool at_end() const { return rest_.empty(); }
    bool failed() const { return failed_; }

private:
    std::string_view rest_;
    bool failed_ = false;
};

constexpr std::int64_t kTicksPerSecond = 10'000'000;

/// Seconds and their fraction, in ticks.
std::int64_t read_seconds(DateReader& in) {
    if (!in.take(':')) return 0;
    std::int64_t ticks = in.number(2, 0, 59) * kTicksPerSecond;
    if (in.take('.')) {
        std::int64_t unit = kTicksPerSecond;
        for (const char c : in.take_digits()) {
            unit /= 10;
            ticks += (c - '0') * unit;
        }
    }
    return ticks;
}

/// How far the zone is ahead of UTC, in minutes.
int read_zone(DateReader& in) {
    if (in.take('Z')) return 0;
    const bool is_behind = in.take('-');
    if (!is_behind) in.expect('+');
    const int hours = in.number(2, 0, 23);
    in.expect(':');
    const int minutes = hours * 60 + in.number(2, 0, 59);
    return is_behind ? -minutes : minutes;
}

std::size_t after_one_character(std::string_view text, std::size_t at) {
    do {
        ++at;
    } while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
    return at;
}

} // namespace

std::optional<std::string> number_key(std::string_view digits) {
    if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return std::nullopt;
    digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
    std::string key;
    key.reserve(4 + digits.size());
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
        key.push_back(static_cast<char>(digits.size() >> shift & 0xFFU));
    }
    key += digits;
    return key;
}

std::optional<std::int64_t> parse_date(std::string_view text) {
    DateReader in(text);
    const int year = in.number(4, 0, 9999);
    const int month = in.take('-') ? in.number(2, 1, 12) : 0;
    const int day = month != 0 && in.take('-') ? in.number(2, 1, 31) : 0;
    const std::chrono::year_month_day date{
        std::chrono::year(year),
        std::chrono::month(static_cast<unsigned>(std::max(month, 1))),
        std::chrono::day(static_cast<unsigned>(std::max(day, 1)))};
    std::int64_t ticks = 0;
    if (day != 0 && in.take('T')) {
        ticks = in.number(2, 0, 23) * std::int64_t{60};
        in.expect(':');
        ticks += in.number(2, 0, 59);
        ticks *= 60 * kTicksPerSecond;
        ticks += read_seconds(in);
        ticks -= read_zone(in) * 60 * kTicksPerSecond;
    }
    if (in.failed() || !in.at_end() || !date.ok()) return std::nullopt;
    const std::chrono::seconds since_1970 = std::chrono::sys_days(date).time_since_epoch();
    return (since_1970 + kUnixEpochAfter1601).count() * kTicksPerSecond + ticks;
}

std::optional<TextPattern> TextPattern::parse(std::string_view text) {
    TextPattern pattern;
    for (std::size_t at = 0; at < text.size(); ++at) {
        char c = text[at];
        if (c == '\\') {
            if (++at == text.size()) return std::nullopt;
            c = text[at];
            if (c != '*' && c != '?' && c != '\\') return std::nullopt;
        } else if (c == '*' || c == '?') {
            pattern.has_wildcards_ = true;
            c = c == '*' ? kAny : kOne;
        }
        pattern.tokens_.push_back(c);
    }
    return pattern;
}

TextPattern TextPattern::from_tokens(std::string_view tokens) {
    TextPattern pattern;
    pattern.tokens_ = tokens;
    pattern.has_wildcards_ = pattern.prefix().size() != tokens.size();
    return pattern;
}

std::string_view TextPattern::prefix() const {
    return std::string_view(tokens_).substr(0, tokens_.find_first_of("\xFE\xFF"));
}

bool TextPattern::matches(std::string_view text) const {
    if (!has_wildcards_) return text == tokens_;
    constexpr std::size_t kNever = std::string_view::npos;
    std::size_t token = 0;
    std::size_t at = 0;
    std::size_t any_token = kNever; // the last `*` met: what may be tried again with it longer
    std::size_t any_at = 0;
    while (at < text.size()) {
        if (token < tokens_.size() && tokens_[token] == kAny) {
            any_token = token++;
            any_at = at;
        } else if (token < tokens_.size() && tokens_[token] == kOne) {
            ++token;
            at = after_one_character(text, at);
        } else if (token < tokens_.size() && tokens_[token] == text[at]) {
            ++token;
            ++at;
        } else if (any_token != kNever) {
            any_at = after_one_character(text, any_at);
            at = any_at;
            token = any_token + 1;
        } else {
            return false;
        }
    }
    return tokens_.find_first_not_of(kAny, token) == std::string::npos;
}

} // namespace kith::store
