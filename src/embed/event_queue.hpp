// Events that wait for an application to take them: no more than a bounded number, with no more
// than a bounded number of bytes. What is lost is said where it is missing.

#pragma once

#include <cstddef>
#include <deque>
#include <kith/graph.hpp>
#include <optional>

namespace kith::embed {

/// Events; the oldest go first.
inline constexpr std::size_t kQueuedEventsMax = 100'000;
/// Bytes of data, about: one message may have 60 MiB (MS-PPGRH 2.2.3.1), and anybody connected may
/// send as many as fit the line. While so many wait, further data is lost, and nothing else.
inline constexpr std::size_t kQueuedDataMax = std::size_t{8} * 1024 * 1024;

class EventQueue {
public:
    void push(GraphEvent event);

    /// Nothing if nothing waits.
    std::optional<GraphEvent> pop();

    bool empty() const { return events_.empty(); }

private:
    GraphEvent take_front();
    void lose_front();

    std::deque<GraphEvent> events_;
    std::size_t data_ = 0; // bytes
};

} // namespace kith::embed
