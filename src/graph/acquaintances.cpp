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
    addresses_.clear();
    const auto kept = store_.property(kKey);
    if (!kept || !*kept) return;
    wire::Reader in(**kept);
    while (in.remaining() > 0 && addresses_.size() < kMetMax) {
        Endpoint endpoint;
        in(endpoint.address.bytes, endpoint.port);
        addresses_.push_back(endpoint);
    }
    if (!in.finish()) addresses_.clear();
}

void Acquaintances::meet(std::span<const Endpoint> addresses) {
    bool is_new = false;
    for (const Endpoint& address : addresses.first(std::min(addresses.size(), kEachMax)))
        is_new = note(address) || is_new;
    if (!is_new) return;
    Bytes out;
    wire::Writer io(out);
    for (const Endpoint& endpoint : addresses_)
        io(endpoint.address.bytes, endpoint.port);
    static_cast<void>(store_.set_property(kKey, out)); // the commit says if it failed
}

/// True if it was not there; it is the first one now in any case.
bool Acquaintances::note(const Endpoint& address) {
    const bool was_known = std::erase(addresses_, address) > 0;
    addresses_.push_front(address);
    if (addresses_.size() > kMetMax) addresses_.pop_back();
    return !was_known;
}

} // namespace kith::graph
