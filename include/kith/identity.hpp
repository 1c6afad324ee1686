// Identities, for programs that carry Kith in themselves. No header of this folder includes one of
// the inside; what is declared here stays.

#pragma once

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace kith {

namespace identity {
struct Identity;
}

enum class Errc : std::uint8_t {
    bad_argument,    // the text of the error says which
    bad_document,    // not an identity document, or a damaged one
    wrong_password,  // or a changed document
    password_needed, // the document is sealed
    cannot_listen,   // the system refused a socket
    cannot_start,    // the system refused a thread or a descriptor
    no_network,      // no cloud has an address here
    resolve_only,    // others do not reach this node, so that it cannot publish
    not_found,       // nobody holds the name
    no_valid_answer, // somebody answered for the name, and nothing they signed was valid
    timed_out,
    cancelled,
    too_many,       // names, questions at once, records, bytes
    not_ready,      // the graph was never synchronised
    closed,         // the graph is
    not_allowed,    // by the graph's creator, or by the security provider
    already_exists, // a graph, or a connection
    disk,           // full, read-only, damaged; the text says which
};

struct Error {
    Errc code{};
    std::string message; // one sentence for people, without a secret
};

template<class T>
using Result = std::expected<T, Error>;

/// A key and the peer name that it owns: `authority.classifier`. Copies share the key, which is
/// wiped when the last one goes.
class Identity {
public:
    /// A new Ed25519 key. `label` is what people call it: 1 to 255 UTF-16 units.
    static Result<Identity> create(std::string_view label);

    /// Reads what `seal()` or `kith identity export` made. Takes about a second.
    static Result<Identity>
    open(std::string_view document, std::optional<std::string_view> password = std::nullopt);

    /// The identity as one document, its key under `password` (Argon2id, XChaCha20-Poly1305).
    /// Takes about a second.
    Result<std::string> seal(std::string_view password) const;

    const std::string& label() const;

    /// 40 hexadecimal digits: of every name that this identity publishes, the part before the dot.
    std::string authority() const;

    /// `authority.classifier`; the classifier in NFC, at most 149 UTF-16 units.
    Result<std::string> name(std::string_view classifier) const;

private:
    friend class Names;
    explicit Identity(std::shared_ptr<const identity::Identity> inside);

    std::shared_ptr<const identity::Identity> inside_;
};

} // namespace kith
