// The seam for who may connect and whose records count (MS-PPGRH 3.1.1, "security provider";
// docs/protocol/graph.md, Security provider).
//
// A graph without a provider protects nothing: anybody who reaches a listening node is in. The
// calls must not call back into the graph.

#pragma once

#include "base/bytes.hpp"
#include "base/time.hpp"
#include "graph/message.hpp"
#include "store/record.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace kith::graph {

enum class Verdict : std::uint8_t {
    valid,
    invalid, // forgotten without an answer
    defer,   // kept aside until `Graph::validate_deferred()`
};

/// What a session wants after bytes of the peer's, or at its start.
struct SecurityStep {
    Bytes reply;             // to send; may be empty
    bool is_done = false;    // the peer is who it may be: messages follow
    bool has_failed = false; // the connection ends
};

/// One connection's authentication and protection.
class SecuritySession {
public:
    virtual ~SecuritySession() = default;

    virtual SecurityStep begin(Now now) = 0;
    virtual SecurityStep feed(Now now, ByteView bytes) = 0;

    /// Of a connection that we opened, once the session is done: the other end calls itself
    /// `peer_id`. False ends the connection.
    virtual bool is_peer(const std::string& peer_id) = 0;

    /// One frame's plain bytes to the bytes that travel, at most `kFrameAccepted` of them, and
    /// back; nothing drops them (MS-PPGRH 3.1.7.1). Asked once the session is done.
    virtual std::optional<Bytes> protect(ByteView plain) = 0;
    virtual std::optional<Bytes> unprotect(ByteView wire) = 0;

protected:
    SecuritySession() = default;
    SecuritySession(const SecuritySession&) = default;
    SecuritySession& operator=(const SecuritySession&) = default;
};

class SecurityProvider {
public:
    virtual ~SecurityProvider() = default;

    /// A session for a connection that we opened or accepted; null refuses it.
    virtual std::unique_ptr<SecuritySession>
    start(Now now, bool is_initiator, const AuthInfo& announced) = 0;

    /// The security data for a record that is about to be published, at most `kSecurityDataMax`
    /// bytes; nothing aborts it.
    virtual std::optional<Bytes> secure(const store::Record& record) = 0;

    /// Judges a record that arrived, or was loaded. A loaded one that is deferred stays as it was.
    virtual Verdict validate(const store::Record& record) = 0;

protected:
    SecurityProvider() = default;
    SecurityProvider(const SecurityProvider&) = default;
    SecurityProvider& operator=(const SecurityProvider&) = default;
};

} // namespace kith::graph
