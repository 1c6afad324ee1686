#include "sim/addresses.hpp"
#include "sim/content.hpp"
#include "sim/name_ledger.hpp"

#include <gtest/gtest.h>
#include <utility>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;

constexpr HostId kOwner{1};
constexpr HostId kAsker{2};
constexpr pnrp::ResolveId kResolve{9};

class Ledger : public ::testing::Test {
protected:
    Ledger()
        : content_(make_content({7}, kOwner, 0, endpoint_of(Scope::global, kOwner).address)),
          id_(ledger_.published(kStart, kOwner, content_)) {}

    void ask(Instant at) { ledger_.asked(at, {kAsker, kResolve, id_, 10s}); }

    pnrp::Resolution truth() const {
        return {
            .name = content_.name,
            .endpoints = content_.endpoints,
            .comment = content_.comment,
            .payload = content_.payload,
            .public_key = to_owned(content_.key->public_key().material()),
            .lookups = 3};
    }

    Complaint answer(Instant at, pnrp::Resolution found) {
        return ledger_.handle_event(at, kAsker, pnrp::ResolveDone{kResolve, std::move(found)});
    }

    Verdict verdict(pnrp::Resolution found) {
        ask(kStart + 1min);
        EXPECT_EQ(answer(kStart + 1min + 1s, std::move(found)), std::nullopt);
        return ledger_.answers().back().verdict;
    }

    NameLedger ledger_;
    pnrp::Registration content_;
    PublicationId id_;
};

TEST_F(Ledger, the_truth_is_correct) {
    EXPECT_EQ(verdict(truth()), Verdict::correct);
    EXPECT_EQ(ledger_.answers().back().took, 1s);
    EXPECT_EQ(ledger_.answers().back().lookups, 3U);
    EXPECT_EQ(ledger_.open_questions(), 0U);
}

TEST_F(Ledger, anything_else_is_forged) {
    pnrp::Resolution found = truth();
    found.comment += "!";
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    found.endpoints.front().port ^= 1U;
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    found.endpoints.clear();
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    found.public_key.front() ^= std::byte{1};
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    ASSERT_TRUE(found.payload); // host 1 has one
    found.payload = pnrp::Payload{pnrp::PayloadKind::binary, Bytes(300)};
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    found.payload.reset();
    EXPECT_EQ(verdict(found), Verdict::forged);
    found = truth();
    found.name = make_unpublished_name({7}, 0);
    EXPECT_EQ(verdict(found), Verdict::forged);
}

TEST_F(Ledger, a_name_withdrawn_before_the_question_is_a_ghost) {
    ledger_.withdrawn(kStart + 59s, id_);
    EXPECT_EQ(verdict(truth()), Verdict::ghost);
}

TEST_F(Ledger, a_name_withdrawn_during_the_question_may_still_be_found) {
    ask(kStart + 1min);
    ledger_.gone(kStart + 1min + 500ms, kOwner);
    EXPECT_EQ(answer(kStart + 1min + 1s, truth()), std::nullopt);
    EXPECT_EQ(ledger_.answers().back().verdict, Verdict::correct);
}

TEST_F(Ledger, an_answer_without_a_question_is_a_breach) {
    EXPECT_NE(answer(kStart + 1s, truth()), std::nullopt);
}

TEST_F(Ledger, a_second_answer_is_a_breach) {
    ask(kStart);
    EXPECT_EQ(answer(kStart + 1s, truth()), std::nullopt);
    EXPECT_NE(answer(kStart + 1s, truth()), std::nullopt);
}

TEST_F(Ledger, an_answer_after_the_timeout_is_a_breach) {
    ask(kStart);
    EXPECT_NE(answer(kStart + 10s + 1ns, truth()), std::nullopt);
}

TEST_F(Ledger, a_question_left_open_is_a_breach) {
    ask(kStart);
    EXPECT_EQ(ledger_.check_overdue(kStart + 10s), std::nullopt);
    EXPECT_NE(ledger_.check_overdue(kStart + 10s + 1ns), std::nullopt);
}

TEST_F(Ledger, nobody_waits_for_a_host_that_is_gone) {
    ask(kStart);
    ledger_.gone(kStart + 1s, kAsker);
    EXPECT_EQ(ledger_.open_questions(), 0U);
}

} // namespace
} // namespace kith::sim
