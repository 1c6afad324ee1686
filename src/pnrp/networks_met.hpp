// What a search has had to do with each network: a liar with one address there has more of them,
// and all of his count as one voice (docs/protocol/pnrp.md, Resolving).

#pragma once

#include "base/endpoint.hpp"

#include <cstddef>
#include <vector>

namespace kith::pnrp {

class NetworksMet {
public:
    /// One more node of the network is asked.
    void note_asked(const Address& network) { ++find_or_add(network).asked; }

    /// One of its nodes gave a false answer.
    void note_lie(const Address& network) { find_or_add(network).has_lied = true; }

    /// One of its nodes found it suspicious that it cannot help. True for the first.
    bool note_suspicion(const Address& network);

    /// True if so many of its nodes were asked that those of others come first.
    bool is_spent(const Address& network) const;

    bool has_lied(const Address& network) const;

    std::size_t state_bytes() const { return met_.capacity() * sizeof(Met); }

private:
    struct Met {
        Address network;
        unsigned asked = 0;
        bool has_lied = false;
        bool is_suspicious = false;
    };

    Met& find_or_add(const Address& network);
    const Met* find(const Address& network) const;

    std::vector<Met> met_; // no more than nodes asked
};

} // namespace kith::pnrp
