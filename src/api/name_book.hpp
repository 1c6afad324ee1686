// What was published through the API, beside what the node itself knows of its names. It lives as
// long as the process: names are published again after a restart.

#pragma once

#include "node/clouds.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

struct PublishedName {
    node::Publication publication;
    std::optional<std::string> identity; // the label; nothing for an unsecured name
};

class NameBook {
public:
    using Names = std::map<node::PublicationId, PublishedName>;

    const Names& names() const { return names_; }

    /// The published name equal to `name`, or nothing.
    std::optional<node::PublicationId> find(const identity::PeerName& name) const;

    void put(node::PublicationId id, PublishedName name);
    void erase(node::PublicationId id) { names_.erase(id); }

    /// True while a name is published with the identity `label`, or is about to be.
    bool uses(std::string_view label) const;
    void relabel(std::string_view label, const std::string& new_label);

    /// While a key is being opened to publish a name, its identity is in use already.
    void begin_opening(const std::string& label) { ++opening_[label]; }
    void end_opening(const std::string& label);

private:
    Names names_;
    std::map<std::string, unsigned, std::less<>> opening_; // keys being opened, by label
};

} // namespace kith::api
