// What only the published profile does (docs/protocol/pnrp.md, Differences between the profiles).

#include "pnrp/limits.hpp"
#include "pnrp/maintenance.hpp"
#include "pnrp/search.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::Peer;
using test::Stage;

CloudConfig windows_config() {
    return {.profile = &windows_profile()};
}

class WindowsCloudTest : public testing::Test {
protected:
    static Registration named(unsigned number) {
        return test::secure_registration(number, "web", crypto::KeyAlgorithm::rsa1024);
    }

    // The id of the name registered here.
    PnrpId publish(const Registration& registration) {
        KITH_CHECK(stage.cloud.register_name(stage.now(), registration).has_value());
        stage.drain();
        stage.sent.forget();
        return stage.cloud.registrations().front().pnrp_id;
    }

    static Inquire inquire_for_cpa(const PnrpId& id, unsigned char nonce) {
        Inquire inquire{{true, false, true}, id, Nonce{}, false};
        (*inquire.nonce)[0] = std::byte{nonce};
        return inquire;
    }

    Stage stage{windows_config()};
};

// PNRP-003, PNRP-004: whatever the datagram asks for, there is no answer and no change.
TEST_F(WindowsCloudTest, CountsDatagramsOfTheOtherProfileAndAnswersNone) {
    const PnrpId own = publish(named(1));
    const Endpoint stranger = test::endpoint_of(256 * 9);
    Lookup lookup;
    lookup.target = own;
    lookup.path = {stranger};
    const Body questions[] = {
        Solicit{{}, {}, HashedNonce{}, true},
        Request{Nonce{}, {own}},
        Flood{},
        Inquire{{}, own, {}, false},
        lookup,
        Ack{MessageId{1}, false}};
    for (const Body& question : questions)
        stage.deliver(stranger, test::encoded(MessageId{7}, question, modern_profile()));
    EXPECT_EQ(stage.dropped(Drop::other_profile), std::size(questions));
    EXPECT_TRUE(stage.sent.empty());

    Stage modern;
    for (const Body& question : {questions[2], questions[3]})
        modern.deliver(stranger, test::encoded(MessageId{7}, question, windows_profile()));
    EXPECT_EQ(modern.dropped(Drop::other_profile), 2U);
    EXPECT_TRUE(modern.sent.empty());
}

TEST_F(WindowsCloudTest, TakesNoKeyOfTheOtherProfile) {
    EXPECT_EQ(
        stage.cloud.register_name(stage.now(), test::secure_registration(1)).error(),
        RegisterErrc::wrong_key);
    Stage modern;
    EXPECT_EQ(modern.cloud.register_name(modern.now(), named(1)).error(), RegisterErrc::wrong_key);
}

// docs/protocol/pnrp.md, Transport: no IPv4 in PNRP 4.0.
TEST_F(WindowsCloudTest, KnowsNoIpv4) {
    Flood flood;
    stage.deliver(*parse_endpoint("203.0.113.7:3540"), std::move(flood));
    EXPECT_EQ(stage.dropped(Drop::bad_source), 1U);
    EXPECT_TRUE(stage.sent.empty());
}

// PNRP-076: of the two encodings of a friendly name the one without U.
TEST_F(WindowsCloudTest, WritesFriendlyNamesInUtf16) {
    const PnrpId own = publish(named(1));
    const Endpoint asker = test::endpoint_of(256 * 9);
    stage.deliver(asker, inquire_for_cpa(own, 1));
    const auto answers = stage.sent.to<Authority>(asker);
    ASSERT_EQ(answers.size(), 1U);
    const auto buffer = decode_authority_buffer(windows_profile(), answers[0].body.fragment);
    ASSERT_TRUE(buffer && buffer->cpa);
    const auto cpa = decode_cpa(windows_profile(), *buffer->cpa);
    ASSERT_TRUE(cpa.has_value());
    EXPECT_EQ(cpa->friendly_name, "host 1");
    EXPECT_EQ(cpa->name_encoding, NameEncoding::utf16);
}

// docs/protocol/pnrp.md, Limits against abuse: three large answers a second and prefix, twice that
// at first. Above it the asker has to show that it is there.
TEST_F(WindowsCloudTest, GivesTheStrangersOfAPrefixFewLargeAnswers) {
    const PnrpId own = publish(named(1));
    Endpoint asker = test::endpoint_of(256 * 9);
    unsigned char nonce = 0;
    const auto ask = [&] {
        ++asker.port; // another stranger of the same prefix
        stage.deliver(asker, inquire_for_cpa(own, ++nonce));
        return stage.sent.to<Authority>(asker).size();
    };
    for (int i = 0; i < 6; ++i)
        EXPECT_EQ(ask(), 1U) << i;
    EXPECT_EQ(ask(), 0U);
    EXPECT_EQ(stage.dropped(Drop::amplification), 1U);

    // The empty FLOOD asks for the proof, and its ACK brings the answer.
    const auto proof = stage.sent.to<Flood>(asker);
    ASSERT_EQ(proof.size(), 1U);
    EXPECT_EQ(proof[0].body, Flood{});
    stage.deliver(asker, Ack{proof[0].id, false});
    EXPECT_EQ(stage.sent.to<Authority>(asker).size(), 1U);

    // Another prefix has an allowance of its own, and time brings more.
    const Endpoint elsewhere = test::endpoint_of(256 * 10);
    stage.deliver(elsewhere, inquire_for_cpa(own, 100));
    EXPECT_EQ(stage.sent.to<Authority>(elsewhere).size(), 1U);
    stage.pass(1s);
    EXPECT_EQ(ask(), 1U);
}

// PNRP-252, docs/protocol/pnrp.md, Differences: a valid signature is enough to revoke.
TEST_F(WindowsCloudTest, TakesARevokeByItsSignature) {
    publish(named(1));
    const Peer peer(2, "web", windows_profile());
    stage.admit(peer);
    Flood flood;
    flood.revoke_cpa = peer.revocation(stage.now());
    stage.deliver(peer.endpoint, flood);
    EXPECT_FALSE(stage.cloud.knows(peer.id));
}

// PNRP-127, PNRP-294 to PNRP-296: sent, sent again after 1 s, given up at 2 s.
TEST_F(WindowsCloudTest, SendsTwiceASecondApart) {
    const Endpoint member = test::endpoint_of(256 * 9);
    const auto solicits = [&] { return stage.sent.to<Solicit>(member).size(); };
    const auto is_over = [&] {
        return std::any_of(stage.events.begin(), stage.events.end(), [](const Event& event) {
            return std::holds_alternative<SynchronizeDone>(event);
        });
    };
    stage.cloud.synchronize(stage.now(), member);
    stage.drain();
    EXPECT_EQ(solicits(), 1U);
    stage.pass(999ms);
    EXPECT_EQ(solicits(), 1U);
    stage.pass(1ms);
    EXPECT_EQ(solicits(), 2U);
    stage.pass(999ms);
    EXPECT_FALSE(is_over());
    stage.pass(1ms);
    EXPECT_TRUE(is_over());
    EXPECT_EQ(solicits(), 2U);
}

// PNRP-013, PNRP-030: nothing is padded.
TEST_F(WindowsCloudTest, PadsNothing) {
    const Endpoint member = test::endpoint_of(256 * 9);
    stage.cloud.synchronize(stage.now(), member);
    stage.drain();
    ASSERT_EQ(stage.sent.datagrams_to(member).size(), 1U);
    EXPECT_EQ(stage.sent.datagrams_to(member)[0].payload.size(), 36U);
}

// docs/protocol/pnrp.md, Maintenance: 10 random entries each round, all of a smaller cache.
TEST(WindowsMaintenance, ProbesTenEntriesAtRandom) {
    Bench bench(windows_config());
    SeededRandom plain(5);
    Maintenance maintenance(bench.cache, plain, windows_profile());
    for (unsigned first = 1; first <= 200; first += 10)
        bench.cache_byte(first);
    const auto probes = [&](Duration when) {
        maintenance.handle_timeout(at(when), 0);
        std::vector<PnrpId> ids;
        while (auto chore = maintenance.poll_chore()) {
            if (const auto* probe = std::get_if<ProbeChore>(&*chore)) ids.push_back(probe->id);
        }
        std::ranges::sort(ids);
        return ids;
    };
    maintenance.start(at({}));
    const auto first = probes(20s);
    EXPECT_EQ(first.size(), 10U);
    EXPECT_EQ(std::ranges::adjacent_find(first), first.end());
    EXPECT_NE(probes(60s), first);
}

// The walk of vectors 1.3, a trace that Windows printed: an unreachable hop is given up at 2 s, the
// hop before it is asked again and returns somebody else, one with fewer bits is followed all the
// same, and the node that has the name is asked by LOOKUP first, then by INQUIRE.
TEST(WindowsSearch, WalksAsTheTraceOfWindowsTells) {
    Bench bench(windows_config());
    const Peer holder(5, "web", windows_profile());
    PnrpId target = make_id(p2p_id(windows_profile(), holder.registration.name), {});
    target.bytes[16] = std::byte{0x80};
    // A node whose id has exactly `bits` leading bits in common with the target.
    const auto hop = [&](unsigned number, unsigned bits) {
        RouteEntry entry;
        entry.id = target;
        entry.id.bytes[bits / 8] ^= static_cast<std::byte>(0x80U >> bits % 8);
        const Endpoint endpoint = test::endpoint_of(256 * (number + 20));
        entry.port = endpoint.port;
        entry.addresses = {endpoint.address};
        KITH_CHECK(common_prefix_bits(entry.id, target) == bits);
        return entry;
    };
    const RouteEntry four = hop(2, 4);
    const RouteEntry six = hop(3, 6);
    const RouteEntry five = hop(5, 5);
    const RouteEntry nine = hop(6, 9);
    const RouteEntry last = holder.entry();
    ASSERT_GE(common_prefix_bits(last.id, target), 128U);

    CachedRoute route;
    route.entry = four;
    bench.cache.insert(std::move(route));
    SearchGoal goal;
    goal.target = target;
    goal.criteria = Criteria::any_peer_name;
    goal.deadline = at(10s).instant;
    Search search(1, goal, bench.exchange, bench.cache);
    Duration now{};
    search.start(at(now));

    const auto asked = [&] { return bench.sent().all<Lookup>().back(); };
    const auto endpoint = [](const RouteEntry& entry) {
        return Endpoint{entry.addresses.front(), entry.port};
    };
    const auto answer = [&](const std::optional<RouteEntry>& entry) {
        AuthorityBuffer buffer;
        buffer.entry = entry;
        const auto lookup = asked();
        const auto answered = bench.exchange.pending().take(at(now), lookup.id, lookup.to);
        search.handle_answer(at(now), lookup.id, answered, buffer);
    };
    EXPECT_EQ(asked().to, endpoint(four));
    EXPECT_EQ(asked().body.path.front(), bench.own); // the resolver itself
    answer(six);
    EXPECT_EQ(asked().to, endpoint(six));

    std::optional<PendingList::Failed> failed;
    for (; now <= 2s && !failed; now += 1ms) { // Rejected (Unreachable) after 2000 ms
        bench.exchange.handle_timeout(at(now));
        failed = bench.exchange.pending().poll_failed();
    }
    ASSERT_TRUE(failed.has_value());
    EXPECT_EQ(now - 1ms, 2s);
    search.handle_failure(at(now), *failed);

    EXPECT_EQ(asked().to, endpoint(four)); // again
    EXPECT_THAT(asked().body.path, testing::Contains(endpoint(six)));
    answer(five);
    EXPECT_EQ(asked().to, endpoint(five));
    answer(nine);
    EXPECT_EQ(asked().to, endpoint(nine));
    answer(last);
    EXPECT_EQ(asked().to, endpoint(last));
    EXPECT_TRUE(bench.sent().all<Inquire>().empty());
    answer(std::nullopt); // Rejected (Dead end)
    const auto inquiries = bench.sent().all<Inquire>();
    ASSERT_EQ(inquiries.size(), 1U);
    EXPECT_EQ(inquiries[0].to, endpoint(last));
    EXPECT_FALSE(inquiries[0].body.padded);

    const auto answered = bench.exchange.pending().take(at(now), inquiries[0].id, inquiries[0].to);
    search.handle_answer(
        at(now), inquiries[0].id, answered, holder.answer(at(now), inquiries[0].body));
    ASSERT_TRUE(search.result().has_value());
    EXPECT_EQ(search.result()->kind, SearchResult::Kind::found);
}

} // namespace
} // namespace kith::pnrp
