// The names registered here (MS-PNRP 3.2.1, Locally Registered PNRP ID List) and what is signed for
// them.

#pragma once

#include "base/time.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/message.hpp"
#include "pnrp/registration.hpp"

#include <expected>
#include <map>
#include <optional>
#include <vector>

namespace kith::pnrp {

/// What is wrong with a registration before any cloud is asked; nothing if it is sound.
std::optional<RegisterErrc> defect_of(Now now, const Registration& registration);

/// The upper half of the service location of whoever is at `address`: its first 8 bytes, or an IPv4
/// address's 4 and 4 zeros, so that a common prefix means nearness in both families.
ByteArray<8> location_prefix(const Address& address);

struct LocalName {
    RegistrationId registration_id{};
    PnrpId id;
    Registration registration;
    bool is_announced = false;
};

class Registry {
public:
    explicit Registry(Exchange& exchange) : exchange_(exchange) {}

    /// Adds a name under a new id: its P2P ID, a prefix from a local address, a random suffix.
    /// Requires: at least one local endpoint, a sound registration.
    LocalName& add(Registration registration);
    void remove(RegistrationId id);

    /// Gives every name a new id, with another suffix. Requires: at least one local endpoint.
    void renew_ids();

    LocalName* find(RegistrationId id);
    LocalName* find(const PnrpId& id);
    const LocalName* find(const PnrpId& id) const;
    const LocalName* find(const identity::PeerName& name) const;

    /// The registered id nearest to `target`; nothing without any.
    const LocalName* nearest(const PnrpId& target) const;

    std::map<PnrpId, LocalName>& names() { return names_; }
    const std::map<PnrpId, LocalName>& names() const { return names_; }
    std::vector<PnrpId> ids() const;
    std::size_t size() const { return names_.size(); }

    /// The route entry of one of our ids: all local endpoints.
    RouteEntry entry_of(const PnrpId& id) const;

    /// What answers an INQUIRE for `name`: a fresh CPA and what else was asked for (MS-PNRP
    /// 3.2.5.6).
    AuthorityBuffer answer(Now now, const LocalName& name, const Inquire& inquire);

    /// The CPA that ends the registration of `name`.
    Bytes revocation(Now now, const LocalName& name);

    std::size_t state_bytes() const;

private:
    PnrpId new_id(const Registration& registration);
    Cpa certified(Now now, const LocalName& name) const;

    Exchange& exchange_;
    std::map<PnrpId, LocalName> names_;
    std::uint32_t next_registration_ = 1;
};

} // namespace kith::pnrp
