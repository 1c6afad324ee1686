// A whole cloud under a stream of commands, datagrams and instants read from the input: raw bytes,
// messages made of them, and answers to what the cloud itself just sent. Its contract holds after
// every step: what it sends decodes, no timeout that was handled is due again, its state is
// bounded, every resolve ends once.

#include "../input.hpp"
#include "base/check.hpp"
#include "pnrp/authority_buffer.hpp"
#include "pnrp/cloud.hpp"
#include "pnrp/limits.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <span>

namespace {

using namespace kith;
using namespace kith::pnrp;
using fuzz::Input;

constexpr std::size_t kStepsMax = 400;
constexpr std::size_t kHeardMax = 32;             // questions of the cloud that may be answered
constexpr std::size_t kStateBytesMax = 8'000'000; // far above what this many steps may need
constexpr std::size_t kOutputMax = 20'000;        // datagrams for one input; more is a storm

// One of a few nodes, so that what is said of them at different times meets.
Endpoint node(std::size_t number) {
    Endpoint endpoint = *parse_endpoint("[2001:db8::1]:3540");
    endpoint.address.bytes[5] = static_cast<std::byte>(number + 1);
    return endpoint;
}

PnrpId place(std::size_t number) {
    PnrpId id;
    id.bytes[0] = static_cast<std::byte>(number * 37);
    id.bytes[31] = static_cast<std::byte>(number);
    return id;
}

Registration registration(std::size_t number) {
    static const auto kKey = [] {
        SeededSecureRandom random(3);
        return std::make_shared<const crypto::PrivateKey>(
            crypto::PrivateKey::generate(crypto::KeyAlgorithm::ed25519, random));
    }();
    const std::string classifier = "name" + std::to_string(number);
    AppEndpoint endpoint{node(number).address, 80, 6};
    const auto name =
        number % 2 == 0
            ? *identity::PeerName::secure(identity::authority_of(kKey->public_key()), classifier)
            : *identity::PeerName::unsecured(classifier);
    Registration made{name, kKey, {endpoint}, "comment", std::nullopt};
    if (number % 3 == 0) made.payload = Payload{PayloadKind::binary, Bytes(3000)};
    return made;
}

class Run {
public:
    explicit Run(Input input) : input_(input), secure_(1), plain_(2), cloud_({}, secure_, plain_) {
        cloud_.set_endpoints(now_, std::span(&own_, 1));
        KITH_CHECK(cloud_.register_name(now_, registration(0)).has_value());
        drain();
    }

    void go() {
        for (std::size_t i = 0; i < kStepsMax && !input_.empty(); ++i) {
            step();
            drain();
            KITH_CHECK(cloud_.state_bytes() <= kStateBytesMax);
            KITH_CHECK(cloud_.cache_size() <= 2 * kCacheEntriesMax);
        }
        pass(std::chrono::seconds(11));
        for (const auto& [id, ends] : resolves_)
            KITH_CHECK(ends == 1);
    }

private:
    void step() {
        switch (input_.below(9)) {
        case 0:
            return deliver(input_.some(kDatagramSizeMax + 1));
        case 1:
        case 2:
            return deliver(MessageId{input_.number16()}, any_body());
        case 3:
        case 4:
        case 5:
            return answer();
        case 6:
            return command();
        case 7:
            return pass(std::chrono::milliseconds(input_.byte()));
        default:
            return pass(std::chrono::milliseconds(input_.number16()));
        }
    }

    void deliver(ByteView datagram) {
        cloud_.handle_datagram(now_, own_, node(input_.below(24)), datagram);
    }

    void deliver(MessageId id, Body body) {
        deliver(encode_message(modern_profile(), Message{id, std::move(body)}));
    }

    PnrpId any_id() {
        const auto names = cloud_.registrations();
        const std::size_t number = input_.byte();
        if (number < 128 && !names.empty()) return names[number % names.size()].pnrp_id;
        return place(number % 64);
    }

    RouteEntry any_entry() {
        const Endpoint endpoint = node(input_.below(24));
        RouteEntry entry{any_id(), endpoint.port, {endpoint.address}};
        if (input_.byte() > 240) entry.addresses.push_back(Address{input_.array<16>()});
        if (input_.byte() > 240) entry.port = input_.number16();
        return entry;
    }

    std::vector<PnrpId> any_ids() {
        std::vector<PnrpId> ids(input_.below(kIdArrayMax + 1));
        std::generate(ids.begin(), ids.end(), [&] { return any_id(); });
        return ids;
    }

    std::vector<Endpoint> any_endpoints(std::size_t least) {
        std::vector<Endpoint> endpoints(least + input_.below(kPathEndpointsMax + 1 - least));
        std::generate(endpoints.begin(), endpoints.end(), [&] { return node(input_.below(24)); });
        return endpoints;
    }

    Flood any_flood() {
        Flood flood{input_.coin(), any_id(), {}, {}, {}};
        if (input_.coin()) flood.entry = any_entry();
        flood.already_flooded = any_endpoints(0);
        if (input_.byte() > 200) flood.revoke_cpa = any_cpa(true, {});
        return flood;
    }

    Lookup any_lookup() {
        Lookup lookup;
        lookup.accept_any = input_.coin();
        lookup.target = any_id();
        lookup.validate = any_id();
        if (input_.coin()) lookup.best_match = any_entry();
        lookup.path = any_endpoints(1);
        return lookup;
    }

    Body any_body() {
        switch (input_.below(5)) {
        case 0: {
            Solicit solicit;
            if (input_.coin()) solicit.entry = any_entry();
            solicit.padded = input_.coin();
            const Nonce nonce = small_nonce();
            solicit.hashed_nonce = modern_profile().digest({ByteView(nonce)});
            return solicit;
        }
        case 1:
            return Request{small_nonce(), any_ids()};
        case 2:
            return any_flood();
        case 3:
            return Inquire{
                {input_.coin(), input_.coin(), input_.coin()},
                any_id(),
                small_nonce(),
                input_.coin()};
        default:
            return any_lookup();
        }
    }

    // Few enough that a REQUEST meets the SOLICIT before it.
    Nonce small_nonce() { return Nonce{static_cast<std::byte>(input_.below(4))}; }

    Bytes any_cpa(bool is_revoke, const Nonce& nonce) {
        const Registration owner = registration(input_.below(8));
        Cpa cpa;
        cpa.is_revoke = is_revoke;
        cpa.not_after = now_.wall + std::chrono::hours(1);
        cpa.service_location = ServiceLocation{static_cast<std::byte>(input_.below(8))};
        cpa.nonce = is_revoke ? Nonce{} : nonce;
        if (owner.name.is_secure()) cpa.authority = owner.name.authority().bytes;
        cpa.classifier_hash = classifier_hash(modern_profile(), owner.name.classifier());
        if (!is_revoke) cpa.service_addresses = {node(input_.below(24))};
        Bytes bytes = sign_cpa(modern_profile(), cpa, *owner.key);
        if (input_.byte() > 200) bytes[input_.number16() % bytes.size()] ^= std::byte{1};
        return bytes;
    }

    AuthorityBuffer any_buffer(const Nonce& nonce) {
        AuthorityBuffer buffer;
        const std::uint8_t flags = input_.byte();
        buffer.not_found = (flags & 3U) == 3;
        buffer.busy = (flags & 28U) == 28;
        buffer.suspicious = (flags & 32U) != 0;
        if ((flags & 64U) != 0) buffer.entry = any_entry();
        if ((flags & 128U) != 0) buffer.cpa = any_cpa(false, nonce);
        if (input_.byte() > 200) buffer.extended_payload = Bytes(1 + input_.number16() % 4244);
        return buffer;
    }

    // Answers one of the cloud's questions, from where it went.
    void answer() {
        if (heard_.empty()) return;
        const std::size_t at = input_.below(heard_.size());
        const auto [to, message] = heard_[at];
        if (input_.coin()) heard_.erase(heard_.begin() + static_cast<std::ptrdiff_t>(at));
        const MessageId id{input_.number16()};
        const auto send = [&](Body body) {
            const Bytes bytes = encode_message(modern_profile(), Message{id, std::move(body)});
            cloud_.handle_datagram(now_, own_, to, bytes);
        };
        if (const auto* solicit = std::get_if<Solicit>(&message.body))
            return send(Advertise{message.id, any_ids(), solicit->hashed_nonce});
        const bool is_acked = std::holds_alternative<Request>(message.body) ||
                              std::holds_alternative<Flood>(message.body);
        if (is_acked) return send(Ack{message.id, input_.coin()});
        const auto* inquire = std::get_if<Inquire>(&message.body);
        const auto nonce = inquire != nullptr ? inquire->nonce.value_or(Nonce{}) : Nonce{};
        const Bytes buffer = encode_authority_buffer(modern_profile(), any_buffer(nonce));
        for (Authority& fragment : split_authority(message.id, buffer)) {
            if (input_.byte() > 230) fragment.size = static_cast<std::uint16_t>(fragment.size + 1);
            if (decodes(fragment)) send(std::move(fragment));
        }
    }

    static bool decodes(const Authority& fragment) {
        const std::size_t end = std::size_t{fragment.offset} + fragment.fragment.size();
        return end == fragment.size || fragment.fragment.size() == kFragmentSize;
    }

    void command() {
        switch (input_.below(7)) {
        case 0: {
            const auto id = cloud_.start_resolve(
                now_,
                {.name = registration(input_.below(16)).name,
                 .timeout = std::chrono::milliseconds(input_.number16() % 10'000)});
            if (id) resolves_[*id] = 0;
            return;
        }
        case 1:
            return cloud_.cancel_resolve(now_, ResolveId{input_.byte()});
        case 2:
            static_cast<void>(cloud_.register_name(now_, registration(input_.below(8))));
            return;
        case 3:
            static_cast<void>(cloud_.unregister(now_, RegistrationId{input_.byte()}));
            return;
        case 4:
            return cloud_.synchronize(now_, node(input_.below(24)));
        case 5: {
            own_ = node(200 + input_.below(3));
            const std::size_t count = input_.byte() > 200 ? 0 : 1;
            return cloud_.set_endpoints(now_, std::span(&own_, count));
        }
        default:
            static_cast<void>(
                cloud_.update(now_, RegistrationId{input_.byte()}, registration(input_.below(8))));
            return;
        }
    }

    void pass(Duration span) {
        const Instant end = now_.instant + span;
        for (;;) {
            const auto due = cloud_.next_timeout();
            const Instant next = due ? std::max(*due, now_.instant) : end;
            if (next >= end) break;
            move_to(next);
            cloud_.handle_timeout(now_);
            drain();
            const auto after = cloud_.next_timeout();
            KITH_CHECK(!after || *after > now_.instant);
        }
        move_to(end);
    }

    void move_to(Instant instant) {
        now_.wall += std::chrono::duration_cast<WallClock::duration>(instant - now_.instant);
        now_.instant = instant;
    }

    void drain() {
        while (auto event = cloud_.poll_event()) {
            const auto* done = std::get_if<ResolveDone>(&*event);
            if (done != nullptr) ++resolves_[done->id];
        }
        while (auto datagram = cloud_.poll_datagram()) {
            KITH_CHECK(++output_ <= kOutputMax);
            auto message = decode_message(modern_profile(), datagram->payload);
            KITH_CHECK(message.has_value());
            heard_.emplace_back(datagram->remote, std::move(*message));
            if (heard_.size() > kHeardMax) heard_.pop_front();
        }
    }

    Input input_;
    SeededSecureRandom secure_;
    SeededRandom plain_;
    Now now_{Instant(std::chrono::seconds(1)), wall_from_unix(std::chrono::seconds(1'800'000'000))};
    Endpoint own_ = node(200);
    Cloud cloud_;
    std::deque<std::pair<Endpoint, Message>> heard_;
    std::map<ResolveId, int> resolves_;
    std::size_t output_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Run(Input({data, size})).go();
    return 0;
}
