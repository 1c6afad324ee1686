#include "sim/graph_lies.hpp"

#include <algorithm>
#include <array>

namespace kith::sim {

std::string_view to_string(GraphLie lie) {
    constexpr std::array<std::string_view, kGraphLies> kNames{
        "floods", "sizes", "replays", "future", "holds", "slow"};
    return lie < GraphLie::count ? kNames[static_cast<std::size_t>(lie)] : "none";
}

std::vector<GraphLie> all_graph_lies() {
    std::vector<GraphLie> all;
    all.reserve(kGraphLies);
    for (std::size_t i = 0; i < kGraphLies; ++i)
        all.push_back(static_cast<GraphLie>(i));
    return all;
}

std::optional<std::vector<GraphLie>> parse_graph_lies(std::string_view list) {
    const std::vector<GraphLie> all = all_graph_lies();
    std::vector<GraphLie> out;
    while (true) {
        const std::size_t end = list.find(',');
        const std::string_view name = list.substr(0, end);
        const auto found =
            std::ranges::find_if(all, [&](GraphLie lie) { return to_string(lie) == name; });
        if (found == all.end() || std::ranges::count(out, *found) > 0) return std::nullopt;
        out.push_back(*found);
        if (end == std::string_view::npos) return out;
        list.remove_prefix(end + 1);
    }
}

std::string to_string(const std::vector<GraphLie>& lies) {
    std::string out;
    for (const GraphLie lie : lies) {
        if (!out.empty()) out += ',';
        out += to_string(lie);
    }
    return out;
}

} // namespace kith::sim
