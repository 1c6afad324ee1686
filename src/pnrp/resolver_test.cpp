// What an application asks for, before a search and after it; cloud_answers_test.cpp and
// gather_test.cpp have the way between.

#include "pnrp/limits.hpp"
#include "pnrp/resolver.hpp"
#include "pnrp/test_stage.hpp"

#include <gtest/gtest.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::secure_registration;

class ResolverTest : public testing::Test {
protected:
    static ResolveQuery query(unsigned number) {
        return {.name = secure_registration(number).name};
    }

    std::optional<ResolveErrc> error_of(const ResolveDone& done) const {
        return done.outcome ? std::nullopt : std::optional(done.outcome.error());
    }

    ResolveDone outcome(SearchResult::Kind kind) const {
        const ForResolve client{ResolveId{1}, query(2).name, at({}).instant};
        return resolver.outcome_of(at(1s), client, SearchResult{kind});
    }

    Bench bench;
    Searches searches{bench.exchange, bench.cache};
    Resolver resolver{bench.exchange, bench.cache, bench.registry, searches};
};

TEST_F(ResolverTest, NeedsAWayOut) {
    bench.exchange.set_endpoints({});
    EXPECT_EQ(resolver.start(at({}), query(1)).error(), ResolveErrc::no_addresses);
}

TEST_F(ResolverTest, AnswersItselfForWhatIsRegisteredHere) { // PNRP-165
    bench.add_name(secure_registration(1));
    const auto id = resolver.start(at({}), query(1));
    ASSERT_TRUE(id);
    const auto done = resolver.poll_done();
    ASSERT_TRUE(done && done->outcome);
    EXPECT_EQ(done->id, *id);
    EXPECT_TRUE(done->outcome->is_local);
    EXPECT_EQ(done->outcome->comment, "host 1");
    EXPECT_EQ(searches.resolve_count(), 0U);
    EXPECT_FALSE(resolver.poll_done());
}

TEST_F(ResolverTest, WaitsForAFirstMember) {
    ASSERT_TRUE(resolver.start(at({}), query(1)));
    EXPECT_EQ(resolver.next_timeout(), at(kResolveHoldMax).instant);
    resolver.release_held(at(1s));
    EXPECT_EQ(searches.resolve_count(), 0U);
    bench.cache_byte(1);
    resolver.release_held(at(1s));
    EXPECT_EQ(searches.resolve_count(), 1U);
    EXPECT_FALSE(resolver.next_timeout());
    EXPECT_EQ(bench.sent().all<Lookup>().size(), 1U);
}

TEST_F(ResolverTest, WaitsNoLongerThanItMay) {
    ResolveQuery hasty = query(1);
    hasty.timeout = 500ms;
    const auto id = resolver.start(at({}), hasty);
    ASSERT_TRUE(id);
    EXPECT_EQ(resolver.next_timeout(), at(500ms).instant);
    resolver.release_held(at(500ms)); // there is nobody to ask
    const auto done = searches.poll_done();
    ASSERT_TRUE(done);
    EXPECT_EQ(std::get<ForResolve>(done->client).id, *id);
    EXPECT_EQ(done->result.kind, SearchResult::Kind::not_found);
}

TEST_F(ResolverTest, CancelsWhatWaitsAndWhatSearches) {
    const auto waiting = resolver.start(at({}), query(1));
    bench.cache_byte(1);
    const auto searching = resolver.start(at({}), query(2));
    ASSERT_TRUE(waiting && searching);
    resolver.cancel(*waiting);
    const auto done = resolver.poll_done();
    ASSERT_TRUE(done);
    EXPECT_EQ(done->id, *waiting);
    EXPECT_EQ(error_of(*done), ResolveErrc::cancelled);
    resolver.cancel(*waiting); // it is done
    EXPECT_FALSE(resolver.poll_done());
    EXPECT_EQ(searches.resolve_count(), 1U);
    resolver.cancel(*searching);
    EXPECT_EQ(searches.resolve_count(), 0U);
    const auto ended = searches.poll_done();
    ASSERT_TRUE(ended);
    EXPECT_EQ(ended->result.kind, SearchResult::Kind::cancelled);
}

TEST_F(ResolverTest, CountsThoseThatWait) { // PNRP-169
    for (std::size_t i = 0; i < kResolvesMax; ++i)
        ASSERT_TRUE(resolver.start(at({}), query(1)));
    EXPECT_EQ(resolver.start(at({}), query(1)).error(), ResolveErrc::too_many_resolves);
}

TEST_F(ResolverTest, SaysWhyThereIsNoAnswer) {
    using Kind = SearchResult::Kind;
    EXPECT_EQ(error_of(outcome(Kind::not_found)), ResolveErrc::not_found);
    EXPECT_EQ(error_of(outcome(Kind::no_valid_answer)), ResolveErrc::no_valid_answer);
    EXPECT_EQ(error_of(outcome(Kind::timed_out)), ResolveErrc::timed_out);
    EXPECT_EQ(error_of(outcome(Kind::cancelled)), ResolveErrc::cancelled);
    EXPECT_EQ(error_of(outcome(Kind::found)), ResolveErrc::no_valid_answer); // without a CPA
}

} // namespace
} // namespace kith::pnrp
