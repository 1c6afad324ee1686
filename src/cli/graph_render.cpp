#include "cli/graph_render.hpp"

#include "cli/render.hpp"
#include "cli/terminal_text.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kith::cli {

namespace {

constexpr std::size_t kPayloadLineMax = 60; // bytes that a table or an event shows
constexpr std::size_t kEventWidth = 19;     // of the longest word, node_disconnected, and a gap

std::string whole_number(const Json& document, std::string_view key) {
    const auto number = number_of(document, key);
    return number ? fmt::format("{:.0f}", *number) : std::string{};
}

std::string state_of(const Json& graph) {
    if (!flag_of(graph, "synchronized")) return "not synchronized";
    return flag_of(graph, "has_neighbours") ? "synchronized" : "alone";
}

Tone tone_of(const Json& graph) {
    if (!flag_of(graph, "synchronized")) return Tone::warning;
    return flag_of(graph, "has_neighbours") ? Tone::good : Tone::plain;
}

} // namespace

std::string attributes_text(const Json& document) {
    std::string out;
    for (const Json& attribute : list_of(document, "attributes")) {
        if (!out.empty()) out += ' ';
        out += text_of(attribute, "name") + "=" + text_of(attribute, "value");
    }
    return out;
}

std::string attribute_of(const Json& document, std::string_view name) {
    for (const Json& attribute : list_of(document, "attributes")) {
        if (text_of(attribute, "name") == name) return text_of(attribute, "value");
    }
    return {};
}

std::string payload_line(const Json& record) {
    const auto payload = bytes_of(record, "payload_base64");
    const std::string size = whole_number(record, "size");
    if (!payload) return fmt::format("({} bytes)", size);
    std::string_view shown = *payload;
    while (shown.ends_with('\n'))
        shown.remove_suffix(1);
    if (!is_plain_text(shown)) return fmt::format("({} bytes)", size);
    if (shown.size() <= kPayloadLineMax) return std::string(shown);
    std::size_t end = kPayloadLineMax;
    while (end > 0 && (static_cast<unsigned char>(shown[end]) & 0xC0U) == 0x80U)
        --end; // not in the middle of a character
    return fmt::format("{} ... ({} bytes)", shown.substr(0, end), size);
}

std::string render_graphs(const Json& graphs, const Page& page) {
    const bool is_all_well = list_of(graphs, "unopened").empty();
    if (list_of(graphs, "graphs").empty() && is_all_well) {
        return "no graph is open here; begin with: kith graph create NAME, or: kith graph open "
               "NAME\n";
    }
    Table table(
        {{.title = "graph"},
         {.title = "state"},
         {.title = "nodes", .align = Align::right},
         {.title = "neighbours", .align = Align::right},
         {.title = "secured"}});
    for (const Json& graph : list_of(graphs, "graphs")) {
        const bool is_secured = flag_of(graph, "secured");
        table.add_row(
            {{text_of(graph, "name")},
             {state_of(graph), tone_of(graph)},
             {whole_number(graph, "nodes")},
             {whole_number(graph, "neighbours")},
             {is_secured ? "yes" : "no", is_secured ? Tone::good : Tone::faint}});
    }
    for (const Json& graph : list_of(graphs, "unopened")) {
        const std::string why = text_of(object_of(graph, "error"), "message");
        table.add_row({{text_of(graph, "name")}, {"not open: " + why, Tone::bad}, {}, {}, {}});
    }
    return table.render(page);
}

std::string render_graph(const Json& graph, const Page& page) {
    Facts facts;
    facts.add("graph", text_of(graph, "name"), Tone::heading);
    facts.add("title", text_of(graph, "friendly_name"));
    facts.add("comment", text_of(graph, "comment"));
    facts.add("state", state_of(graph), tone_of(graph));
    facts.add("node", text_of(graph, "node"));
    facts.add("peer id", text_of(graph, "peer_id"));
    facts.add("creator", text_of(graph, "creator"));
    facts.add("scope", text_of(graph, "scope"));
    facts.add_lines("listens at", texts_of(graph, "listen"));
    facts.add("nodes", whole_number(graph, "nodes"));
    facts.add("neighbours", whole_number(graph, "neighbours"));
    facts.add("signature", text_of(graph, "signature"));
    const Json& quotas = object_of(graph, "quotas");
    facts.add("records at most", whole_number(quotas, "records_max"));
    facts.add("of one creator", whole_number(quotas, "records_each_max"));
    facts.add("bytes of one", whole_number(quotas, "bytes_each_max"));
    facts.add("kept", flag_of(graph, "in_memory") ? "in memory" : text_of(graph, "durability"));
    facts.add("peer time", text_of(graph, "peer_time"));
    if (!flag_of(graph, "secured")) {
        facts.add("secured", "no: whoever reaches this node is in", Tone::warning);
    }
    return facts.render(page);
}

std::string render_nodes(const Json& nodes, const Page& page) {
    if (list_of(nodes, "nodes").empty()) return "nobody is known to be here\n";
    Table table({{.title = "node"}, {.title = "peer"}, {.title = "address"}, {.title = "says"}});
    for (const Json& node : list_of(nodes, "nodes")) {
        const bool is_own = flag_of(node, "own");
        table.add_row(
            {{text_of(node, "node"), is_own ? Tone::good : Tone::plain},
             {text_of(node, "peer_id")},
             {fmt::format("{}", fmt::join(texts_of(node, "addresses"), ", "))},
             {attributes_text(node)}});
    }
    return table.render(page);
}

std::string render_neighbours(const Json& neighbours, const Page& page) {
    if (list_of(neighbours, "neighbours").empty()) {
        return "no neighbours; connect with: kith graph connect NAME --to IP:PORT\n";
    }
    Table table(
        {{.title = "node"},
         {.title = "name"},
         {.title = "peer"},
         {.title = "address"},
         {.title = "kind"},
         {.title = "utility", .align = Align::right},
         {.title = "queued", .align = Align::right}});
    for (const Json& link : list_of(neighbours, "neighbours")) {
        std::string kind = flag_of(link, "direct") ? "direct" : "neighbour";
        kind += flag_of(link, "incoming") ? ", incoming" : ", outgoing";
        if (!flag_of(link, "modern")) kind += ", published";
        table.add_row(
            {{text_of(link, "node")},
             {text_of(link, "node_name")},
             {text_of(link, "peer_id")},
             {text_of(link, "address")},
             {kind},
             {fmt::format("{:.2f}", number_of(link, "utility").value_or(0))},
             {whole_number(link, "queued_bytes")}});
    }
    return table.render(page);
}

std::string render_records(const Json& records, const Page& page) {
    if (list_of(records, "records").empty()) return "no records\n";
    Table table(
        {{.title = "id"},
         {.title = "type"},
         {.title = "version", .align = Align::right},
         {.title = "expires"},
         {.title = "attributes"},
         {.title = "payload"}});
    for (const Json& record : list_of(records, "records")) {
        table.add_row(
            {{text_of(record, "id")},
             {text_of(record, "type")},
             {whole_number(record, "version")},
             {text_of(record, "expires")},
             {attributes_text(record)},
             {payload_line(record)}});
    }
    std::string out = table.render(page);
    if (flag_of(records, "truncated")) out += "there are more; see --limit\n";
    return out;
}

std::string render_record(const Json& record, const Page& page) {
    Facts facts;
    facts.add("record", text_of(record, "id"), Tone::heading);
    facts.add("graph", text_of(record, "graph"));
    facts.add("type", text_of(record, "type"));
    facts.add("version", whole_number(record, "version"));
    facts.add("creator", text_of(record, "creator"));
    facts.add("changed by", text_of(record, "modified_by"));
    facts.add("created", text_of(record, "created"));
    facts.add("modified", text_of(record, "modified"));
    facts.add("expires", text_of(record, "expires"));
    std::vector<std::string> attributes;
    for (const Json& attribute : list_of(record, "attributes")) {
        attributes.push_back(fmt::format(
            "{}:{}={}",
            text_of(attribute, "name"),
            text_of(attribute, "type"),
            text_of(attribute, "value")));
    }
    facts.add_lines("attributes", attributes);
    // One that is too large for the answer has its size only.
    if (bytes_of(record, "payload_base64").value_or("").empty()) {
        facts.add("payload", payload_line(record));
    } else {
        add_payload(facts, record);
    }
    return facts.render(page);
}

std::string render_event(const Json& event, const Page& page) {
    const std::string kind = text_of(event, "event");
    std::string rest;
    Tone tone = Tone::plain;
    if (kind.starts_with("record_")) {
        const Json& record = object_of(event, "record");
        rest = text_of(event, "id") + "  " + text_of(event, "type");
        if (!record.empty()) {
            rest += "  " + attributes_text(record) + "  " + payload_line(record);
        }
        tone = kind == "record_added" ? Tone::good : Tone::warning;
    } else if (kind == "status") {
        rest = state_of(event);
        rest += flag_of(event, "listening") ? ", listening" : "";
    } else if (kind == "neighbour" || kind == "direct") {
        rest = text_of(event, "status") + "  " + text_of(event, "node");
        const std::string reason = text_of(event, "reason");
        if (reason != "none") rest += "  " + reason;
    } else if (kind.starts_with("node_")) {
        rest = text_of(event, "node") + "  " + text_of(event, "peer_id");
    } else if (kind == "lost") {
        rest = whole_number(event, "count") + " events: they came faster than they were read";
        tone = Tone::bad;
    } else if (kind == "data") {
        rest = text_of(event, "type") + "  " + whole_number(event, "size") + " bytes";
    } else if (kind == "synchronized" || kind == "watching") {
        rest = text_of(event, kind == "watching" ? "graph" : "type");
    }
    return page.paint(fmt::format("{:<{}}", printable(kind), kEventWidth), tone) + printable(rest) +
           "\n";
}

} // namespace kith::cli
