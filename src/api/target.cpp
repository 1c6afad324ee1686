#include "api/target.hpp"

#include "api/encoding.hpp"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace kith::api {

namespace {

std::optional<std::vector<std::string>> split_path(std::string_view path) {
    if (!path.starts_with('/')) return std::nullopt;
    std::vector<std::string> out;
    while (!path.empty()) {
        path.remove_prefix(1);
        const std::size_t end = std::min(path.find('/'), path.size());
        auto part = percent_decode(path.substr(0, end));
        if (!part || out.size() == kPathPartsMax) return std::nullopt;
        out.push_back(std::move(*part));
        path.remove_prefix(end);
    }
    return out;
}

} // namespace

std::optional<std::string> Parameters::text(std::string_view name) {
    auto all = texts(name);
    if (all.empty()) return std::nullopt;
    return std::move(all.back());
}

std::vector<std::string> Parameters::texts(std::string_view name) {
    std::vector<std::string> out;
    for (auto& [key, value] : pairs_) {
        if (key == name) out.push_back(std::move(value));
    }
    std::erase_if(pairs_, [name](const auto& pair) { return pair.first == name; });
    return out;
}

std::int64_t Parameters::number_or(
    std::string_view name, std::int64_t fallback, std::int64_t min, std::int64_t max) {
    const auto given = text(name);
    if (!given) return fallback;
    std::int64_t value = 0;
    const char* end = given->data() + given->size();
    const auto [stop, error] = std::from_chars(given->data(), end, value);
    if (error == std::errc{} && stop == end && value >= min && value <= max) return value;
    if (!error_) {
        error_ = Error{
            ErrorCode::bad_request,
            fmt::format(
                "the parameter \"{}\" has to be a whole number from {} to {}", name, min, max)};
    }
    return fallback;
}

std::expected<void, Error> Parameters::finish() const {
    if (error_) return std::unexpected(*error_);
    if (pairs_.empty()) return {};
    return std::unexpected(Error{
        ErrorCode::bad_request, fmt::format("unknown parameter \"{}\"", pairs_.front().first)});
}

std::optional<Target> parse_target(std::string_view text) {
    const std::size_t mark = std::min(text.find('?'), text.size());
    auto path = split_path(text.substr(0, mark));
    if (!path) return std::nullopt;
    text.remove_prefix(mark);
    std::vector<std::pair<std::string, std::string>> pairs;
    while (!text.empty()) {
        text.remove_prefix(1);
        const std::size_t end = std::min(text.find('&'), text.size());
        const std::string_view pair = text.substr(0, end);
        const std::size_t equals = std::min(pair.find('='), pair.size());
        auto name = percent_decode(pair.substr(0, equals));
        auto value = percent_decode(pair.substr(std::min(equals + 1, pair.size())));
        if (!name || !value || pairs.size() == kParametersMax) return std::nullopt;
        if (!pair.empty()) pairs.emplace_back(std::move(*name), std::move(*value));
        text.remove_prefix(end);
    }
    return Target{std::move(*path), Parameters(std::move(pairs))};
}

std::optional<std::vector<std::string>>
match_path(std::string_view pattern, const std::vector<std::string>& path) {
    std::vector<std::string> arguments;
    for (const std::string& part : path) {
        if (pattern.empty()) return std::nullopt;
        pattern.remove_prefix(1);
        const std::size_t end = std::min(pattern.find('/'), pattern.size());
        const std::string_view expected = pattern.substr(0, end);
        if (expected == "*") {
            arguments.push_back(part);
        } else if (expected != part) {
            return std::nullopt;
        }
        pattern.remove_prefix(end);
    }
    if (!pattern.empty()) return std::nullopt;
    return arguments;
}

} // namespace kith::api
