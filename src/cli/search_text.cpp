#include "cli/search_text.hpp"

#include "api/graph_text.hpp"
#include "base/guid.hpp"
#include "store/values.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <optional>
#include <vector>

namespace kith::cli {

namespace {

constexpr unsigned kDepthMax = 16; // what kithd takes

struct Comparison {
    std::string_view text;
    std::string_view name;

    bool orders() const { return name != "equal" && name != "notequal"; }
};

constexpr std::string_view kComparisonCharacters = "=<>";

// Longer ones first.
constexpr std::array kComparisons{
    Comparison{"!=", "notequal"},
    Comparison{"<=", "lessorequal"},
    Comparison{">=", "greaterorequal"},
    Comparison{"=", "equal"},
    Comparison{"<", "less"},
    Comparison{">", "greater"},
};

bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

bool is_name_character(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
        case '&':
            out += "&amp;";
            break;
        case '<':
            out += "&lt;";
            break;
        case '>':
            out += "&gt;";
            break;
        case '\r':
            out += "&#13;";
            break;
        default:
            out += c;
        }
    }
    return out;
}

// 2003, 2003-02, 2003-02-01 and what follows a T; kithd has the last word.
bool looks_like_date(std::string_view text) {
    const std::string_view day = text.substr(0, text.find('T'));
    const bool has_digits = day.size() >= 4 && std::ranges::all_of(day.substr(0, 4), is_digit);
    return has_digits && day.size() > 4 && day[4] == '-';
}

// -1, +1, 1.5, 1e9: numbers elsewhere, which the order of texts would make nonsense of.
bool looks_like_other_number(std::string_view text) {
    const bool has_sign = text.front() == '-' || text.front() == '+';
    const std::string_view digits = text.substr(has_sign ? 1 : 0);
    const bool begins = !digits.empty() && is_digit(digits.front());
    const bool is_numeric = std::ranges::all_of(
        digits, [](char c) { return is_digit(c) || std::string_view(".,e+-").contains(c); });
    const bool has_other = has_sign || !std::ranges::all_of(digits, is_digit);
    return begins && is_numeric && has_other && !looks_like_date(text);
}

class SearchParser {
public:
    explicit SearchParser(std::string_view text) : rest_(text) {}

    std::expected<std::string, Failure> parse() {
        auto out = any(0);
        if (!out) return out;
        skip_space();
        if (!rest_.empty()) return complain(fmt::format("\"{}\" is too much", rest_));
        return "<peersearch>" + *out + "</peersearch>";
    }

private:
    static std::unexpected<Failure> complain(std::string_view what) {
        return misused(fmt::format("{} in the search; it reads like: name=alice and age>30", what));
    }

    void skip_space() {
        while (!rest_.empty() && is_space(rest_.front()))
            rest_.remove_prefix(1);
    }

    // A word that stands alone.
    bool take_word(std::string_view word) {
        skip_space();
        if (!rest_.starts_with(word)) return false;
        const std::string_view behind = rest_.substr(word.size());
        const bool is_alone = behind.empty() || is_space(behind.front()) || behind.front() == '(';
        if (is_alone) rest_ = behind;
        return is_alone;
    }

    // NOLINTBEGIN(misc-no-recursion): at most kDepthMax deep
    std::expected<std::string, Failure> any(unsigned depth) {
        return joined("or", &SearchParser::all, depth);
    }

    std::expected<std::string, Failure> all(unsigned depth) {
        return joined("and", &SearchParser::part, depth);
    }

    std::expected<std::string, Failure> joined(
        std::string_view word,
        std::expected<std::string, Failure> (SearchParser::*inner)(unsigned),
        unsigned depth) {
        std::string parts;
        std::size_t count = 0;
        do {
            auto one = (this->*inner)(depth);
            if (!one) return one;
            parts += *one;
            ++count;
        } while (take_word(word));
        return count == 1 ? parts : fmt::format("<{0}>{1}</{0}>", word, parts);
    }

    std::expected<std::string, Failure> part(unsigned depth) {
        skip_space();
        if (!rest_.starts_with('(')) return clause();
        if (depth == kDepthMax) return complain("too many brackets");
        rest_.remove_prefix(1);
        auto inside = any(depth + 1);
        if (!inside) return inside;
        skip_space();
        if (!rest_.starts_with(')')) return complain("a closing bracket is missing");
        rest_.remove_prefix(1);
        return inside;
    }
    // NOLINTEND(misc-no-recursion)

    std::string_view take_name() {
        skip_space();
        std::size_t size = 0;
        while (size < rest_.size() && is_name_character(rest_[size]))
            ++size;
        const std::string_view name = rest_.substr(0, size);
        rest_.remove_prefix(size);
        return name;
    }

    const Comparison* take_comparison() {
        skip_space();
        const auto* found = std::ranges::find_if(
            kComparisons, [this](const Comparison& one) { return rest_.starts_with(one.text); });
        if (found == kComparisons.end()) return nullptr;
        rest_.remove_prefix(found->text.size());
        return found;
    }

    // Nothing if a quote does not end.
    std::optional<std::string> take_quoted() {
        std::string value;
        rest_.remove_prefix(1);
        while (!rest_.empty() && rest_.front() != '"') {
            // Other backslashes belong to the search itself: they stand before wildcards.
            if (rest_.starts_with("\\\"")) rest_.remove_prefix(1);
            value += rest_.front();
            rest_.remove_prefix(1);
        }
        if (rest_.empty()) return std::nullopt;
        rest_.remove_prefix(1);
        return value;
    }

    std::string take_bare() {
        std::size_t size = 0;
        while (size < rest_.size() && !is_space(rest_[size]) && rest_[size] != ')' &&
               rest_[size] != '(')
            ++size;
        std::string value(rest_.substr(0, size));
        rest_.remove_prefix(size);
        return value;
    }

    std::expected<std::string, Failure> clause() {
        const std::string name(take_name());
        if (name.empty()) {
            return rest_.empty() ? complain("an attribute is missing at the end")
                                 : complain(fmt::format("\"{}\" begins with no attribute", rest_));
        }
        std::string type;
        if (rest_.starts_with(':')) {
            rest_.remove_prefix(1);
            type = take_name();
            if (type != "string" && type != "int" && type != "date") {
                return complain(
                    fmt::format("\"{}\" is none of the types string, int and date", type));
            }
        }
        const Comparison* comparison = take_comparison();
        if (comparison == nullptr) {
            return complain(
                fmt::format("a comparison (=, !=, <, <=, >, >=) is missing after {}", name));
        }
        skip_space();
        const bool is_quoted = rest_.starts_with('"');
        std::string value;
        if (is_quoted) {
            auto quoted = take_quoted();
            if (!quoted) return complain("a quote does not end");
            value = std::move(*quoted);
        } else {
            value = take_bare();
            if (value.empty()) return complain(fmt::format("a value is missing after {}", name));
            const bool is_comparison = kComparisonCharacters.contains(value.front());
            if (is_comparison) {
                return complain(fmt::format(
                    "\"{}{}\" is no comparison; a value that begins so stands in quotes",
                    comparison->text,
                    value.front()));
            }
            if (type.empty() && comparison->orders() && looks_like_other_number(value)) {
                return complain(fmt::format(
                    "\"{}\" is no number of digits alone; as a text it stands in quotes", value));
            }
        }
        return clauses(name, type, *comparison, value, is_quoted);
    }

    static std::string clauses(
        const std::string& name,
        std::string type,
        const Comparison& comparison,
        std::string value,
        bool is_quoted) {
        const bool orders = comparison.orders();
        const bool is_number = !is_quoted && std::ranges::all_of(value, is_digit);
        const bool is_time = name == "peercreationtime" || name == "peerlastmodificationtime";
        if (type.empty() && is_time) type = "date";
        if (name == "peerrecordtype" && !orders) {
            // A word stands for its GUID, as everywhere; what has wildcards is no word.
            if (const auto guid = api::parse_record_type(value)) value = to_string(*guid);
            if (type.empty()) type = "string";
        }
        const auto written = [&](std::string_view as) {
            return fmt::format(
                R"(<clause attrib="{}" type="{}" compare="{}">{}</clause>)",
                name,
                as,
                comparison.name,
                escaped(value));
        };
        if (!type.empty()) return written(type);
        if (is_number && orders) return written("int");
        if (is_number) return "<or>" + written("string") + written("int") + "</or>";
        if (!is_quoted && orders && looks_like_date(value)) return written("date");
        if (!is_quoted && looks_like_date(value) && store::parse_date(value)) {
            return "<or>" + written("string") + written("date") + "</or>";
        }
        return written("string");
    }

    std::string_view rest_;
};

} // namespace

std::expected<std::string, Failure> search_document(std::string_view text) {
    // A document from a file or another line begins where its first character is.
    std::string_view begun = text;
    while (!begun.empty() && is_space(begun.front()))
        begun.remove_prefix(1);
    if (begun.starts_with('<')) return std::string(begun);
    return SearchParser(text).parse();
}

} // namespace kith::cli
