// What happened on a graph's links, for `kith graph status --json` and for checkers.

#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith::graph {

/// Why something of a peer's was dropped. Where it says so the link ended as well.
enum class DropReason : std::uint8_t {
    bad_frame,         // ends the link: framing.hpp says what a frame is
    bad_message,       // ends the link: does not decode
    out_of_state,      // ends the link: a message that its state does not allow
    not_authenticated, // ends the link
    timed_out,         // ends the link: no AUTH_INFO, WELCOME or sign of life in time
    bad_record,        // malformed, or against the rules of records
    other_graph,       // ends the link before it is one; a record: dropped
    expired_record,
    rejected_record,    // the security provider said no
    foreign_properties, // of the graph, and not by its creator
    deferred_overflow,  // no room among the deferred records
    over_quota,         // records or bytes of one creator, or of the graph
    from_the_future,    // modified later than clocks may differ
    version_jump,       // a version that leaves no room for later ones
    too_many_syncs,     // solicited again too soon
    too_many_invalid,   // ends the link
    too_many_links,     // accepted, and closed at once
    stale_sync,         // ends the link: an answer to no question
    slow_reader,        // ends the link: too much of what it is told waits unread
    unfinished,         // ends the link: it held the most of the messages that do not end
    other_rules,        // ends the link: a record of published rules in a modern graph, or reversed
    count,
};

std::string_view to_string(DropReason reason);

struct Counters {
    std::array<std::uint64_t, static_cast<std::size_t>(DropReason::count)> dropped{};

    std::uint64_t floods_sent = 0;      // records sent whole
    std::uint64_t floods_useful = 0;    // received, and new
    std::uint64_t floods_redundant = 0; // received whole, and known
    std::uint64_t tree_useful = 0;      // of those, what travels over the tree
    std::uint64_t tree_redundant = 0;
    std::uint64_t adverts_sent = 0; // abstracts to lazy links
    std::uint64_t grafts = 0;
    std::uint64_t prunes = 0;
    std::uint64_t syncs_started = 0;
    std::uint64_t syncs_completed = 0;
    std::uint64_t sync_rounds = 0; // questions sent
    std::uint64_t sync_bytes = 0;  // of questions and answers, records left out
    std::uint64_t bytes_sent = 0;
    std::uint64_t bytes_received = 0;

    void drop(DropReason reason) { ++dropped[static_cast<std::size_t>(reason)]; }
    std::uint64_t operator[](DropReason reason) const {
        return dropped[static_cast<std::size_t>(reason)];
    }
};

} // namespace kith::graph
