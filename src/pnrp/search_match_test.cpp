// How a search ends with a match: the INQUIRE, what is believed of its answer, and who is asked
// next (docs/protocol/pnrp.md, Resolving and Checking a CPA).

#include "pnrp/limits.hpp"
#include "pnrp/search.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::Peer;
using Kind = SearchResult::Kind;

// The same name at the place of `number`: every copy of it matches.
Peer copy_of(const Peer& peer, unsigned number) {
    Peer copy = peer;
    const Peer place(number);
    copy.endpoint = place.endpoint;
    copy.id = make_id(p2p_id_of(peer.id), service_location_of(place.id));
    return copy;
}

class Match : public testing::Test {
protected:
    explicit Match(const Profile& profile = modern_profile()) : bench({.profile = &profile}) {
        goal.target = make_id(p2p_id_of(wanted.id), ServiceLocation{});
        goal.criteria = Criteria::any_peer_name;
        goal.deadline = at(10s).instant;
    }

    void know(const RouteEntry& entry) {
        CachedRoute route;
        route.entry = entry;
        bench.cache.insert(std::move(route));
    }

    void start() {
        search.emplace(1, goal, bench.exchange, bench.cache);
        search->start(at({}));
    }

    std::vector<test::Heard<Inquire>> inquiries() { return bench.sent().all<Inquire>(); }
    std::vector<test::Heard<Lookup>> lookups() { return bench.sent().all<Lookup>(); }

    template<class Asked>
    void answer(const Asked& asked, const AuthorityBuffer& buffer) {
        auto& pending = bench.exchange.pending();
        const auto answered = pending.peek(at({}), asked.id, asked.to);
        if (search->handle_answer(at({}), asked.id, answered, buffer)) pending.cancel(asked.id);
    }

    template<class Asked>
    void fail(const Asked& asked) {
        bench.exchange.pending().cancel(asked.id);
        search->handle_failure(at({}), {asked.id, {}, {asked.to}});
    }

    std::optional<Kind> result() const {
        return search->result() ? std::optional(search->result()->kind) : std::nullopt;
    }

    Bench bench;
    Peer wanted{1};
    Peer other{2};
    SearchGoal goal;
    std::optional<Search> search;
};

TEST_F(Match, IsInquiredAtOnceInTheModernProfile) { // PNRP-172, PNRP-034
    know(wanted.entry());
    start();
    EXPECT_TRUE(lookups().empty());
    ASSERT_EQ(inquiries().size(), 1U);
    const auto asked = inquiries()[0];
    EXPECT_EQ(asked.to, wanted.endpoint);
    EXPECT_EQ(asked.body.validate, wanted.id);
    EXPECT_TRUE(
        asked.body.flags.cpa && asked.body.flags.extended_payload && asked.body.flags.chain);
    EXPECT_TRUE(asked.body.nonce.has_value() && asked.body.nonce != Nonce{});
    EXPECT_TRUE(asked.body.padded);
    answer(asked, wanted.answer(at({}), asked.body));
    ASSERT_EQ(result(), Kind::found);
    EXPECT_EQ(search->result()->cpa->id(), wanted.id);
    EXPECT_EQ((*search->result()->cpa)->app_endpoints, wanted.registration.endpoints);
    EXPECT_EQ(search->result()->lookups, 0U);
}

class PublishedMatch : public Match {
protected:
    static const Profile& published() {
        static const Profile profile = [] {
            Profile p = modern_profile();
            p.hedge.in_flight_max = 1;
            p.inquires_match_at_once = false;
            p.inquire_size = 0;
            return p;
        }();
        return profile;
    }
    PublishedMatch() : Match(published()) {}
};

TEST_F(PublishedMatch, IsLookedUpFirst) {
    know(wanted.entry());
    start();
    EXPECT_TRUE(inquiries().empty());
    ASSERT_EQ(lookups().size(), 1U);
    answer(lookups()[0], {});
    ASSERT_EQ(inquiries().size(), 1U);
    EXPECT_FALSE(inquiries()[0].body.padded);
}

TEST_F(Match, IsBelievedOnlyWithAValidCpa) { // PNRP-207, PNRP-215 to PNRP-219
    using Spoil = std::function<void(AuthorityBuffer&, Cpa)>;
    const auto refuse = [&](Drop reason, const Spoil& spoil) {
        Match_IsBelievedOnlyWithAValidCpa_Test fresh;
        fresh.know(wanted.entry());
        fresh.start();
        const auto asked = fresh.inquiries().at(0);
        AuthorityBuffer buffer = wanted.answer(at({}), asked.body);
        spoil(buffer, wanted.cpa(at({}), *asked.body.nonce));
        fresh.answer(asked, buffer);
        EXPECT_EQ(fresh.bench.exchange.counters().dropped_for(reason), 1U) << to_string(reason);
        EXPECT_FALSE(fresh.result()) << to_string(reason); // the truth may still come
        fresh.fail(asked);
        EXPECT_EQ(fresh.result(), Kind::no_valid_answer) << to_string(reason);
    };
    refuse(Drop::cpa_missing, [](AuthorityBuffer& buffer, const Cpa&) { buffer.cpa.reset(); });
    refuse(Drop::cpa_signature, [](AuthorityBuffer& buffer, const Cpa&) {
        buffer.cpa->back() ^= std::byte{1};
    });
    refuse(Drop::cpa_syntax, [](AuthorityBuffer& buffer, const Cpa&) { buffer.cpa->pop_back(); });
    refuse(Drop::cpa_authority, [&](AuthorityBuffer& buffer, const Cpa& cpa) {
        buffer.cpa = other.signed_cpa(cpa);
    });
    refuse(Drop::cpa_nonce, [&](AuthorityBuffer& buffer, Cpa cpa) {
        cpa.nonce = {};
        buffer.cpa = wanted.signed_cpa(cpa);
    });
    refuse(Drop::cpa_expired, [&](AuthorityBuffer& buffer, Cpa cpa) {
        cpa.not_after = at({}).wall - std::chrono::hours(1);
        buffer.cpa = wanted.signed_cpa(cpa);
    });
    refuse(
        Drop::cpa_id, [&](AuthorityBuffer& buffer, const Cpa&) { buffer.entry = other.entry(); });
    refuse(Drop::payload_invalid, [&](AuthorityBuffer& buffer, Cpa cpa) {
        cpa.has_extended_payload = true; // and there is none
        buffer.cpa = wanted.signed_cpa(cpa);
    });
}

// PNRP-207: whoever sees a question can answer it before the node that holds the id does. What is
// not valid is discarded, and the question stays open.
TEST_F(Match, IsFoundThoughAForgedAnswerCameFirst) {
    know(wanted.entry());
    start();
    const auto asked = inquiries().at(0);
    AuthorityBuffer forged = wanted.answer(at({}), asked.body);
    forged.cpa = other.signed_cpa(wanted.cpa(at({}), *asked.body.nonce));
    for (int i = 0; i < 3; ++i)
        answer(asked, forged);
    EXPECT_FALSE(result());
    EXPECT_TRUE(bench.exchange.pending().contains(asked.id)); // and is asked again when late
    answer(asked, wanted.answer(at({}), asked.body));
    ASSERT_EQ(result(), Kind::found);
    EXPECT_EQ(search->result()->cpa->id(), wanted.id);
}

TEST_F(Match, IsGivenUpAfterSoManyForgedAnswers) {
    know(wanted.entry());
    start();
    const auto asked = inquiries().at(0);
    AuthorityBuffer forged = wanted.answer(at({}), asked.body);
    forged.cpa.reset();
    for (unsigned i = 1; i < kInvalidAnswersMax; ++i)
        answer(asked, forged);
    EXPECT_FALSE(result());
    answer(asked, forged);
    EXPECT_EQ(result(), Kind::no_valid_answer);
    EXPECT_FALSE(bench.exchange.pending().contains(asked.id));
}

// Nobody waits for a liar: the next copy is asked at once.
TEST_F(Match, GivesWayToAnotherCopyWhenAnswersAreForged) { // PNRP-207
    const Peer second = copy_of(wanted, 7);
    goal.target = wanted.id;
    know(wanted.entry());
    know(second.entry());
    start();
    const auto asked = inquiries().at(0);
    AuthorityBuffer forged = wanted.answer(at({}), asked.body);
    forged.cpa.reset();
    answer(asked, forged);
    ASSERT_EQ(lookups().size(), 1U); // a copy is a hop until it is the best
    EXPECT_EQ(lookups()[0].to, second.endpoint);
    answer(lookups()[0], {});
    ASSERT_EQ(inquiries().size(), 2U);
    answer(inquiries()[1], second.answer(at({}), inquiries()[1].body));
    EXPECT_EQ(result(), Kind::found);
}

TEST_F(Match, BringsItsPayload) { // PNRP-215, PNRP-220
    know(wanted.entry());
    start();
    const auto asked = inquiries().at(0);
    AuthorityBuffer buffer = wanted.answer(at({}), asked.body);
    Cpa cpa = wanted.cpa(at({}), *asked.body.nonce);
    cpa.has_extended_payload = true;
    buffer.cpa = wanted.signed_cpa(cpa);
    ExtendedPayload payload;
    payload.not_after = cpa.not_after;
    payload.id = wanted.id;
    payload.nonce = cpa.nonce;
    payload.payload = Bytes(700, std::byte{6});
    buffer.extended_payload =
        sign_extended_payload(modern_profile(), payload, *wanted.registration.key);
    answer(asked, buffer);
    ASSERT_EQ(result(), Kind::found);
    EXPECT_EQ(search->result()->payload->payload, payload.payload);
}

TEST_F(PublishedMatch, GivesWayToTheNextBest) { // PNRP-203, PNRP-207
    const Peer second = copy_of(wanted, 7);
    know(second.entry());
    start();
    AuthorityBuffer buffer;
    buffer.entry = wanted.entry();
    answer(lookups().at(0), buffer);
    ASSERT_EQ(inquiries().size(), 1U);
    EXPECT_EQ(inquiries()[0].to, second.endpoint); // it matches, so the search has ended
    AuthorityBuffer denial;
    denial.not_found = true;
    answer(inquiries()[0], denial);
    EXPECT_EQ(lookups().back().to, wanted.endpoint);
    answer(lookups().back(), {});
    ASSERT_EQ(inquiries().size(), 2U);
    answer(inquiries()[1], wanted.answer(at({}), inquiries()[1].body));
    EXPECT_EQ(result(), Kind::found);
}

TEST_F(Match, AsksASilentOneOnceMore) { // PNRP-034: with a fresh nonce
    know(wanted.entry());
    start();
    fail(inquiries().at(0));
    ASSERT_EQ(inquiries().size(), 2U); // nobody else is left
    EXPECT_EQ(inquiries()[1].to, wanted.endpoint);
    EXPECT_NE(inquiries()[1].body.nonce, inquiries()[0].body.nonce);
    answer(inquiries()[1], wanted.answer(at({}), inquiries()[1].body));
    EXPECT_EQ(result(), Kind::found);
}

TEST_F(Match, IsNotAskedAThirdTime) {
    know(wanted.entry());
    start();
    fail(inquiries().at(0));
    fail(inquiries().at(1));
    EXPECT_EQ(inquiries().size(), 2U);
    EXPECT_EQ(result(), Kind::not_found);
}

// Of two copies the nearer is inquired first; when it is late the other one as well, and the first
// valid answer wins.
TEST_F(Match, IsHedgedWithAnotherCopy) {
    const Peer second = copy_of(wanted, 7);
    goal.target = wanted.id;
    know(wanted.entry());
    know(second.entry());
    start();
    ASSERT_EQ(inquiries().size(), 1U);
    EXPECT_EQ(inquiries()[0].to, wanted.endpoint);
    ASSERT_EQ(search->next_timeout(), at(30ms).instant);
    search->handle_timeout(at(30ms));
    ASSERT_EQ(inquiries().size(), 2U);
    EXPECT_EQ(inquiries()[1].to, second.endpoint);
    search->handle_timeout(at(60ms));
    EXPECT_EQ(inquiries().size(), 2U); // there is no third
    EXPECT_EQ(search->next_timeout(), goal.deadline);
    answer(inquiries()[1], second.answer(at({}), inquiries()[1].body));
    ASSERT_EQ(result(), Kind::found);
    EXPECT_EQ(search->result()->cpa->id(), second.id);
}

TEST_F(Match, IsFoundOnAnotherNodeWhenTheFirstIsSilent) { // PNRP-173
    const Peer second = copy_of(wanted, 7);
    know(wanted.entry());
    know(other.entry());
    start();
    ASSERT_EQ(inquiries().size(), 1U);
    fail(inquiries()[0]);
    ASSERT_EQ(lookups().size(), 1U);
    AuthorityBuffer buffer;
    buffer.entry = second.entry();
    answer(lookups()[0], buffer);
    ASSERT_EQ(inquiries().size(), 2U);
    EXPECT_EQ(inquiries()[1].to, second.endpoint);
    answer(inquiries()[1], second.answer(at({}), inquiries()[1].body));
    EXPECT_EQ(result(), Kind::found);
    EXPECT_EQ(search->result()->lookups, 1U);
}

// PNRP-056, PNRP-175: an acceptable match counts only when nobody is left who might be nearer.
TEST_F(PublishedMatch, TakesTheNearestWhenAskedTo) {
    goal.criteria = Criteria::nearest_peer_name;
    const Peer far = copy_of(wanted, 200);
    const Peer near = copy_of(wanted, 7);
    know(far.entry());
    start();
    AuthorityBuffer buffer;
    buffer.entry = near.entry();
    answer(lookups().at(0), buffer);
    EXPECT_TRUE(inquiries().empty());
    ASSERT_EQ(lookups().size(), 2U);
    EXPECT_EQ(lookups()[1].to, near.endpoint);
    answer(lookups()[1], {});
    for (int i = 0; i < 3 && inquiries().empty(); ++i)
        answer(lookups().back(), {});
    ASSERT_EQ(inquiries().size(), 1U);
    EXPECT_EQ(inquiries()[0].to, near.endpoint);
}

} // namespace
} // namespace kith::pnrp
