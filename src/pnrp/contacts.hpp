// Whom this node has sent something lately: who is not among them and reaches it has come through
// on its own. A translator or a firewall lets in whom one has contacted, and remembers that for
// minutes.

#pragma once

#include "base/endpoint.hpp"
#include "base/time.hpp"
#include "pnrp/limits.hpp"

#include <cstddef>
#include <deque>
#include <set>
#include <vector>

namespace kith::pnrp {

class Contacts {
public:
    /// Off at first: then nothing is noted, and what was is forgotten. Begun anew it does not know
    /// who was contacted meanwhile: until kContactLifetime has passed that may be anybody.
    void set_recording(bool is_recording);

    void note(const Endpoint& remote);

    /// True for an address that was noted between kContactLifetime and twice that ago. When too
    /// many were noted nobody is known to be a stranger, and it is true for all.
    bool has(const Address& address) const;

    /// The latest, at most kPathEndpointsMax.
    std::vector<Endpoint> latest() const { return {latest_.begin(), latest_.end()}; }

    void handle_timeout(Now now);
    std::size_t state_bytes() const;

private:
    bool is_recording_ = false;
    bool was_recording_ = false;
    std::set<Address> current_;
    std::set<Address> previous_;
    bool is_current_full_ = false;
    bool is_previous_full_ = false;
    std::deque<Endpoint> latest_;
    Instant turned_at_;
};

} // namespace kith::pnrp
