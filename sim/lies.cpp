#include "sim/lies.hpp"

#include <array>

namespace kith::sim {

namespace {

constexpr std::array<std::string_view, kLies> kNames{
    "forged",
    "replayed",
    "expired",
    "neighbours",
    "dead-ends",
    "claims",
    "floods",
    "malformed",
    "silence"};

std::optional<Lie> lie_of(std::string_view name) {
    for (std::size_t i = 0; i < kLies; ++i) {
        if (kNames[i] == name) return static_cast<Lie>(i);
    }
    return std::nullopt;
}

} // namespace

std::string_view to_string(Lie lie) {
    return kNames[static_cast<std::size_t>(lie)];
}

std::optional<Lies> Lies::parse(std::string_view text) {
    if (text == "all") return all();
    if (text == "none") return none();
    Lies lies;
    for (;;) {
        const std::size_t comma = text.find(',');
        const auto lie = lie_of(text.substr(0, comma));
        if (!lie) return std::nullopt;
        lies.add(*lie);
        if (comma == std::string_view::npos) return lies;
        text.remove_prefix(comma + 1);
    }
}

std::string to_string(const Lies& lies) {
    if (lies == Lies::all()) return "all";
    if (lies.empty()) return "none";
    std::string text;
    for (std::size_t i = 0; i < kLies; ++i) {
        if (!lies.has(static_cast<Lie>(i))) continue;
        if (!text.empty()) text += ',';
        text += kNames[i];
    }
    return text;
}

} // namespace kith::sim
