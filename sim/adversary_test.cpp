// What one liar says to whom. Whole clouds of them are in names_scenario_test.cpp.

#include "pnrp/profile.hpp"
#include "sim/addresses.hpp"
#include "sim/adversary.hpp"
#include "sim/content.hpp"
#include "sim/host_clock.hpp"

#include <gtest/gtest.h>
#include <optional>
#include <variant>
#include <vector>

namespace kith::sim {
namespace {

constexpr std::uint64_t kSeed = 5;

Lies only(Lie lie) {
    Lies lies;
    lies.add(lie);
    return lies;
}

// Hosts 0 and 1 are liars, host 2 is honest.
class AdversaryTest : public ::testing::Test {
protected:
    static Endpoint endpoint(std::size_t host) { return endpoint_of(Scope::global, host_id(host)); }

    static pnrp::PnrpId id(std::size_t host) {
        pnrp::PnrpId id;
        id.bytes[0] = static_cast<std::byte>(0x10 * (host + 1));
        return id;
    }

    static pnrp::RouteEntry entry(std::size_t host) {
        return {id(host), endpoint(host).port, {endpoint(host).address}};
    }

    Adversary& with(Lie lie) {
        Adversary& adversary = made_.emplace(kSeed, only(lie));
        for (const std::size_t host : {0U, 1U}) {
            const Endpoint at = endpoint(host);
            adversary.recruit(at);
            adversary.enlist(at, id(host), make_content({kSeed}, host_id(host), 0, at.address));
        }
        return adversary;
    }

    // What arrives of what `from` says; nothing if it was swallowed.
    std::optional<pnrp::Message>
    pass(Adversary& adversary, std::size_t from, std::size_t to, pnrp::Message message) {
        Bytes payload = pnrp::encode_message(pnrp::modern_profile(), message);
        const Passage passage{
            kStart, host_id(from), node::Channel::pnrp, endpoint(from), endpoint(to), payload};
        if (adversary.pass(passage, forgeries) == TapVerdict::swallowed) return std::nullopt;
        auto arrived = pnrp::decode_message(pnrp::modern_profile(), payload);
        EXPECT_TRUE(arrived.has_value());
        return arrived ? std::optional(*std::move(arrived)) : std::nullopt;
    }

    // `asker` asks liar 0, who has nothing to say; the answer as it arrives.
    std::optional<pnrp::AuthorityBuffer>
    answer(Adversary& adversary, std::size_t asker, const pnrp::Body& question) {
        const pnrp::MessageId asked{77};
        pass(adversary, asker, 0, {asked, question});
        pnrp::AuthorityBuffer nothing;
        nothing.not_found = true;
        const Bytes bytes = pnrp::encode_authority_buffer(pnrp::modern_profile(), nothing);
        const auto fragment = pnrp::split_authority(asked, bytes).front();
        const auto arrived = pass(adversary, 0, asker, {pnrp::MessageId{78}, fragment});
        if (!arrived) return std::nullopt;
        const auto& authority = std::get<pnrp::Authority>(arrived->body);
        EXPECT_EQ(authority.acked, asked);
        const auto buffer =
            pnrp::decode_authority_buffer(pnrp::modern_profile(), authority.fragment);
        EXPECT_TRUE(buffer.has_value());
        return buffer ? std::optional(*buffer) : std::nullopt;
    }

    static pnrp::Lookup lookup() {
        pnrp::Lookup message;
        message.target = id(1);
        message.validate = id(0);
        message.path = {endpoint(2)};
        return message;
    }

    static pnrp::Inquire inquire(const pnrp::PnrpId& whom) {
        pnrp::Inquire message;
        message.validate = whom;
        message.flags.cpa = true;
        message.nonce.emplace();
        message.padded = true;
        return message;
    }

    std::vector<Forgery> forgeries;

private:
    std::optional<Adversary> made_;
};

TEST_F(AdversaryTest, liars_send_others_to_each_other_and_say_each_other_the_truth) {
    Adversary& adversary = with(Lie::neighbours);
    EXPECT_EQ(answer(adversary, 2, lookup())->entry, entry(1));
    EXPECT_FALSE(answer(adversary, 1, lookup())->entry);
    EXPECT_EQ(adversary.told()[static_cast<std::size_t>(Lie::neighbours)], 1U);
}

TEST_F(AdversaryTest, liars_hold_what_they_are_asked_for) {
    Adversary& adversary = with(Lie::claims);
    const auto claim = answer(adversary, 2, lookup());
    ASSERT_TRUE(claim && claim->entry);
    EXPECT_TRUE(claim->entry->has_endpoint(endpoint(0)));
    EXPECT_EQ(pnrp::p2p_id_of(claim->entry->id), pnrp::p2p_id_of(id(1)));
    EXPECT_EQ(answer(adversary, 2, lookup()), claim); // sent again, and the same lie
}

TEST_F(AdversaryTest, liars_are_silent) {
    Adversary& adversary = with(Lie::silence);
    EXPECT_FALSE(answer(adversary, 2, lookup()));
}

// Each answer is well made, and none passes the check of who asked.
TEST_F(AdversaryTest, what_liars_certify_is_refused) {
    for (const Lie lie : {Lie::forged, Lie::replayed, Lie::expired}) {
        Adversary& adversary = with(lie);
        const auto lied = answer(adversary, 2, inquire(id(2)));
        ASSERT_TRUE(lied && lied->cpa) << to_string(lie);
        EXPECT_TRUE(pnrp::decode_cpa(pnrp::modern_profile(), *lied->cpa)) << to_string(lie);
        const pnrp::CpaExpectation expected{.now = kStartDate, .id = id(2)};
        EXPECT_FALSE(pnrp::verify_cpa(pnrp::modern_profile(), *lied->cpa, expected));
    }
}

TEST_F(AdversaryTest, without_a_lie_everything_passes_as_it_is) {
    Adversary adversary(kSeed, Lies::none());
    adversary.recruit(endpoint(0));
    EXPECT_TRUE(answer(adversary, 2, lookup())->not_found);
    EXPECT_TRUE(forgeries.empty());
}

} // namespace
} // namespace kith::sim
