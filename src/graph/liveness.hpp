// Signs of life between neighbours (MS-PPGRH 2.2.4.1, ping; docs/protocol/graph.md, Pong). A
// published node swallows a ping; a modern one answers, and the silence of one that does not ends
// the link.

#pragma once

#include "base/time.hpp"
#include "graph/context.hpp"

#include <optional>

namespace kith::graph {

/// Types of data that applications may not use.
bool is_liveness(const Guid& type);

class Liveness {
public:
    explicit Liveness(Context& context) : context_(context) {}

    /// True if `data` was a sign of life, and is dealt with.
    bool handle(Now now, Link& link, const Pt2pt& data);

    /// Exposes connections that are dead without TCP having noticed (MS-PPGRH 3.1.5.2.2).
    void ping_all(Now now);

    void handle_timeout(Now now);
    std::optional<Instant> next_timeout() const;

private:
    void ping(Now now, Link& link);

    Instant due(const Link& link) const;

    Context& context_;
};

} // namespace kith::graph
