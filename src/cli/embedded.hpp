// `kith --embedded`: the command runs against a node in this very process, for as long as it takes.

#pragma once

#include "cli/arguments.hpp"
#include "cli/environment.hpp"
#include "cli/failure.hpp"
#include "cli/interrupt.hpp"
#include "daemon/daemon.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace kith::cli {

/// What a command needs of the node that is there for it alone.
enum class Need : std::uint8_t {
    keys,    // identities: no network
    cloud,   // members, if there are any
    staying, // the node goes on when the command is done
};

Need need_of(const Command& command);

class EmbeddedNode {
public:
    /// `kithd` with the given options and the data that it would use itself, which it must not be
    /// using. Signals wait for as long as the object lives.
    static std::expected<EmbeddedNode, Failure>
    start(const EmbeddedOptions& options, const Environment& env, Need need);

    /// Where its API is served.
    const std::string& socket() const { return socket_; }

    /// Until a signal comes.
    void wait_for_signal() const;

private:
    EmbeddedNode(std::unique_ptr<InterruptWatch> interrupts, daemon::Guest guest, std::string path)
        : interrupts_(std::move(interrupts)),
          guest_(std::move(guest)),
          socket_(std::move(path)) {}

    std::unique_ptr<InterruptWatch> interrupts_; // first in, last out
    daemon::Guest guest_;
    std::string socket_;
};

} // namespace kith::cli
