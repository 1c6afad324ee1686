// What was published through the API, beside what the node itself knows of its names, and what is
// to be published as soon as that is possible.

#pragma once

#include "api/error.hpp"
#include "node/clouds.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

struct PublishedName {
    node::Publication publication;
    std::optional<std::string> identity; // the label; nothing for an unsecured name
    bool is_kept = false;                // a restart publishes it again
};

/// A name that was published before this process began, and is not yet again.
struct WaitingName {
    std::string wish;                    // what is kept of it
    std::optional<std::string> identity; // the label; nothing for an unsecured name
    ErrorCode reason{};                  // why not: passphrase_needed, no_network, ...
    bool is_tried = false;               // a try is under way
};

class NameBook {
public:
    using Names = std::map<node::PublicationId, PublishedName>;

    const Names& names() const { return names_; }

    /// The published name equal to `name`, or nothing.
    std::optional<node::PublicationId> find(const identity::PeerName& name) const;

    void put(node::PublicationId id, PublishedName name);
    void erase(node::PublicationId id) { names_.erase(id); }

    using Waiting = std::map<std::string, WaitingName>; // by peer name
    Waiting& waiting() { return waiting_; }
    const Waiting& waiting() const { return waiting_; }

    /// True while a name is published with the identity `label`, or is about to be.
    bool uses(std::string_view label) const;
    void relabel(std::string_view label, const std::string& new_label);

    /// While a key is being opened to publish a name, its identity is in use already.
    void begin_opening(const std::string& label) { ++opening_[label]; }
    void end_opening(const std::string& label);

private:
    Names names_;
    Waiting waiting_;
    std::map<std::string, unsigned, std::less<>> opening_; // keys being opened, by label
};

} // namespace kith::api
