// What was published through the API, beside what the node itself knows of its names. It lives as
// long as the process: names are published again after a restart.

#pragma once

#include "pnrp/registration.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace kith::api {

struct PublishedName {
    pnrp::Registration registration;
    std::optional<std::string> identity; // the label; nothing for an unsecured name
    enum class Addresses : std::uint8_t {
        given,
        node, // the node's own, which follow it from network to network
    } addresses = Addresses::given;
};

class NameBook {
public:
    using Names = std::map<pnrp::RegistrationId, PublishedName>;

    const Names& names() const { return names_; }

    /// The published name equal to `name`, or nothing.
    std::optional<pnrp::RegistrationId> find(const identity::PeerName& name) const;

    void put(pnrp::RegistrationId id, PublishedName name);
    void erase(pnrp::RegistrationId id) { names_.erase(id); }

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
