#include "graph/acquaintances.hpp"

#include "base/bytes.hpp"
#include "graph/limits.hpp"
#include "wire/reader.hpp"
#include "wire/writer.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace kith::graph {

namespace {

constexpr std::string_view kKey = "met"; // property of the store: Address(16) Port(2), repeated
constexpr std::size_t kEachMax = 4;      // addresses of one neighbour

} // namespace

void Acquaintances::load() {
    met_.clear();
    const auto kept = store_.property(kKey);
    if (!kept || !*kept) return;
    wire::Reader in(**kept);
    while (in.remaining() > 0 && met_.size() < kMetMax) {
        Met met;
        in(met.address.address.bytes, met.address.port);
        met_.push_back(met);
    }
    if (!in.finish()) met_.clear();
}

void Acquaintances::meet(NodeId node, std::span<const Endpoint> addresses) {
    const auto listed = addresses.first(std::min(addresses.size(), kEachMax));
    bool is_new = std::erase_if(met_, [&](const Met& met) {
                      return node != 0 && met.node == node &&
                             std::ranges::find(listed, met.address) == listed.end();
                  }) > 0;
    for (const Endpoint& address : listed)
        is_new = note(node, address) || is_new;
    if (!is_new) return;
    Bytes out;
    wire::Writer io(out);
    for (const Met& met : met_)
        io(met.address.address.bytes, met.address.port);
    static_cast<void>(store_.set_property(kKey, out)); // the commit says if it failed
}

std::deque<Endpoint> Acquaintances::addresses() const {
    std::deque<Endpoint> out;
    for (const Met& met : met_)
        out.push_back(met.address);
    return out;
}

/// True if it was not there; it is the first one now in any case. It stays with the node that named
/// it first: no other one makes us forget it.
bool Acquaintances::note(NodeId node, const Endpoint& address) {
    const auto known = std::ranges::find(met_, address, &Met::address);
    const bool was_known = known != met_.end();
    if (was_known) {
        if (known->node != 0) node = known->node;
        met_.erase(known);
    }
    met_.push_front({address, node});
    if (met_.size() > kMetMax) met_.pop_back();
    return !was_known;
}

} // namespace kith::graph
