// The commands of graphs and records, as values and as what they do.

#pragma once

#include "cli/session.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kith::cli {

inline constexpr std::chrono::milliseconds kReadyTimeDefault{30'000};

/// How a node takes part in a graph.
struct GraphWish {
    std::string name;
    std::string peer_id;
    std::string node_name;
    bool is_relaxed = false;
    bool in_memory = false;
    bool never_listens = false;
    bool uses_no_names = false;
    bool published_only = false;
    bool published_rules = false;
    std::vector<std::string> sync_first;
};

struct GraphCreate {
    GraphWish wish;
    std::string title;
    std::string comment;
    std::string scope = "global";
    std::optional<std::uint32_t> records_max;
    std::optional<std::uint32_t> records_each_max;
    std::optional<std::uint64_t> bytes_each_max;
};
struct GraphOpen {
    GraphWish wish;
};
struct GraphConnect {
    std::string name;
    std::string to;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct GraphClose {
    std::string name;
};
struct GraphDelete {
    std::string name;
    bool yes = false;
};
struct GraphList {};
struct GraphStatus {
    std::string name;
};
struct GraphDigest {
    std::string name;
};
struct GraphNodes {
    std::string name;
};
struct GraphNeighbours {
    std::string name;
};

struct RecordAdd {
    std::string graph;
    std::string type;
    std::vector<std::string> attributes;
    std::optional<std::string> file; // a path, or "-"; nothing: an empty payload
    std::chrono::milliseconds lifetime = std::chrono::days(30);
    bool refreshes = false;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordUpdate {
    std::string id;
    std::optional<std::string> graph;
    std::vector<std::string> attributes;
    bool clears_attributes = false;
    std::optional<std::string> file;
    std::optional<std::chrono::milliseconds> lifetime;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordDelete {
    std::string id;
    std::optional<std::string> graph;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordGet {
    std::string id;
    std::optional<std::string> graph;
    std::optional<std::string> payload_out; // a path, or "-"
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordList {
    std::string graph;
    std::optional<std::string> type;
    std::optional<std::string> creator;
    unsigned limit = 1000;
    bool newest_first = false;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordSearch {
    std::string graph;
    std::string query;
    unsigned limit = 1000;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};

struct RecordExport {
    std::string graph;
    std::string file; // a path, or "-"
    bool force = false;
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};
struct RecordImport {
    std::string graph;
    std::string file; // a path, or "-"
};

struct Watch {
    std::string graph;
    std::vector<std::string> types;
};
struct Send {
    std::string graph;
    std::optional<std::string> node; // with `accepts`: only from this one
    bool accepts = false;
    std::string file = "-";
    std::optional<std::string> out; // of what comes; nothing: standard output
};
struct Chat {
    std::string graph;
    std::string nick; // empty: the user's name
    unsigned last = 20;
    std::chrono::milliseconds lifetime = std::chrono::days(7);
    std::chrono::milliseconds timeout = kReadyTimeDefault;
};

Result execute(const Session& session, const GraphCreate& command);
Result execute(const Session& session, const GraphOpen& command);
Result execute(const Session& session, const GraphConnect& command);
Result execute(const Session& session, const GraphClose& command);
Result execute(const Session& session, const GraphDelete& command);
Result execute(const Session& session, const GraphList& command);
Result execute(const Session& session, const GraphStatus& command);
Result execute(const Session& session, const GraphDigest& command);
Result execute(const Session& session, const GraphNodes& command);
Result execute(const Session& session, const GraphNeighbours& command);

Result execute(const Session& session, const RecordAdd& command);
Result execute(const Session& session, const RecordUpdate& command);
Result execute(const Session& session, const RecordDelete& command);
Result execute(const Session& session, const RecordGet& command);
Result execute(const Session& session, const RecordList& command);
Result execute(const Session& session, const RecordSearch& command);

Result execute(const Session& session, const RecordExport& command);
Result execute(const Session& session, const RecordImport& command);

// These write as they go, and print nothing more in the end.
Result execute(const Session& session, const Watch& command);
Result execute(const Session& session, const Send& command);
Result execute(const Session& session, const Chat& command);

using Attempt = std::function<std::expected<void, Failure>()>;

/// Calls `attempt` again while it fails because the graph is not synchronized yet, at most for
/// `timeout`.
std::expected<void, Failure>
until_ready(const Session& session, std::chrono::milliseconds timeout, const Attempt& attempt);

/// Sends `request`; while the answer is that the graph is not synchronized yet, waits for that, at
/// most `timeout`.
std::expected<Json, Failure> call_when_ready(
    const Session& session,
    const Request& request,
    const std::string& doing,
    std::chrono::milliseconds timeout);

std::string graph_target(std::string_view name);

} // namespace kith::cli
