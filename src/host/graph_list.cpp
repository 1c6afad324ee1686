#include "host/graph_list.hpp"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace kith::host {

namespace {

using nlohmann::json;

const std::string kListFile = "graphs.json";
constexpr int kListVersion = 1;
constexpr std::size_t kListSizeMax = 1 << 20;

json document_of(const std::string& name, const node::GraphOptions& options) {
    json types = json::array();
    for (const store::RecordType& type : options.sync_first)
        types.push_back(to_string(type));
    return {
        {"name", name},
        {"peer", options.peer_id},
        {"friendly_name", options.friendly_name},
        {"rules", options.rules == store::Rules::modern ? "modern" : "published"},
        {"durability", options.durability == store::Durability::full ? "full" : "relaxed"},
        {"memory", options.in_memory},
        {"listens", options.listens},
        {"names", options.uses_names},
        {"published", options.is_published},
        {"sync_first", std::move(types)}};
}

// A field of another kind than it should be throws, which the caller takes as damage.
std::pair<std::string, node::GraphOptions> options_of(const json& item) {
    node::GraphOptions options;
    options.peer_id = item.at("peer").get<std::string>();
    options.friendly_name = item.at("friendly_name").get<std::string>();
    const bool is_modern = item.at("rules").get<std::string>() == "modern";
    options.rules = is_modern ? store::Rules::modern : store::Rules::published;
    const bool is_full = item.at("durability").get<std::string>() == "full";
    options.durability = is_full ? store::Durability::full : store::Durability::relaxed;
    options.in_memory = item.at("memory").get<bool>();
    options.listens = item.at("listens").get<bool>();
    options.uses_names = item.at("names").get<bool>();
    options.is_published = item.at("published").get<bool>();
    for (const json& text : item.at("sync_first")) {
        if (const auto type = parse_guid(text.get<std::string>())) {
            options.sync_first.push_back(*type);
        }
    }
    return {item.at("name").get<std::string>(), std::move(options)};
}

std::optional<GraphList> parse_list(const std::string& text) {
    try {
        const json document = json::parse(text);
        if (document.at("version").get<int>() != kListVersion) return std::nullopt;
        GraphList out;
        out.peer_id = document.at("peer").get<std::string>();
        out.port = document.at("port").get<std::uint16_t>();
        for (const json& item : document.at("graphs")) {
            auto [name, options] = options_of(item);
            if (!node::is_graph_name(name) || out.graphs.size() == node::kGraphsMax) {
                return std::nullopt;
            }
            out.graphs.emplace(std::move(name), std::move(options));
        }
        if (document.contains("closed")) {
            out.closed = document.at("closed").get<std::set<std::string>>();
        }
        return out;
    } catch (const json::exception&) {
        return std::nullopt;
    }
}

} // namespace

std::expected<GraphList, FileError> load_graph_list(const PrivateDirectory& directory) {
    const auto content = directory.read(kListFile, kListSizeMax);
    if (!content && content.error().code == FileErrc::not_found) return GraphList{};
    if (!content) return std::unexpected(content.error());
    auto list = parse_list(*content);
    if (!list) return std::unexpected(FileError{FileErrc::damaged, directory.path() / kListFile});
    return std::move(*list);
}

std::expected<void, FileError>
save_graph_list(const PrivateDirectory& directory, const GraphList& list) {
    json graphs = json::array();
    for (const auto& [name, options] : list.graphs)
        graphs.push_back(document_of(name, options));
    const json document = {
        {"version", kListVersion},
        {"peer", list.peer_id},
        {"port", list.port},
        {"graphs", graphs},
        {"closed", list.closed}};
    return directory.write(kListFile, document.dump(2) + "\n", PrivateDirectory::Existing::replace);
}

} // namespace kith::host
