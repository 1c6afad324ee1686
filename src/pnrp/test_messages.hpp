// Random legal values of everything that goes over the wire, for property tests.

#pragma once

#include "base/random.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/cpa.hpp"
#include "pnrp/extended_payload.hpp"
#include "pnrp/limits.hpp"
#include "pnrp/message.hpp"

#include <algorithm>
#include <string>

namespace kith::pnrp {

class RandomMessages {
public:
    explicit RandomMessages(std::uint64_t seed) : random_(seed), bytes_(seed + 1) {}

    /// A message that fits a datagram, of a random type.
    Message message() {
        Message m;
        m.id = MessageId{static_cast<std::uint32_t>(random_.next())};
        switch (random_.below(8)) {
        case 0:
            m.body = solicit();
            break;
        case 1:
            m.body = Advertise{any_id(), ids(), array<20>()};
            break;
        case 2:
            m.body = Request{array<16>(), ids()};
            break;
        case 3:
            m.body = flood();
            break;
        case 4:
            m.body = inquire();
            break;
        case 5:
            m.body = authority();
            break;
        case 6:
            m.body = Ack{any_id(), coin()};
            break;
        default:
            m.body = lookup();
            break;
        }
        return m;
    }

    AuthorityBuffer authority_buffer() {
        AuthorityBuffer buffer;
        buffer.suspicious = coin();
        buffer.busy = coin();
        buffer.not_found = coin();
        if (coin()) buffer.chain = some_bytes(1, 3000);
        if (coin()) buffer.classifier = text(0, 40);
        if (coin()) buffer.extended_payload = some_bytes(1, 4244);
        if (coin()) buffer.entry = entry(kRouteAddressesMax);
        if (coin()) buffer.cpa = some_bytes(1, 1096);
        return buffer;
    }

    Cpa cpa() {
        Cpa cpa;
        cpa.is_revoke = random_.below(4) == 0;
        cpa.has_extended_payload = coin();
        cpa.not_after = date();
        cpa.service_location = array<16>();
        if (!cpa.is_revoke) cpa.nonce = array<16>();
        const bool has_authority = coin();
        if (has_authority) cpa.authority = array<20>();
        if (!has_authority || coin()) cpa.classifier_hash = array<20>();
        if (coin()) cpa.friendly_name = text(1, 19);
        const std::size_t services = random_.below(kServiceAddressesMax) + (cpa.is_revoke ? 0 : 1);
        for (std::size_t i = 0; i < services; ++i)
            cpa.service_addresses.push_back(endpoint());
        if (!cpa.is_revoke && coin()) {
            cpa.app_endpoints.resize(1 + random_.below(kAppEndpointsMax));
            for (AppEndpoint& app : cpa.app_endpoints)
                app = {{array<16>()}, number16(), number16()};
        }
        if (!cpa.is_revoke && coin()) {
            cpa.reach.resize(1 + random_.below(4));
            for (ReachTlv& tlv : cpa.reach)
                tlv = {number16(), some_bytes(0, 100)};
        }
        cpa.public_key = some_bytes(32, 32);
        cpa.signature = some_bytes(64, 64);
        return cpa;
    }

    ExtendedPayload payload() {
        using namespace std::string_literals;
        ExtendedPayload payload{date(), id(), array<16>(), {}, {}, some_bytes(64, 64)};
        payload.kind = static_cast<PayloadKind>(random_.below(3));
        switch (payload.kind) {
        case PayloadKind::binary:
            payload.payload = some_bytes(1, kPayloadBytesMax);
            break;
        case PayloadKind::text_utf8:
            payload.payload = to_owned(as_bytes(text(1, 900) + "\0"s));
            break;
        case PayloadKind::text_utf16:
            for (const char c : "p\0e\0e\0r\0"s + "\0\0"s)
                payload.payload.push_back(static_cast<std::byte>(c));
            break;
        }
        return payload;
    }

    Bytes some_bytes(std::size_t least, std::size_t most) {
        Bytes out(least + random_.below(most - least + 1));
        bytes_.fill(out);
        return out;
    }

    SeededRandom& random() { return random_; }

private:
    bool coin() { return random_.below(2) == 0; }
    std::uint16_t number16() { return static_cast<std::uint16_t>(random_.next()); }
    MessageId any_id() { return MessageId{static_cast<std::uint32_t>(random_.next())}; }
    PnrpId id() { return {array<32>()}; }
    Endpoint endpoint() { return {{array<16>()}, number16()}; }
    WallTime date() { return WallTime(WallClock::duration(random_.next() >> 1U)); }

    template<std::size_t N>
    ByteArray<N> array() {
        return bytes_.bytes<N>();
    }

    std::vector<PnrpId> ids() {
        std::vector<PnrpId> out(random_.below(kIdArrayMax + 1));
        std::ranges::generate(out, [&] { return id(); });
        return out;
    }

    std::vector<Endpoint> endpoints(std::size_t least) {
        std::vector<Endpoint> out(least + random_.below(kPathEndpointsMax + 1 - least));
        std::ranges::generate(out, [&] { return endpoint(); });
        return out;
    }

    RouteEntry entry(std::size_t addresses_max) {
        RouteEntry entry{id(), number16(), {}};
        entry.addresses.resize(1 + random_.below(addresses_max));
        for (Address& address : entry.addresses)
            address = {array<16>()};
        return entry;
    }

    // `most` characters at most, of one to four bytes of UTF-8 each, none of them U+0000.
    std::string text(std::size_t least, std::size_t most) {
        static constexpr std::string_view kCharacters[] = {
            "a", "Z", " ", "\u00fc", "\u00df", "\u20ac", "\uffff", "\U0001F600"};
        std::string out;
        for (std::size_t i = least + random_.below(most - least + 1); i > 0; --i)
            out += kCharacters[random_.below(std::size(kCharacters))];
        return out;
    }

    Solicit solicit() {
        Solicit m{{}, {}, array<20>(), coin()};
        if (coin()) m.type = coin() ? SolicitType::any : SolicitType::registered_only;
        // A padded one has room for the addresses of one node.
        if (coin()) m.entry = entry(m.padded ? 4 : kRouteAddressesMax);
        return m;
    }

    Flood flood() {
        Flood m{coin(), id(), {}, {}, {}};
        if (coin()) m.revoke_cpa = some_bytes(1, 400);
        if (coin()) m.entry = entry(kCachedAddressesMax);
        m.already_flooded = endpoints(0);
        return m;
    }

    Inquire inquire() {
        Inquire m{{coin(), coin(), coin()}, id(), {}, coin()};
        if (coin()) m.nonce = array<16>();
        return m;
    }

    Authority authority() {
        Authority m{any_id(), 0, 0, {}};
        m.size = static_cast<std::uint16_t>(1 + random_.below(kAuthorityBufferSizeMax));
        const std::size_t fragments = (m.size + kFragmentSize - 1) / kFragmentSize;
        m.offset = static_cast<std::uint16_t>(random_.below(fragments) * kFragmentSize);
        const std::size_t size = std::min<std::size_t>(kFragmentSize, m.size - m.offset);
        m.fragment = some_bytes(size, size);
        return m;
    }

    Lookup lookup() {
        static constexpr Criteria kCriteria[] = {
            Criteria::none,
            Criteria::any_peer_name,
            Criteria::nearest_peer_name,
            Criteria::nearest64_peer_name,
            Criteria::upper_bits};
        Lookup m;
        m.accept_any = coin();
        m.precision = number16();
        m.criteria = kCriteria[random_.below(std::size(kCriteria))];
        m.reason = static_cast<std::uint8_t>(random_.next());
        m.target = id();
        m.validate = id();
        if (coin()) m.best_match = entry(kRouteAddressesMax);
        m.path = endpoints(1);
        return m;
    }

    SeededRandom random_;
    SeededSecureRandom bytes_;
};

/// Calls `check(damaged)` with every truncation of `bytes`, and with every byte changed in several
/// ways: a bit of each weight, and to the values at the ends.
template<class Check>
void damage(const Bytes& bytes, Check&& check) {
    for (std::size_t size = 0; size < bytes.size(); ++size)
        check(Bytes(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size)));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
        for (const unsigned change :
             {0x01U, 0x02U, 0x04U, 0x08U, 0x10U, 0x20U, 0x40U, 0x80U, 0xffU}) {
            Bytes damaged = bytes;
            damaged[at] ^= static_cast<std::byte>(change);
            check(damaged);
        }
    }
}

} // namespace kith::pnrp
