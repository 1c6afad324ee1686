#include "sim/addresses.hpp"
#include "sim/contract.hpp"
#include "sim/testing/ping_core.hpp"

#include <gtest/gtest.h>
#include <vector>

namespace kith::sim {
namespace {

constexpr unsigned kLookup = 11;
constexpr unsigned kAuthority = 8;
constexpr unsigned kInquire = 7;

class Contract : public ::testing::Test {
protected:
    Contract() { checker_.booted(kHost); }

    Complaint answer(const Endpoint& to, std::size_t size, unsigned type = kAuthority) {
        const std::vector<Endpoint> own{own_};
        const node::Datagram datagram{
            node::Channel::pnrp, {}, to, testing::make_message(type, size)};
        return checker_.sent(kHost, own, datagram);
    }

    void hear(const Endpoint& from, unsigned type, std::size_t size) {
        const Bytes message = testing::make_message(type, size);
        checker_.arrived(kHost, {node::Channel::pnrp, own_, from, message});
    }

    static constexpr HostId kHost{0};
    Endpoint own_ = endpoint_of(Scope::global, kHost);
    Endpoint peer_ = endpoint_of(Scope::global, HostId{1});
    Endpoint other_ = endpoint_of(Scope::global, HostId{2});
    ContractChecker checker_{ContractLimits{}};
};

TEST_F(Contract, three_times_the_question_is_the_most_for_a_stranger) {
    hear(peer_, kLookup, 100);
    EXPECT_EQ(answer(peer_, 300), std::nullopt);
    EXPECT_NE(answer(peer_, 12), std::nullopt); // the sum counts
}

TEST_F(Contract, an_answer_proves_where_its_sender_is) {
    hear(peer_, kAuthority, 100);
    hear(peer_, kLookup, 100);
    EXPECT_EQ(answer(peer_, 1216), std::nullopt);
    hear(other_, kLookup, 100);
    EXPECT_NE(answer(other_, 1216), std::nullopt); // and of nobody else
}

TEST_F(Contract, what_was_proved_to_a_former_node_is_forgotten) {
    hear(peer_, kAuthority, 100);
    checker_.booted(kHost);
    hear(peer_, kLookup, 100);
    EXPECT_NE(answer(peer_, 1216), std::nullopt);
}

TEST_F(Contract, a_question_of_its_own_is_no_answer) {
    hear(peer_, kLookup, 100);
    EXPECT_EQ(answer(peer_, 408, kInquire), std::nullopt);
    EXPECT_EQ(answer(other_, 1216), std::nullopt); // nor is what goes elsewhere
}

TEST_F(Contract, the_largest_message_is_1216_bytes) {
    checker_.began();
    EXPECT_EQ(answer(peer_, 1216), std::nullopt);
    EXPECT_NE(answer(peer_, 1217), std::nullopt);
}

TEST_F(Contract, state_is_bounded) {
    const ContractLimits limits;
    EXPECT_EQ(checker_.check_state_bytes(limits.state_bytes_max), std::nullopt);
    EXPECT_NE(checker_.check_state_bytes(limits.state_bytes_max + 1), std::nullopt);
}

} // namespace
} // namespace kith::sim
