// `kith watch`

#include "cli/api_stream.hpp"
#include "cli/complaint.hpp"
#include "cli/event_lines.hpp"
#include "cli/graph_commands.hpp"
#include "cli/graph_render.hpp"
#include "cli/interrupt.hpp"
#include "cli/standard_output.hpp"

#include <fmt/format.h>

namespace kith::cli {

Result execute(const Session& session, const Watch& command) {
    auto events = EventLines::open(session, command.graph, command.types);
    if (!events) return std::unexpected(events.error());
    const InterruptWatch interrupts;
    while (true) {
        const auto received = events->receive();
        if (!received) return std::unexpected(received.error());
        std::string lines;
        for (const Json& event : *received) {
            lines += session.prints_json()
                         ? event.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n"
                         : render_event(event, session.page());
        }
        if (const auto printed = print(lines); !printed) return std::unexpected(printed.error());
        if (events->is_over()) return failed("kithd has ended the stream of events");
        // Last: what came along with the answer's head makes nothing readable any more.
        wait_readable({events->fd(), interrupts.fd()}, std::chrono::seconds(10));
        if (const auto signal = interrupts.take()) return interrupted_by(*signal);
    }
}

} // namespace kith::cli
