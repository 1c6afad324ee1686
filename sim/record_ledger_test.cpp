#include "sim/host_clock.hpp"
#include "sim/record_ledger.hpp"

#include <array>
#include <gtest/gtest.h>
#include <string_view>

namespace kith::sim {
namespace {

using namespace std::chrono_literals;
using graph::RecordChangeKind;

const HostId kPublisher = host_id(0);
const HostId kNear = host_id(1);
const HostId kFar = host_id(2);
constexpr std::array kAll{kPublisher, kNear, kFar};
constexpr store::PeerTime kPublished{1'000'000'000'000};
constexpr std::chrono::hours kLife{1};

class RecordLedgerTest : public ::testing::Test {
protected:
    RecordLedgerTest() {
        for (const HostId host : kAll) {
            ledger.booted(host, false);
            ledger.synchronized(kStart, host);
        }
        record.id = Guid::from_halves(1, 2);
        record.expires = kPublished.plus(kLife);
        record.payload = to_owned(as_bytes("what is true"));
        ledger.measure(true);
        ledger.published(kStart, kPublisher, record);
    }

    Complaint
    saw(HostId host,
        HostId from,
        const store::Record& shown,
        Duration after,
        store::PeerTime at = kPublished.plus(1s)) {
        return ledger.saw(
            kStart + after,
            {host, from, at, &shown},
            {RecordChangeKind::added, shown.id, shown.type});
    }

    RecordLedger ledger;
    store::Record record;
};

TEST_F(RecordLedgerTest, hops_and_latencies_follow_the_bytes) {
    EXPECT_FALSE(saw(kNear, kPublisher, record, 50ms));
    EXPECT_FALSE(saw(kFar, kNear, record, 90ms));
    const Deliveries all = ledger.deliveries(kAll, kPublished);
    EXPECT_EQ(all.published, 1U);
    EXPECT_EQ(all.expected, 3U);
    EXPECT_EQ(all.delivered, 3U);
    EXPECT_EQ(all.hops_max, 2U);
    EXPECT_EQ(all.latencies_ms, (std::vector<float>{50, 90}));
    EXPECT_TRUE(ledger.is_complete(kAll, kPublished));
}

TEST_F(RecordLedgerTest, what_a_node_does_not_have_is_missed) {
    EXPECT_FALSE(saw(kNear, kPublisher, record, 50ms));
    EXPECT_FALSE(ledger.is_complete(kAll, kPublished));
    const Deliveries all = ledger.deliveries(kAll, kPublished);
    EXPECT_EQ(all.expected - all.delivered, 1U);
}

TEST_F(RecordLedgerTest, another_content_is_forged) {
    record.payload = to_owned(as_bytes("what is not"));
    EXPECT_EQ(saw(kNear, kPublisher, record, 1s), "shows a forged version 1 of a record");
    record.id = Guid::from_halves(3, 4);
    EXPECT_EQ(saw(kNear, kPublisher, record, 1s), "shows a record that nobody has published");
}

TEST_F(RecordLedgerTest, an_old_version_after_a_new_one_is_caught) {
    store::Record next = record;
    next.version = 2;
    next.payload.clear();
    ledger.published(kStart + 1s, kPublisher, next);
    EXPECT_FALSE(saw(kNear, kPublisher, next, 2s));
    EXPECT_EQ(saw(kNear, kFar, record, 3s), "went back from version 2 to 1");
}

TEST_F(RecordLedgerTest, a_record_is_shown_neither_after_it_has_expired_nor_gone_before) {
    const store::PeerTime over = record.expires.plus(1s);
    EXPECT_EQ(saw(kNear, kPublisher, record, kLife, over), "shows a record that has expired");
    EXPECT_FALSE(saw(kFar, kPublisher, record, 1s));
    const graph::RecordChanged gone{RecordChangeKind::expired, record.id, record.type};
    EXPECT_FALSE(ledger.check_expired(kFar, record.expires.plus(kExpirySlack)));
    EXPECT_TRUE(ledger.check_expired(kFar, record.expires.plus(kExpirySlack + 1s)));
    EXPECT_FALSE(ledger.saw(kStart + kLife, {kFar, std::nullopt, over, nullptr}, gone));
    EXPECT_FALSE(ledger.check_expired(kFar, record.expires.plus(kExpirySlack + 1s)));
    EXPECT_TRUE(ledger.saw(kStart, {kNear, std::nullopt, kPublished.plus(1s), nullptr}, gone));
}

TEST_F(RecordLedgerTest, an_end_that_nobody_wanted_is_caught) {
    const graph::RecordChanged gone{RecordChangeKind::deleted, record.id, record.type};
    EXPECT_TRUE(ledger.saw(kStart, {kNear, kPublisher, kPublished, nullptr}, gone));
    ledger.deleted(kStart + 1s, kPublisher, record.id);
    EXPECT_FALSE(ledger.saw(kStart + 2s, {kNear, kPublisher, kPublished, nullptr}, gone));
    const Deliveries all = ledger.deliveries(kAll, kPublished);
    EXPECT_EQ(all.published, 2U);
    EXPECT_EQ(all.expected, 4U); // kFar knows of neither, and need not
    EXPECT_EQ(all.delivered, 4U);
}

TEST_F(RecordLedgerTest, a_record_that_expired_was_due_to_those_who_were_there) {
    ledger.halted(kFar);
    EXPECT_FALSE(saw(kNear, kPublisher, record, 1s));
    ledger.retire(record.expires.plus(1h));
    const Deliveries all = ledger.deliveries(kAll, record.expires.plus(1h));
    EXPECT_EQ(all.expected, 2U);
    EXPECT_EQ(all.delivered, 2U);
    EXPECT_EQ(ledger.unexpired(), 0U);
}

TEST_F(RecordLedgerTest, contested_records_are_nobodys_to_miss) {
    ledger.contest(record.id);
    EXPECT_TRUE(ledger.is_complete(kAll, kPublished));
    EXPECT_EQ(ledger.deliveries(kAll, kPublished).expected, 0U);
}

} // namespace
} // namespace kith::sim
