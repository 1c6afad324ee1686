#include "sim/contract.hpp"

#include "pnrp/limits.hpp"
#include "sim/addresses.hpp"
#include "sim/endpoint_hash.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace kith::sim {

namespace {

// The header's magic and the numbers of the messages (MS-PNRP 2.2.1), written once more so that a
// mistake in the codec cannot hide from its checker.
constexpr std::size_t kHeaderSize = 12;
constexpr std::byte kMagic{0x51};
constexpr unsigned kSolicit = 1;
constexpr unsigned kAdvertise = 2;
constexpr unsigned kRequest = 3;
constexpr unsigned kFlood = 4;
constexpr unsigned kInquire = 7;
constexpr unsigned kAuthority = 8;
constexpr unsigned kAck = 9;
constexpr unsigned kLookup = 11;

// Zero for what is no message.
unsigned type_of(ByteView payload) {
    if (payload.size() < kHeaderSize || payload[4] != kMagic) return 0;
    return std::to_integer<unsigned>(payload[7]);
}

bool proves_its_source(unsigned type) {
    return type == kAdvertise || type == kAuthority || type == kAck;
}

bool is_answer_to(unsigned request, unsigned type) {
    switch (request) {
    case kSolicit:
        return type == kAdvertise;
    case kRequest:
        return type == kAck || type == kFlood;
    case kFlood:
        return type == kAck;
    case kInquire:
    case kLookup:
        return type == kAuthority;
    default:
        return false;
    }
}

} // namespace

void ContractChecker::booted(HostId host) {
    if (index_of(host) >= proven_.size()) proven_.resize(index_of(host) + 1);
    proven_[index_of(host)].clear();
}

void ContractChecker::arrived(HostId host, const Arrival& arrival) {
    step_ = {};
    if (arrival.channel != node::Channel::pnrp) return;
    step_.type = type_of(arrival.payload);
    step_.has_request = true;
    step_.from = arrival.from;
    step_.bytes_in = arrival.payload.size();
    if (proves_its_source(step_.type)) {
        proven_[index_of(host)].insert(hash_of(arrival.from));
    }
}

void ContractChecker::began() {
    step_ = {};
}

Complaint
ContractChecker::sent(HostId host, std::span<const Endpoint> own, const node::Datagram& datagram) {
    if (auto complaint = check_size(datagram)) return complaint;
    if (auto complaint = check_ends(own, datagram)) return complaint;
    return check_amplification(host, datagram);
}

Complaint ContractChecker::check_state_bytes(std::size_t bytes) const {
    if (bytes <= limits_.state_bytes_max) return std::nullopt;
    return fmt::format("{} bytes of state, above {}", bytes, limits_.state_bytes_max);
}

Complaint ContractChecker::check_size(const node::Datagram& datagram) const {
    const std::size_t limit =
        datagram.channel == node::Channel::pnrp ? pnrp::kDatagramSizeMax : kSsdpSizeMax;
    if (datagram.payload.empty()) return "an empty datagram";
    if (datagram.payload.size() <= limit) return std::nullopt;
    return fmt::format("a datagram of {} bytes, above {}", datagram.payload.size(), limit);
}

Complaint
ContractChecker::check_ends(std::span<const Endpoint> own, const node::Datagram& datagram) const {
    const Endpoint& to = datagram.remote;
    const auto has_address = [&](const Address& address) {
        return std::ranges::any_of(own, [&](const Endpoint& e) { return e.address == address; });
    };
    if (datagram.local != Endpoint{} && !has_address(datagram.local.address)) {
        return fmt::format("a datagram from {}, not its own", to_string(datagram.local));
    }
    if (datagram.channel == node::Channel::ssdp && is_multicast(to.address)) return std::nullopt;
    if (to.address.scope() != limits_.scope) {
        return fmt::format("a datagram to {}, outside the cloud's scope", to_string(to));
    }
    if (datagram.channel == node::Channel::ssdp) return std::nullopt;
    if (to.port <= pnrp::kReservedPortMax) {
        return fmt::format("a datagram to the reserved port of {}", to_string(to));
    }
    if (std::ranges::find(own, to) != own.end()) {
        return fmt::format("a datagram to itself, {}", to_string(to));
    }
    return std::nullopt;
}

Complaint ContractChecker::check_amplification(HostId host, const node::Datagram& datagram) {
    if (limits_.rations_answers) return std::nullopt; // held by WindowsCloudTest
    if (!step_.has_request || datagram.channel != node::Channel::pnrp) return std::nullopt;
    if (datagram.remote != step_.from) return std::nullopt;
    if (!is_answer_to(step_.type, type_of(datagram.payload))) return std::nullopt;
    step_.bytes_out += datagram.payload.size();
    if (step_.bytes_out <= step_.bytes_in * kAmplificationMax) return std::nullopt;
    if (proven_[index_of(host)].contains(hash_of(step_.from))) return std::nullopt;
    return fmt::format(
        "{} bytes of answer to a message {} of {} bytes from {}, which has proved nothing",
        step_.bytes_out,
        step_.type,
        step_.bytes_in,
        to_string(step_.from));
}

} // namespace kith::sim
