// A cloud among random peers, honest and not, for thousands of steps: whatever happens, what its
// contract promises holds.

#include "pnrp/limits.hpp"
#include "pnrp/test_messages.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::endpoint_of;
using test::Peer;
using test::secure_registration;
using test::Stage;

// Far above what any run needs, far below what a leak would reach.
constexpr std::size_t kStateBytesMax = 4'000'000;

class Model {
public:
    explicit Model(std::uint64_t seed) : stage({}, seed), messages_(seed) {
        for (unsigned i = 0; i < 40; ++i)
            peers_.emplace_back(100 + i);
    }

    void step() {
        switch (random().below(12)) {
        case 0:
            return stage.deliver(source(), messages_.message().id, plausible());
        case 1:
            return stage.deliver(source(), messages_.message().id, messages_.message().body);
        case 2:
            return deliver_damaged();
        case 3:
            return introduce();
        case 4:
        case 5:
        case 6:
            return answer_somebody();
        case 7:
            return resolve();
        case 8:
            return change_registrations();
        case 9:
            return move();
        default:
            return wait();
        }
    }

    void check() {
        ASSERT_LE(stage.cloud.cache_size(), kCacheEntriesMax + 10 * kRegistrationsMax);
        ASSERT_LE(stage.cloud.state_bytes(), kStateBytesMax);
        ASSERT_LE(stage.cloud.endpoints().size(), kServiceAddressesMax);
        for (const PeerInfo& peer : stage.cloud.peers(stage.now())) {
            ASSERT_FALSE(peer.entry.addresses.empty());
            ASSERT_GE(peer.heard_ago, Duration{});
            for (const RegisteredName& name : stage.cloud.registrations())
                ASSERT_NE(peer.entry.id, name.pnrp_id);
        }
        if (stage.sent.size() > 2000) stage.sent.forget();
    }

    // Everything that was begun comes to its end, once.
    void finish() {
        stage.pass(11s);
        std::map<ResolveId, int> ends;
        for (const Event& event : stage.events) {
            if (const auto* done = std::get_if<ResolveDone>(&event)) ++ends[done->id];
        }
        EXPECT_EQ(ends.size(), resolves.size());
        for (const ResolveId id : resolves)
            EXPECT_EQ(ends[id], 1);
    }

    Stage stage;
    std::vector<ResolveId> resolves;

private:
    SeededRandom& random() { return messages_.random(); }
    bool is_one_in(unsigned n) { return random().below(n) == 0; }

    template<class Things>
    auto& any_of(Things& things) {
        return things[static_cast<std::size_t>(random().below(things.size()))];
    }

    Endpoint source() {
        if (is_one_in(10)) return endpoint_of(static_cast<unsigned>(random().below(60000)));
        return any_of(peers_).endpoint;
    }

    PnrpId any_id() {
        const auto names = stage.cloud.registrations();
        if (!names.empty() && is_one_in(2)) return any_of(names).pnrp_id;
        return any_of(peers_).id;
    }

    // A message about names and nodes that exist.
    Body plausible() {
        Message message = messages_.message();
        std::visit([&](auto& body) { make_plausible(body); }, message.body);
        return message.body;
    }

    void make_plausible(Solicit& body) { body.entry = any_of(peers_).entry(); }
    void make_plausible(Flood& body) {
        body.validate = any_id();
        body.entry = any_of(peers_).entry();
        body.revoke_cpa.reset();
        if (is_one_in(4)) body.revoke_cpa = any_of(peers_).revocation(stage.now());
        if (is_one_in(4)) body.entry->addresses = {source().address};
    }
    void make_plausible(Inquire& body) { body.validate = any_id(); }
    void make_plausible(Lookup& body) {
        body.validate = any_id();
        body.target = any_id();
        body.best_match = any_of(peers_).entry();
    }
    void make_plausible(Advertise& body) { body.ids = {any_id()}; }
    void make_plausible(Request& body) { body.ids = {any_id()}; }
    void make_plausible(Authority&) {}
    void make_plausible(Ack&) {}

    void deliver_damaged() {
        Bytes datagram = test::encoded(messages_.message().id, plausible());
        for (std::uint64_t i = 1 + random().below(4); i > 0; --i)
            any_of(datagram) ^= static_cast<std::byte>(1U << random().below(8));
        if (is_one_in(4)) datagram.resize(random().below(datagram.size() + 1));
        stage.deliver(source(), datagram);
    }

    void introduce() {
        if (is_one_in(3)) {
            stage.cloud.synchronize(stage.now(), any_of(peers_).endpoint);
            return stage.drain();
        }
        Flood flood;
        flood.entry = any_of(peers_).entry();
        stage.deliver(any_of(peers_).endpoint, std::move(flood));
    }

    void answer_somebody() {
        const Peer& peer = any_of(peers_);
        if (!is_one_in(4)) {
            stage.answer_as(peer);
            for (const auto& solicit : stage.sent.to<Solicit>(peer.endpoint)) {
                Advertise advertise{solicit.id, {any_id(), any_id()}, solicit.body.hashed_nonce};
                stage.deliver(peer.endpoint, std::move(advertise));
            }
            for (const auto& request : stage.sent.to<Request>(peer.endpoint))
                stage.deliver(peer.endpoint, Ack{request.id, false});
            return;
        }
        for (const auto& lookup : stage.sent.to<Lookup>(peer.endpoint)) { // and the liar
            AuthorityBuffer buffer = messages_.authority_buffer();
            if (!is_one_in(3)) buffer.entry = any_of(peers_).entry();
            stage.answer(peer.endpoint, lookup.id, buffer);
        }
        for (const auto& inquire : stage.sent.to<Inquire>(peer.endpoint))
            stage.answer(peer.endpoint, inquire.id, messages_.authority_buffer());
        for (const auto& flood : stage.sent.to<Flood>(peer.endpoint))
            stage.deliver(peer.endpoint, Ack{flood.id, is_one_in(2)});
    }

    void resolve() {
        const ResolveQuery query{
            .name = any_of(peers_).registration.name,
            .timeout = std::chrono::milliseconds(random().below(10'000))};
        if (const auto id = stage.cloud.start_resolve(stage.now(), query)) resolves.push_back(*id);
        if (!resolves.empty() && is_one_in(4))
            stage.cloud.cancel_resolve(stage.now(), any_of(resolves));
        stage.drain();
    }

    void change_registrations() {
        const auto names = stage.cloud.registrations();
        if (!names.empty() && (is_one_in(2) || names.size() > 6)) {
            ASSERT_TRUE(stage.cloud.unregister(stage.now(), any_of(names).id));
        } else {
            static_cast<void>(stage.cloud.register_name(
                stage.now(), secure_registration(static_cast<unsigned>(random().below(30)))));
        }
        stage.drain();
    }

    void move() {
        std::vector<Endpoint> endpoints(random().below(4));
        for (std::size_t i = 0; i < endpoints.size(); ++i)
            endpoints[i] = endpoint_of(static_cast<unsigned>(1 + i + random().below(2)));
        if (is_one_in(4)) endpoints = {stage.own};
        stage.cloud.set_endpoints(stage.now(), endpoints);
        stage.drain();
    }

    void wait() {
        const auto longest = is_one_in(5) ? 30'000U : 300U;
        stage.pass(std::chrono::milliseconds(random().below(longest)));
    }

    RandomMessages messages_;
    std::vector<Peer> peers_;
};

class CloudModel : public testing::TestWithParam<std::uint64_t> {};

// PNRP-183, PNRP-213, PNRP-297
TEST_P(CloudModel, KeepsItsContractWhateverComes) {
    Model model(GetParam());
    for (int i = 0; i < 3000 && !HasFatalFailure(); ++i) {
        model.step();
        model.check();
    }
    model.finish();
    EXPECT_GT(model.resolves.size(), 20U);
    EXPECT_GT(model.stage.cloud.counters().datagrams_out, 1000U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, CloudModel, testing::Range<std::uint64_t>(1, 9));

// More names than searches run at once: the rest waits for room, and nobody is woken in vain.
TEST(CloudTimeouts, AreNeverDueTwice) { // PNRP-239
    Stage stage;
    for (unsigned i = 0; i < 3 * kSearchesUpkeepMax; ++i)
        ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(i)));
    stage.drain();
    const Endpoint moved = endpoint_of(2);
    stage.cloud.set_endpoints(stage.now(), std::span(&moved, 1));
    stage.pass(1min);
    // The same with somebody there who never answers, and with one that cannot be reached.
    stage.own = moved;
    stage.admit(Peer{150});
    stage.silence();
    stage.pass(1min);
    const Endpoint v4 = *parse_endpoint("198.51.100.1:3540");
    stage.admit(Peer{151});
    stage.cloud.set_endpoints(stage.now(), std::span(&v4, 1));
    stage.drain();
    stage.pass(1min);
    EXPECT_EQ(stage.cloud.registration_count(), 3 * kSearchesUpkeepMax);
}

// Without an address nothing is sent, and nothing is forgotten.
TEST(CloudTimeouts, RestWithoutAnAddress) { // PNRP-238
    Stage stage;
    ASSERT_TRUE(stage.cloud.register_name(stage.now(), secure_registration(1)));
    stage.admit(Peer{150});
    const auto id = stage.cloud.start_resolve(stage.now(), {.name = secure_registration(9).name});
    ASSERT_TRUE(id);
    stage.cloud.set_endpoints(stage.now(), {});
    stage.drain();
    ASSERT_NE(stage.done(*id), nullptr);
    stage.sent.forget();
    stage.pass(1min);
    EXPECT_TRUE(stage.sent.all<Lookup>().empty());
    EXPECT_EQ(stage.cloud.registration_count(), 1U);
}

} // namespace
} // namespace kith::pnrp
