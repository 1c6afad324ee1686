#include "sim/trace.hpp"

#include "sim/seed.hpp"

#include <bit>
#include <cstring>
#include <string_view>
#include <variant>

namespace kith::sim {

namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;

class EventMixer {
public:
    explicit EventMixer(TraceHash& hash) : hash_(hash) {}

    void operator()(const pnrp::ResolveDone& done) {
        hash_.mix(static_cast<std::uint64_t>(done.id));
        if (done.outcome) {
            mix(*done.outcome);
        } else {
            hash_.mix(static_cast<std::uint64_t>(done.outcome.error()));
        }
    }

    void operator()(const pnrp::RegistrationAnnounced& announced) {
        hash_.mix(static_cast<std::uint64_t>(announced.id));
    }

    void operator()(const node::CloudStateChanged& changed) {
        hash_.mix(static_cast<std::uint64_t>(changed.state));
    }

    void operator()(const node::SeedsNeeded& /*needed*/) {}

    void operator()(const pnrp::ReachChanged& changed) {
        hash_.mix(static_cast<std::uint64_t>(changed.reach));
        hash_.mix(static_cast<std::uint64_t>(changed.reason));
    }

private:
    void mix(const pnrp::Resolution& found) {
        hash_.mix(as_bytes(found.name.to_string()));
        hash_.mix(ByteView(found.id.bytes));
        for (const pnrp::AppEndpoint& endpoint : found.endpoints) {
            hash_.mix(Endpoint{endpoint.address, endpoint.port});
            hash_.mix(endpoint.protocol);
        }
        for (const Endpoint& endpoint : found.service_addresses)
            hash_.mix(endpoint);
        hash_.mix(as_bytes(found.comment));
        if (found.payload) hash_.mix(ByteView(found.payload->bytes));
        hash_.mix(ByteView(found.public_key));
        hash_.mix(static_cast<std::uint64_t>(found.not_after.time_since_epoch().count()));
        hash_.mix(found.lookups);
        hash_.mix(static_cast<std::uint64_t>(found.took.count()));
    }

    TraceHash& hash_;
};

} // namespace

void TraceHash::mix(std::uint64_t value) {
    state_ = std::rotl(state_ ^ (value * kMultiplier), 29) * 0xbf58476d1ce4e5b9U;
}

void TraceHash::mix(ByteView bytes) {
    mix(static_cast<std::uint64_t>(bytes.size()));
    while (!bytes.empty()) {
        std::uint64_t word = 0;
        const std::size_t taken = bytes.size() < sizeof word ? bytes.size() : sizeof word;
        std::memcpy(&word, bytes.data(), taken);
        mix(word);
        bytes = bytes.subspan(taken);
    }
}

void TraceHash::mix(const Endpoint& endpoint) {
    mix(ByteView(endpoint.address.bytes));
    mix(endpoint.port);
}

void TraceHash::mix(const node::Event& event) {
    mix(event.index());
    std::visit(EventMixer(*this), event);
}

std::uint64_t TraceHash::value() const {
    return mix_bits(state_);
}

} // namespace kith::sim
