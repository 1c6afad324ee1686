// What other nodes get for their LOOKUPs and INQUIREs (docs/protocol/pnrp.md, Answering).

#include "pnrp/limits.hpp"
#include "pnrp/responder.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>
#include <map>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::Bench;
using test::endpoint_of;
using test::endpoint_of_byte;
using test::Peer;
using test::secure_registration;

const Endpoint kAsker = endpoint_of(256 * 250);

class ResponderTest : public testing::Test {
protected:
    ResponderTest() {
        lookup.target = Bench::id_of_byte(0x80);
        lookup.path = {kAsker};
    }

    AuthorityBuffer answer_to(const Lookup& message) {
        bench.sent().forget();
        responder.handle_lookup(at({}), {kAsker, MessageId{5}, 500}, message);
        return only_answer();
    }

    AuthorityBuffer answer_to(const Inquire& message) {
        bench.sent().forget();
        responder.handle_inquire(at({}), {kAsker, MessageId{5}, 408}, message);
        return only_answer();
    }

    // There always is one (decision A17).
    AuthorityBuffer only_answer() {
        const auto sent = bench.sent().to<Authority>(kAsker);
        KITH_CHECK(sent.size() == 1 && sent[0].body.acked == MessageId{5});
        const auto buffer = decode_authority_buffer(modern_profile(), sent[0].body.fragment);
        KITH_CHECK(buffer.has_value());
        return *buffer;
    }

    // An id that lies `fraction` of 2^248 above `id`.
    static PnrpId above(const PnrpId& id, unsigned steps) {
        PnrpId sum = id;
        for (unsigned i = 0; i < steps; ++i)
            sum = sum + power_of_two(240);
        return sum;
    }

    Bench bench;
    Responder responder{bench.exchange, bench.cache, bench.registry};
    Lookup lookup;
};

TEST_F(ResponderTest, AnswersEvenWithNothing) { // PNRP-266
    EXPECT_EQ(answer_to(lookup), AuthorityBuffer{});
}

TEST_F(ResponderTest, SaysWhatIsNotHere) { // PNRP-261, PNRP-267, PNRP-041
    lookup.validate = Bench::id_of_byte(0x33);
    EXPECT_TRUE(answer_to(lookup).not_found);
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    lookup.validate = own;
    EXPECT_FALSE(answer_to(lookup).not_found);
    lookup.validate = {};
    EXPECT_FALSE(answer_to(lookup).not_found);
    AuthorityBuffer denial;
    denial.not_found = true;
    const Inquire unknown{{.cpa = true}, Bench::id_of_byte(0x33), Nonce{}, true};
    EXPECT_EQ(answer_to(unknown), denial); // and nothing else
    EXPECT_EQ(answer_to(Inquire{{}, own, {}, false}), AuthorityBuffer{});
}

TEST_F(ResponderTest, ReturnsTheCloserOfItsOwnAndTheOthers) { // PNRP-047, PNRP-262, PNRP-266
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    CachedRoute route;
    route.entry = Bench::entry_of_byte(1);
    route.entry.id = above(own, 10);
    bench.cache.insert(route);
    lookup.accept_any = true;
    lookup.target = above(own, 4);
    EXPECT_EQ(answer_to(lookup).entry, bench.registry.entry_of(own));
    lookup.target = above(own, 6);
    EXPECT_EQ(answer_to(lookup).entry, route.entry);
}

TEST_F(ResponderTest, OffersItselfOnlyToWhoHasNotBeenHere) { // PNRP-262
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    lookup.target = own;
    EXPECT_EQ(answer_to(lookup).entry, bench.registry.entry_of(own));
    lookup.path.push_back(bench.own);
    EXPECT_FALSE(answer_to(lookup).entry);
}

TEST_F(ResponderTest, OffersAnOwnIdOnlyIfCloserThanTheOneAsked) { // PNRP-262
    const PnrpId first = bench.add_name(secure_registration(1)).id;
    const PnrpId second = bench.add_name(secure_registration(2)).id;
    lookup.target = first;
    lookup.validate = second;
    EXPECT_EQ(answer_to(lookup).entry, bench.registry.entry_of(first));
    lookup.validate = first;
    EXPECT_FALSE(answer_to(lookup).entry);
    // Whoever was wrong about us is told what we do have.
    lookup.target = above(first, 10);
    lookup.validate = above(first, 9);
    const auto buffer = answer_to(lookup);
    EXPECT_TRUE(buffer.not_found);
    EXPECT_EQ(buffer.entry, bench.registry.entry_of(first));
}

TEST_F(ResponderTest, OffersOnlyProgress) { // PNRP-263
    bench.cache_byte(0x20);
    lookup.validate = Bench::id_of_byte(0x40);
    EXPECT_FALSE(answer_to(lookup).entry);
    lookup.accept_any = true;
    EXPECT_EQ(answer_to(lookup).entry, Bench::entry_of_byte(0x20));
    lookup.accept_any = false;
    bench.cache_byte(0x7f);
    EXPECT_EQ(answer_to(lookup).entry, Bench::entry_of_byte(0x7f));
}

TEST_F(ResponderTest, OffersNobodyInThePath) { // PNRP-263, decision A19
    bench.cache_byte(0x7f);
    bench.cache_byte(0x7e);
    lookup.accept_any = true;
    lookup.path.push_back(endpoint_of_byte(0x7f));
    for (int i = 0; i < 50; ++i)
        ASSERT_EQ(answer_to(lookup).entry, Bench::entry_of_byte(0x7e));
    lookup.path.back().port++; // another node at the same address
    std::set<PnrpId> offered;
    for (int i = 0; i < 200; ++i)
        offered.insert(answer_to(lookup).entry->id);
    EXPECT_EQ(offered.size(), 2U);
}

TEST_F(ResponderTest, DrawsTheNearerMoreOften) {             // PNRP-264
    for (const unsigned byte : {0x7eU, 0x7cU, 0x78U, 0x70U}) // 2, 4, 8 and 16 away
        bench.cache_byte(byte);
    lookup.accept_any = true;
    std::map<unsigned, int> drawn;
    for (int i = 0; i < 2000; ++i)
        ++drawn[std::to_integer<unsigned>(answer_to(lookup).entry->id.bytes[0])];
    EXPECT_GT(drawn[0x7e], drawn[0x7c]);
    EXPECT_GT(drawn[0x7c], drawn[0x78]);
    EXPECT_GT(drawn[0x78], 0);
    EXPECT_EQ(drawn.count(0x70), 0U); // only the three nearest
    // Weights 1, 1/8 and 1/64 of the distances' cubes.
    EXPECT_NEAR(drawn[0x7e] / 2000.0, 64.0 / 73, 0.04);
    EXPECT_NEAR(drawn[0x7c] / 2000.0, 8.0 / 73, 0.03);
}

TEST_F(ResponderTest, SeldomSendsToALateNode) {
    bench.cache_byte(0x7e);
    bench.cache_byte(0x7d);
    bench.cache.find(Bench::id_of_byte(0x7e))->is_late = true;
    lookup.accept_any = true;
    int late = 0;
    for (int i = 0; i < 1000; ++i)
        late += answer_to(lookup).entry->id == Bench::id_of_byte(0x7e) ? 1 : 0;
    EXPECT_LT(late, 100);
    EXPECT_GT(late, 0); // it is not cut off
}

TEST_F(ResponderTest, SuspectsATargetThatItOughtToKnow) { // PNRP-265, PNRP-041
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    lookup.target = above(own, 1);
    lookup.validate = own;
    EXPECT_TRUE(answer_to(lookup).suspicious);
    for (unsigned i = 1; i <= 8; ++i) {
        CachedRoute route;
        route.entry = Bench::entry_of_byte(i);
        route.entry.id = above(own, i * 4);
        bench.cache.insert(route);
        route.entry = Bench::entry_of_byte(i + 20);
        route.entry.id = own - (above(own, i * 4) - own);
        bench.cache.insert(route);
    }
    EXPECT_TRUE(answer_to(lookup).suspicious); // nobody is closer to it than we are
    lookup.accept_any = true;
    EXPECT_FALSE(answer_to(lookup).suspicious); // there is somebody to send it to
    lookup.accept_any = false;
    lookup.target = lookup.validate = above(own, 25); // beyond the five next above
    EXPECT_FALSE(answer_to(lookup).suspicious);
}

TEST_F(ResponderTest, NeverReadsTheReason) { // PNRP-057
    bench.cache_byte(0x7f);
    lookup.accept_any = true;
    for (unsigned reason = 0; reason < 256; ++reason) {
        lookup.reason = static_cast<std::uint8_t>(reason);
        EXPECT_EQ(answer_to(lookup).entry, Bench::entry_of_byte(0x7f));
    }
}

// An answer that changed is not given from memory.
TEST_F(ResponderTest, ForgetsAnswersWhenTheRegistrationChanges) {
    const PnrpId own = bench.add_name(secure_registration(1)).id;
    const Inquire inquire{{.cpa = true}, own, Nonce{std::byte{1}}, true};
    const auto first = answer_to(inquire);
    bench.registry.find(own)->registration.comment = "moved";
    EXPECT_EQ(answer_to(inquire), first);
    responder.forget_answers_for(own);
    EXPECT_NE(answer_to(inquire), first);
}

} // namespace
} // namespace kith::pnrp
