// For tests in which the test itself is everybody else: one cloud or one of its parts, datagrams by
// hand, one virtual clock. Everything that goes out is decoded, so whoever asserts on it asserts on
// what a receiver would see.

#pragma once

#include "base/check.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/exchange.hpp"
#include "pnrp/registry.hpp"
#include "pnrp/route_cache.hpp"
#include "pnrp/test_world.hpp"

#include <gtest/gtest.h>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace kith::pnrp::test {

/// A message of type `Type` that went to somebody.
template<class Type>
struct Heard {
    Endpoint to;
    MessageId id{};
    Type body;
};

/// Everything that was sent and not taken yet, decoded.
class Sent {
public:
    explicit Sent(const Profile& profile = modern_profile()) : profile_(profile) {}

    void add(Datagram datagram) {
        auto message = decode_message(profile_, datagram.payload);
        KITH_CHECK(message.has_value()); // nobody ever sends what does not decode
        bytes_to_[datagram.remote] += datagram.payload.size();
        messages_.push_back({std::move(datagram), std::move(*message)});
    }

    /// The messages of one type, in the order of sending; they stay.
    template<class Type>
    std::vector<Heard<Type>> all() const {
        std::vector<Heard<Type>> found;
        for (const auto& [datagram, message] : messages_) {
            if (const auto* body = std::get_if<Type>(&message.body))
                found.push_back({datagram.remote, message.id, *body});
        }
        return found;
    }

    /// Those to one receiver.
    template<class Type>
    std::vector<Heard<Type>> to(const Endpoint& remote) const {
        auto found = all<Type>();
        std::erase_if(found, [&](const auto& heard) { return heard.to != remote; });
        return found;
    }

    /// Bytes to `remote` since the beginning, whatever was forgotten.
    std::size_t bytes_to(const Endpoint& remote) const {
        const auto at = bytes_to_.find(remote);
        return at == bytes_to_.end() ? 0 : at->second;
    }

    /// The datagrams themselves.
    std::vector<Datagram> datagrams_to(const Endpoint& remote) const {
        std::vector<Datagram> found;
        for (const auto& [datagram, message] : messages_) {
            if (datagram.remote == remote) found.push_back(datagram);
        }
        return found;
    }

    std::size_t size() const { return messages_.size(); }
    bool empty() const { return messages_.empty(); }
    void forget() { messages_.clear(); }

private:
    struct One {
        Datagram datagram;
        Message message;
    };
    const Profile& profile_;
    std::vector<One> messages_;
    std::map<Endpoint, std::size_t> bytes_to_;
};

inline Now at(Duration since_start) {
    const Instant start{std::chrono::seconds(1)};
    return {
        start + since_start,
        kStartWall + std::chrono::duration_cast<WallClock::duration>(since_start)};
}

inline Bytes encoded(MessageId id, Body body, const Profile& profile = modern_profile()) {
    return encode_message(profile, Message{id, std::move(body)});
}

/// Another node with one name, played by the test: honest unless a test makes it lie. Each number
/// is in a network of its own (/48), so that no limit per network is in the way.
struct Peer {
    explicit Peer(
        unsigned number,
        std::string_view classifier = "web",
        const Profile& of_profile = modern_profile())
        : profile(of_profile),
          registration(secure_registration(number, classifier, of_profile.key_algorithm)),
          endpoint(endpoint_of(256 * (number + 2))) {
        ServiceLocation location{};
        std::copy_n(endpoint.address.bytes.begin(), 8, location.begin());
        location[15] = static_cast<std::byte>(number);
        id = make_id(p2p_id(profile, registration.name), location);
    }

    RouteEntry entry() const { return {id, endpoint.port, {endpoint.address}}; }

    Cpa cpa(Now now, const Nonce& nonce) const {
        Cpa cpa;
        cpa.not_after = now.wall + std::chrono::hours(24);
        cpa.service_location = service_location_of(id);
        cpa.nonce = nonce;
        if (registration.name.is_secure()) cpa.authority = registration.name.authority().bytes;
        cpa.classifier_hash = classifier_hash(profile, registration.name.classifier());
        cpa.service_addresses = {endpoint};
        cpa.app_endpoints = registration.endpoints;
        return cpa;
    }

    Bytes signed_cpa(const Cpa& cpa) const { return sign_cpa(profile, cpa, *registration.key); }

    /// The honest answer to `inquire`.
    AuthorityBuffer answer(Now now, const Inquire& inquire) const {
        AuthorityBuffer buffer;
        buffer.not_found = inquire.validate != id;
        if (!inquire.flags.cpa || buffer.not_found) return buffer;
        buffer.entry = entry();
        buffer.cpa = signed_cpa(cpa(now, inquire.nonce.value_or(Nonce{})));
        return buffer;
    }

    Bytes revocation(Now now) const {
        Cpa revoke = cpa(now, {});
        revoke.is_revoke = true;
        revoke.service_addresses.clear();
        revoke.app_endpoints.clear();
        return signed_cpa(revoke);
    }

    const Profile& profile;
    Registration registration;
    Endpoint endpoint;
    PnrpId id;
};

/// A cloud alone on its stage.
class Stage {
public:
    explicit Stage(const CloudConfig& config = {}, std::uint64_t seed = 1)
        : secure_(seed),
          plain_(seed + 1),
          profile(*config.profile),
          cloud(config, secure_, plain_),
          sent(profile) {
        cloud.set_endpoints(now(), std::span(&own, 1));
        drain();
    }

    Now now() const { return at(time_); }

    void drain() {
        while (auto event = cloud.poll_event())
            events.push_back(std::move(*event));
        while (auto datagram = cloud.poll_datagram())
            sent.add(std::move(*datagram));
    }

    void deliver(const Endpoint& from, ByteView datagram) {
        paid_[from] += datagram.size();
        cloud.handle_datagram(now(), own, from, datagram);
        drain();
    }

    void deliver(const Endpoint& from, MessageId id, Body body) {
        deliver(from, encoded(id, std::move(body), profile));
    }

    /// Under a Message ID that nobody used before.
    MessageId deliver(const Endpoint& from, Body body) {
        const MessageId id{next_id_++};
        deliver(from, id, std::move(body));
        return id;
    }

    void answer(const Endpoint& from, MessageId acked, const AuthorityBuffer& buffer) {
        const Bytes bytes = encode_authority_buffer(profile, buffer);
        const MessageId id{next_id_++};
        for (Authority& fragment : split_authority(acked, bytes))
            deliver(from, id, std::move(fragment));
    }

    /// Lets time pass, doing what falls due at its time. Whoever was admitted answers at once.
    void pass(Duration span) {
        const Duration end = time_ + span;
        answer_honestly();
        for (int steps = 0; steps < 100'000; ++steps) {
            const auto due = cloud.next_timeout();
            const Duration next = due ? *due - at(Duration{}).instant : end + Duration{1};
            if (next > end) break;
            time_ = std::max(time_, next);
            cloud.handle_timeout(now());
            drain();
            answer_honestly();
            const auto after = cloud.next_timeout();
            ASSERT_TRUE(!after || *after > now().instant) << "handled, and due again";
        }
        time_ = end;
    }

    /// `peer` tells of itself and proves it: afterwards it is in the cache.
    void admit(const Peer& peer) {
        Flood flood;
        flood.no_ack = true;
        flood.entry = peer.entry();
        deliver(peer.endpoint, std::move(flood));
        honest_.push_back(peer);
        answer_honestly();
        KITH_CHECK(cloud.knows(peer.id));
        sent.forget();
    }

    /// Everybody who was admitted answers what it was sent: its own id, and nobody nearer.
    void answer_honestly() {
        std::size_t before = 0;
        do {
            before = answered_.size();
            for (const Peer& peer : honest_)
                answer_as(peer);
        } while (answered_.size() > before);
    }

    /// Nobody answers any more.
    void silence() { honest_.clear(); }

    /// `peer` answers all that it was sent and has not answered yet.
    void answer_as(const Peer& peer) {
        for (const auto& inquire : sent.to<Inquire>(peer.endpoint)) {
            if (answered_.insert(inquire.id).second)
                answer(peer.endpoint, inquire.id, peer.answer(now(), inquire.body));
        }
        for (const auto& lookup : sent.to<Lookup>(peer.endpoint)) {
            if (answered_.insert(lookup.id).second)
                answer(peer.endpoint, lookup.id, AuthorityBuffer{});
        }
        for (const auto& flood : sent.to<Flood>(peer.endpoint)) {
            if (!flood.body.no_ack && answered_.insert(flood.id).second)
                deliver(peer.endpoint, Ack{flood.id, false});
        }
    }

    std::uint64_t dropped(Drop reason) const { return cloud.counters().dropped_for(reason); }

    /// How much `source` has sent here.
    std::size_t paid_by(const Endpoint& source) const {
        const auto at = paid_.find(source);
        return at == paid_.end() ? 0 : at->second;
    }

    const ResolveDone* done(ResolveId id) const {
        for (const Event& event : events) {
            const auto* done = std::get_if<ResolveDone>(&event);
            if (done != nullptr && done->id == id) return done;
        }
        return nullptr;
    }

private:
    SeededSecureRandom secure_;
    SeededRandom plain_;

public:
    const Profile& profile;
    Cloud cloud;
    Endpoint own = endpoint_of(1);
    Sent sent;
    std::vector<Event> events;

private:
    Duration time_{};
    std::uint32_t next_id_ = 0x5eed0000;
    std::map<Endpoint, std::size_t> paid_;
    std::set<MessageId> answered_;
    std::vector<Peer> honest_;
};

/// What a part of a cloud needs around it, and nothing else: no cloud carries anything across.
struct Bench {
    explicit Bench(const CloudConfig& config = {})
        : secure(11),
          plain(12),
          exchange(config, secure, plain),
          cache(id_of_byte(0x77)),
          registry(exchange),
          sent_(*config.profile) {
        exchange.set_endpoints(std::span(&own, 1));
    }

    /// An id that begins with `first`, and is zero for the rest.
    static PnrpId id_of_byte(unsigned first) {
        PnrpId id;
        id.bytes[0] = static_cast<std::byte>(first);
        return id;
    }

    /// The entry of the node that holds id_of_byte(`first`).
    static RouteEntry entry_of_byte(unsigned first) {
        const Endpoint endpoint = endpoint_of(256 * first + 7);
        return {id_of_byte(first), endpoint.port, {endpoint.address}};
    }

    void cache_byte(unsigned first) {
        CachedRoute route;
        route.entry = entry_of_byte(first);
        route.heard = at(Duration{}).instant;
        cache.insert(std::move(route));
    }

    /// Whatever the part has sent until now.
    Sent& sent() {
        while (auto datagram = exchange.poll_datagram())
            sent_.add(std::move(*datagram));
        return sent_;
    }

    const LocalName& add_name(Registration registration) {
        const LocalName& name = registry.add(std::move(registration));
        cache.set_own_ids(registry.ids());
        return name;
    }

    SeededSecureRandom secure;
    SeededRandom plain;
    Exchange exchange;
    RouteCache cache;
    Registry registry;
    Endpoint own = endpoint_of(1);

private:
    Sent sent_;
};

inline Endpoint endpoint_of_byte(unsigned first) {
    return endpoint_of(256 * first + 7);
}

} // namespace kith::pnrp::test
