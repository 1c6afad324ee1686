#include "cli/render.hpp"

#include "base/bytes.hpp"
#include "cli/terminal_text.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>
#include <utility>
#include <vector>

namespace kith::cli {

namespace {

constexpr std::size_t kDumpLineSize = 16; // bytes

std::string count_of(const Json& document, std::string_view key) {
    const auto number = number_of(document, key);
    return number ? fmt::format("{:.0f}", *number) : std::string{};
}

std::string joined(const std::vector<std::string>& texts) {
    return fmt::format("{}", fmt::join(texts, ", "));
}

// A duration as short as people say it.
std::string duration_text(double milliseconds) {
    if (milliseconds < 1000) return fmt::format("{:.0f} ms", milliseconds);
    const double seconds = milliseconds / 1000;
    if (seconds < 120) return fmt::format("{:.1f} s", seconds);
    if (seconds < 120 * 60) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:.0f} h", seconds / 3600);
}

std::string duration_of(const Json& document, std::string_view key) {
    const auto number = number_of(document, key);
    return number ? duration_text(*number) : std::string{};
}

Tone tone_of_state(std::string_view state) {
    if (state == "active") return Tone::good;
    if (state == "dead" || state == "no_net" || state == "disabled") return Tone::bad;
    return Tone::warning;
}

std::string estimate_of(const Json& cloud) {
    const auto nodes = number_of(cloud, "estimated_nodes");
    return nodes ? fmt::format("about {:.0f}", *nodes) : "unknown";
}

std::string key_protection(const Json& identity) {
    return flag_of(identity, "protected") ? "passphrase" : "in clear";
}

std::string dump_line(std::string_view bytes, std::size_t offset) {
    std::string digits;
    std::string characters;
    for (const char c : bytes) {
        digits += fmt::format("{:02x} ", static_cast<unsigned char>(c));
        characters += c >= 0x20 && c <= 0x7e ? c : '.';
    }
    return fmt::format("{:04x}  {:<48} {}", offset, digits, characters);
}

std::vector<std::string> hex_dump(std::string_view bytes) {
    std::vector<std::string> lines;
    const std::size_t shown = std::min(bytes.size(), kHexDumpSizeMax);
    for (std::size_t at = 0; at < shown; at += kDumpLineSize)
        lines.push_back(dump_line(bytes.substr(at, std::min(kDumpLineSize, shown - at)), at));
    if (shown < bytes.size()) {
        lines.push_back(fmt::format("{} more bytes", bytes.size() - shown));
    }
    return lines;
}

std::vector<std::string> text_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

// A name that was published before a restart may not be again.
std::string announced_text(const Json& name) {
    const std::string waiting = text_of(name, "waiting");
    if (waiting == "passphrase_needed") return "no: waits for its passphrase";
    if (waiting == "no_network") return "no: waits for a network";
    if (!waiting.empty()) return fmt::format("no: {}", waiting);
    return flag_of(name, "announced") ? "yes" : "not yet";
}

void add_verification(Facts& facts, const Json& resolution) {
    const std::string key = text_of(resolution, "public_key_base64");
    if (flag_of(resolution, "verified")) {
        const std::string_view who = flag_of(resolution, "delegated")
                                         ? "yes: signed by a key that the owner lets publish it"
                                         : "yes: the key that owns the name signed all of this";
        facts.add("verified", std::string(who), Tone::good);
    } else if (flag_of(resolution, "secure")) {
        facts.add("verified", "NO: the owner of the name did not sign this", Tone::bad);
    } else {
        facts.add("verified", "no: anybody may publish an unsecured name", Tone::warning);
    }
    facts.add("signed by", key.empty() ? "" : fmt::format("key {}", key));
}

// The clouds of a name; without a list of them, the one that it names.
std::vector<std::string> clouds_of(const Json& name) {
    std::vector<std::string> out;
    for (const Json& presence : list_of(name, "clouds"))
        out.push_back(text_of(presence, "cloud"));
    if (out.empty()) out.push_back(text_of(name, "cloud"));
    return out;
}

// What a node can do in a cloud, and why.
std::string reach_of(const Json& cloud) {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kReasons{
        {{"no_network", "no network"},
         {"not_tested", "not tested yet"},
         {"local", "everybody is near"},
         {"reached", "others reach it at its own address"},
         {"reached_translated", "others reach it through the address translator"},
         {"unconfirmed", "there are too few members to tell whether others reach it"},
         {"changing_endpoint", "the address translator shows everybody another endpoint"},
         {"filtered", "a translator or firewall lets in only whom it has asked"}}};
    std::string reach = text_of(cloud, "reach");
    std::ranges::replace(reach, '_', ' ');
    const std::string reason = text_of(cloud, "reach_reason");
    for (const auto& [code, text] : kReasons) {
        if (code == reason) return fmt::format("{}: {}", reach, text);
    }
    return reach;
}

// What a cloud looks like without its counters.
Facts facts_of_cloud(const Json& cloud) {
    const std::string state = text_of(cloud, "state");
    Facts facts;
    facts.add("cloud", text_of(cloud, "name"));
    facts.add("scope", text_of(cloud, "scope"));
    facts.add("state", state, tone_of_state(state));
    facts.add("reach", reach_of(cloud));
    facts.add_lines("endpoints", texts_of(cloud, "endpoints"));
    facts.add("nodes", estimate_of(cloud));
    facts.add("cached", count_of(cloud, "cached"));
    facts.add("leaf set", count_of(cloud, "leaf_set"));
    facts.add("names", count_of(cloud, "names"));
    facts.add("state bytes", count_of(cloud, "state_bytes"));
    return facts;
}

std::string traffic(const Json& counters, std::string_view way) {
    return fmt::format(
        "{} datagrams, {} bytes",
        count_of(counters, fmt::format("datagrams_{}", way)),
        count_of(counters, fmt::format("bytes_{}", way)));
}

void add_counters(Facts& facts, const Json& counters) {
    facts.add("received", traffic(counters, "in"));
    facts.add("sent", traffic(counters, "out"));
    facts.add("resent", count_of(counters, "resent"));
    facts.add(
        "signatures",
        fmt::format(
            "{} made, {} checked",
            count_of(counters, "signatures_made"),
            count_of(counters, "signatures_checked")));
    std::vector<std::string> dropped;
    for (const auto& [reason, count] : object_of(counters, "dropped").items()) {
        // Reasons that never applied would hide those that did.
        if (!count.is_number() || count.get<double>() == 0) continue;
        dropped.push_back(fmt::format("{:.0f} {}", count.get<double>(), reason));
    }
    if (dropped.empty()) dropped.emplace_back("0");
    facts.add_lines("dropped", dropped);
    facts.add("ssdp dropped", count_of(counters, "ssdp_dropped"));
}

} // namespace

void add_payload(Facts& facts, const Json& document) {
    const auto payload = bytes_of(document, "payload_base64");
    if (!payload) return;
    const bool is_text = is_plain_text(*payload);
    facts.add(
        "payload",
        fmt::format("{} bytes of {}", payload->size(), is_text ? "text" : "binary data"));
    facts.add_lines("", is_text ? text_lines(*payload) : hex_dump(*payload));
}

std::string render_status(const Json& status, const Page& page) {
    Facts facts;
    facts.add(
        "kithd", fmt::format("{} ({})", text_of(status, "version"), text_of(status, "commit")));
    facts.add("process", count_of(status, "pid"));
    facts.add("started", text_of(status, "started"));
    facts.add("profile", text_of(status, "profile"));
    if (flag_of(status, "seed_node")) facts.add("seed node", "yes");
    facts.add("data", text_of(status, "data"));
    facts.add("identities", count_of(status, "identities"));
    facts.add("names", count_of(status, "names"));
    return facts.render(page) + "\n" + render_clouds(status, page);
}

std::string render_clouds(const Json& clouds, const Page& page) {
    Table table({
        {.title = "CLOUD"},
        {.title = "SCOPE"},
        {.title = "STATE"},
        {.title = "REACH"},
        {.title = "NODES"},
        {.title = "CACHED", .align = Align::right},
        {.title = "NAMES", .align = Align::right},
        {.title = "ENDPOINTS"},
    });
    for (const Json& cloud : list_of(clouds, "clouds")) {
        const std::string state = text_of(cloud, "state");
        table.add_row({
            {text_of(cloud, "name")},
            {text_of(cloud, "scope")},
            {state, tone_of_state(state)},
            {text_of(cloud, "reach")},
            {estimate_of(cloud)},
            {count_of(cloud, "cached")},
            {count_of(cloud, "names")},
            {joined(texts_of(cloud, "endpoints"))},
        });
    }
    return table.render(page);
}

std::string render_cloud(const Json& cloud, const Page& page) {
    Facts facts = facts_of_cloud(cloud);
    add_counters(facts, object_of(cloud, "counters"));
    return facts.render(page);
}

std::string render_peers(const Json& peers, const Page& page) {
    Table table({
        {.title = "ID"},
        {.title = "LEAF SET"},
        {.title = "HEARD", .align = Align::right},
        {.title = "ROUND TRIP", .align = Align::right},
        {.title = "ENDPOINTS"},
    });
    for (const Json& peer : list_of(peers, "peers")) {
        table.add_row({
            {text_of(peer, "id")},
            {flag_of(peer, "leaf_set") ? "yes" : ""},
            {duration_of(peer, "heard_ago_ms")},
            {duration_of(peer, "round_trip_ms")},
            {joined(texts_of(peer, "endpoints"))},
        });
    }
    return table.render(page);
}

std::string render_identities(const Json& identities, const Page& page) {
    Table table({
        {.title = "NAME"},
        {.title = "DEFAULT"},
        {.title = "KEY"},
        {.title = "CREATED"},
        {.title = "PEER NAME"},
    });
    for (const Json& identity : list_of(identities, "identities")) {
        table.add_row({
            {text_of(identity, "name")},
            {flag_of(identity, "default") ? "yes" : ""},
            {key_protection(identity)},
            {text_of(identity, "created")},
            {text_of(identity, "peer_name")},
        });
    }
    return table.render(page);
}

std::string render_identity(const Json& identity, const Page& page) {
    Facts facts;
    facts.add("identity", text_of(identity, "name"));
    if (flag_of(identity, "default")) facts.add("default", "yes");
    facts.add("peer name", text_of(identity, "peer_name"));
    facts.add("host name", text_of(identity, "host_name"));
    facts.add("public key", text_of(identity, "public_key_base64"));
    facts.add("safety code", text_of(identity, "safety_code"));
    facts.add("algorithm", text_of(identity, "algorithm"));
    facts.add("key kept", key_protection(identity));
    facts.add("created", text_of(identity, "created"));
    return facts.render(page);
}

std::string render_card(const Json& card, const Page& page) {
    Facts facts;
    facts.add("identity", text_of(card, "name"));
    facts.add("peer name", text_of(card, "peer_name"));
    facts.add("safety code", text_of(card, "safety_code"));
    return facts.render(page);
}

std::string render_delegation(const Json& delegation, const Page& page) {
    Facts facts;
    facts.add("peer name", text_of(delegation, "peer_name"));
    facts.add("to", text_of(delegation, "to"));
    facts.add("safety code", text_of(delegation, "safety_code"));
    facts.add("expires", text_of(delegation, "expires"));
    return facts.render(page);
}

std::string render_names(const Json& names, const Page& page) {
    Table table({
        {.title = "PEER NAME"},
        {.title = "IDENTITY"},
        {.title = "CLOUD"},
        {.title = "ANNOUNCED"},
        {.title = "ADDRESSES"},
        {.title = "COMMENT"},
    });
    for (const Json& name : list_of(names, "names")) {
        const bool announced = flag_of(name, "announced");
        table.add_row({
            {text_of(name, "peer_name")},
            {text_of(name, "identity")},
            {joined(clouds_of(name))},
            {announced_text(name), announced ? Tone::good : Tone::warning},
            {joined(texts_of(name, "addresses"))},
            {text_of(name, "comment")},
        });
    }
    return table.render(page);
}

std::string render_name(const Json& name, const Page& page) {
    Facts facts;
    facts.add("peer name", text_of(name, "peer_name"));
    facts.add("host name", text_of(name, "host_name"));
    facts.add("identity", flag_of(name, "secure") ? text_of(name, "identity") : "none: unsecured");
    facts.add_lines("cloud", clouds_of(name));
    facts.add("announced", announced_text(name));
    facts.add_lines("addresses", texts_of(name, "addresses"));
    facts.add("comment", text_of(name, "comment"));
    add_payload(facts, name);
    return facts.render(page);
}

std::string render_resolution(const Json& resolution, const Page& page) {
    Facts facts;
    facts.add("peer name", text_of(resolution, "peer_name"));
    facts.add("host name", text_of(resolution, "host_name"));
    add_verification(facts, resolution);
    facts.add_lines("addresses", texts_of(resolution, "addresses"));
    facts.add("comment", text_of(resolution, "comment"));
    add_payload(facts, resolution);
    facts.add_lines("node", texts_of(resolution, "node_endpoints"));
    facts.add("cloud", text_of(resolution, "cloud"));
    facts.add("expires", text_of(resolution, "expires"));
    const std::string took = duration_of(resolution, "took_ms");
    facts.add(
        "found",
        flag_of(resolution, "local")
            ? fmt::format("on this node, in {}", took)
            : fmt::format("in {}, with {} lookups", took, count_of(resolution, "lookups")),
        Tone::faint);
    return facts.render(page);
}

std::string render_registrations(const Json& found, const Page& page) {
    Table table({
        {.title = "ADDRESSES"},
        {.title = "COMMENT"},
        {.title = "PAYLOAD"},
        {.title = "CLOUD"},
        {.title = "NODE"},
        {.title = "VERIFIED"},
        {.title = "SIGNED BY"},
    });
    std::size_t count = 0;
    for (const Json& one : list_of(found, "registrations")) {
        ++count;
        const bool verified = flag_of(one, "verified");
        const auto payload = bytes_of(one, "payload_base64");
        table.add_row({
            {joined(texts_of(one, "addresses"))},
            {text_of(one, "comment")},
            {payload ? fmt::format("{} bytes", payload->size()) : ""},
            {text_of(one, "cloud")},
            {flag_of(one, "local") ? "this one" : joined(texts_of(one, "node_endpoints"))},
            {verified ? "yes" : "no", verified ? Tone::good : Tone::warning},
            {text_of(one, "public_key_base64")},
        });
    }
    std::string text = table.render(page);
    const bool complete = flag_of(found, "complete");
    const std::string sum = fmt::format(
        "{} {}{}",
        count,
        count == 1 ? "registration" : "registrations",
        complete ? "" : "; there may be more: the search did not come to its end");
    return text + page.paint(sum, complete ? Tone::faint : Tone::warning) + "\n";
}

} // namespace kith::cli
