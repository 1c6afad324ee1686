// The process: takes hold of the data and the sockets, runs until a signal, leaves politely. Or the
// same as a guest in another program, on a thread of its own.

#pragma once

#include "daemon/config.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace kith::daemon {

/// What kept a node from starting; the message is a sentence for people.
struct StartError {
    enum class Kind : std::uint8_t { refused, data_in_use };
    Kind kind = Kind::refused;
    std::string message;
};

/// Runs until SIGTERM, SIGINT or SIGHUP. Then every name is revoked, what is remembered is written,
/// and the socket is taken away; a second signal ends the process at once.
std::expected<void, StartError> run(const Config& config);

/// A guest that is `offline` has identities and no node: it opens no socket but the API's, and
/// whatever needs a cloud answers that there is no network.
enum class Network : std::uint8_t { online, offline };

/// kithd inside another program: the same data, lock and API, no signals and no log.
class Guest {
public:
    /// Returns once `config.api` is served.
    static std::expected<Guest, StartError> start(Config config, Network network);

    /// Leaves as kithd does on SIGTERM; up to a second.
    ~Guest();
    Guest(Guest&&) noexcept;
    Guest& operator=(Guest&&) noexcept;

private:
    struct Parts;
    explicit Guest(std::unique_ptr<Parts> parts);

    std::unique_ptr<Parts> parts_;
};

} // namespace kith::daemon
