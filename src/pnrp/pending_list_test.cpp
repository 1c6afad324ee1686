// How long an answer is awaited, and whose answer counts (docs/protocol/pnrp.md, Sending again).

#include "pnrp/limits.hpp"
#include "pnrp/pending_list.hpp"
#include "pnrp/test_stage.hpp"

#include <gmock/gmock.h>

namespace kith::pnrp {
namespace {

using namespace std::chrono_literals;
using test::at;
using test::endpoint_of;

constexpr MessageId kId{7};
constexpr RetransmitPolicy kWindows{1s, 1s, 2, 2s};
const Endpoint kPeer = endpoint_of(1);
const Endpoint kPeerToo = endpoint_of(2);
const Endpoint kPeerThree = endpoint_of(3);

const RetransmitPolicy& modern() {
    return modern_profile().retransmit;
}

// When a request is sent again and when it fails if nobody answers, in milliseconds after the
// first.
struct Course {
    std::vector<std::int64_t> resends;
    std::vector<Endpoint> to;
    std::optional<std::int64_t> failed;
};

Course course_of(PendingList& pending) {
    Course course;
    for (int steps = 0; steps < 10; ++steps) {
        const auto due = pending.next_timeout();
        if (!due) break;
        const Duration when = *due - at({}).instant;
        const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(when).count();
        pending.handle_timeout(at(when));
        while (auto resend = pending.poll_resend()) {
            course.resends.push_back(ms);
            course.to.push_back(resend->to);
        }
        if (const auto failed = pending.poll_failed()) course.failed = ms;
    }
    return course;
}

Course course_of(const RetransmitPolicy& policy, std::optional<Duration> late_after) {
    PendingList pending(policy);
    pending.add(at({}), kId, {}, {kPeer}, Bytes(3), late_after);
    return course_of(pending);
}

TEST(
    PendingList,
    SendsTwiceInThePublishedProfile) { // PNRP-127, PNRP-149, PNRP-153, PNRP-178, PNRP-236
    for (const std::optional<Duration> late_after :
         {std::optional<Duration>{}, std::optional<Duration>{20ms}, std::optional<Duration>{9s}}) {
        const Course course = course_of(kWindows, late_after);
        EXPECT_THAT(course.resends, testing::ElementsAre(1000));
        EXPECT_EQ(course.failed, 2000);
    }
}

TEST(PendingList, AdaptsTheWaitToThePeer) {
    const Course usual = course_of(modern(), 200ms);
    EXPECT_THAT(usual.resends, testing::ElementsAre(200, 600));
    EXPECT_EQ(usual.failed, 1400);
    const Course quick = course_of(modern(), 1ms); // never below 100 ms
    EXPECT_THAT(quick.resends, testing::ElementsAre(100, 300));
    EXPECT_EQ(quick.failed, 700);
}

TEST(PendingList, FailsAtTwoSecondsAtTheLatest) {
    const Course unknown = course_of(modern(), std::nullopt);
    EXPECT_THAT(unknown.resends, testing::ElementsAre(1000));
    EXPECT_EQ(unknown.failed, 2000);
    const Course slow = course_of(modern(), 1min);
    EXPECT_THAT(slow.resends, testing::ElementsAre(1000));
    EXPECT_EQ(slow.failed, 2000);
    const Course middling = course_of(modern(), 500ms);
    EXPECT_THAT(middling.resends, testing::ElementsAre(500, 1500));
    EXPECT_EQ(middling.failed, 2000);
}

// A host that slept does not send what nobody waits for any more.
TEST(PendingList, FailsWithoutSendingAgainWhenTheTimeIsLongOver) {
    PendingList pending(modern());
    pending.add(at({}), kId, {}, {kPeer}, Bytes(3), 100ms);
    pending.handle_timeout(at(10s));
    EXPECT_FALSE(pending.poll_resend());
    const auto failed = pending.poll_failed();
    ASSERT_TRUE(failed);
    EXPECT_EQ(failed->id, kId);
    EXPECT_THAT(failed->asked, testing::ElementsAre(kPeer));
    EXPECT_FALSE(pending.poll_failed());
    EXPECT_EQ(pending.size(), 0U);
}

TEST(PendingList, SendsTheSameBytesToTheNextAddress) {
    PendingList pending(modern());
    const Bytes datagram{std::byte{1}, std::byte{2}};
    pending.add(at({}), kId, {}, {kPeer, kPeerToo}, datagram, 100ms);
    pending.handle_timeout(at(100ms));
    const auto first = pending.poll_resend();
    ASSERT_TRUE(first);
    EXPECT_EQ(first->to, kPeerToo);
    EXPECT_EQ(first->datagram, datagram);
    pending.handle_timeout(at(300ms));
    EXPECT_EQ(pending.poll_resend().value().to, kPeer);
}

// An entry may name addresses of others: whoever was not asked was not silent.
TEST(PendingList, ReportsTheSilenceOfThoseAskedOnly) {
    PendingList pending(modern());
    const std::vector four{kPeer, kPeerToo, kPeerThree, endpoint_of(4)};
    pending.add(at({}), kId, {}, four, Bytes(3), 100ms);
    for (const auto when : {100ms, 300ms, 700ms})
        pending.handle_timeout(at(when));
    EXPECT_THAT(pending.poll_failed()->asked, testing::ElementsAre(kPeer, kPeerToo, kPeerThree));
    pending.add(at({}), kId, {}, four, Bytes(3), 1s);
    for (const auto when : {1000ms, 2000ms})
        pending.handle_timeout(at(when));
    EXPECT_THAT(pending.poll_failed()->asked, testing::ElementsAre(kPeer, kPeerToo));
}

// Decision A39: who was not asked has nothing to answer, not even at another port.
TEST(PendingList, ExpectsAnswersFromWhereItAskedOnly) {
    PendingList pending(modern());
    pending.add(at({}), kId, {}, {kPeer, kPeerToo, kPeerThree}, Bytes(3), 100ms);
    Endpoint other_port = kPeer;
    ++other_port.port;
    EXPECT_TRUE(pending.expects(kId, kPeer));
    EXPECT_FALSE(pending.expects(kId, kPeerToo));
    EXPECT_FALSE(pending.expects(kId, other_port));
    EXPECT_FALSE(pending.expects(MessageId{8}, kPeer));
    pending.handle_timeout(at(100ms));
    EXPECT_TRUE(pending.expects(kId, kPeer)); // late, and still an answer
    EXPECT_TRUE(pending.expects(kId, kPeerToo));
    EXPECT_FALSE(pending.expects(kId, kPeerThree));
}

TEST(PendingList, MeasuresOnlyWhatWasSentOnce) { // RFC 6298 3, Karn's rule
    PendingList pending(modern());
    pending.add(at({}), kId, {Errand::probe, 5, {}}, {kPeer}, Bytes(3), 100ms);
    const auto once = pending.take(at(70ms), kId, kPeer);
    EXPECT_EQ(once.round_trip, Duration(70ms));
    EXPECT_EQ(once.purpose.errand, Errand::probe);
    EXPECT_EQ(once.purpose.key, 5U);
    EXPECT_EQ(once.from, kPeer);
    EXPECT_FALSE(pending.contains(kId));
    pending.add(at({}), kId, {}, {kPeer}, Bytes(3), 100ms);
    pending.handle_timeout(at(100ms));
    EXPECT_FALSE(pending.take(at(130ms), kId, kPeer).round_trip);
}

TEST(PendingList, NeitherRepeatsNorReportsAProof) {
    PendingList pending(modern());
    pending.add_unrepeated(at({}), kId, {Errand::proof, 0, {}}, kPeer);
    EXPECT_EQ(pending.unrepeated(), 1U);
    EXPECT_EQ(pending.next_timeout(), at(2s).instant);
    pending.handle_timeout(at(1999ms));
    EXPECT_TRUE(pending.expects(kId, kPeer));
    pending.handle_timeout(at(2s));
    EXPECT_FALSE(pending.contains(kId));
    EXPECT_FALSE(pending.poll_resend() || pending.poll_failed());
    EXPECT_EQ(pending.unrepeated(), 0U);
    pending.add_unrepeated(at({}), kId, {}, kPeer);
    static_cast<void>(pending.take(at({}), kId, kPeer));
    EXPECT_EQ(pending.unrepeated(), 0U);
    pending.add_unrepeated(at({}), kId, {}, kPeer);
    pending.cancel(kId);
    pending.cancel(kId);
    EXPECT_EQ(pending.unrepeated(), 0U);
}

// PNRP-196 to PNRP-198, PNRP-237: one reassembly per request, begun anew by another header id.
TEST(PendingList, PutsAnAnswerTogether) {
    PendingList pending(modern());
    pending.add(at({}), kId, {}, {kPeer}, Bytes(3), {});
    Bytes buffer(2000, std::byte{3});
    const auto parts = split_authority(kId, buffer);
    ASSERT_EQ(parts.size(), 2U);
    using Outcome = Reassembly::Outcome;
    EXPECT_EQ(pending.add_fragment(kId, MessageId{1}, parts[1]), Outcome::incomplete);
    EXPECT_EQ(pending.add_fragment(kId, MessageId{1}, parts[1]), Outcome::incomplete);
    // Another answer: the half of the first one is gone.
    EXPECT_EQ(pending.add_fragment(kId, MessageId{2}, parts[0]), Outcome::incomplete);
    EXPECT_EQ(pending.add_fragment(kId, MessageId{2}, parts[1]), Outcome::complete);
    EXPECT_EQ(pending.take_buffer(kId), buffer);
    // What did not decode may be followed by what does.
    EXPECT_EQ(pending.add_fragment(kId, MessageId{2}, parts[0]), Outcome::incomplete);
    EXPECT_EQ(
        pending.add_fragment(kId, MessageId{2}, {kId, 2001, 1188, Bytes(813)}), Outcome::refused);
    EXPECT_EQ(pending.add_fragment(kId, MessageId{2}, parts[1]), Outcome::incomplete);
    EXPECT_EQ(pending.add_fragment(kId, MessageId{2}, parts[0]), Outcome::complete);
}

TEST(PendingList, FindsWhatIsAskedAlready) {
    PendingList pending(modern());
    PnrpId subject;
    subject.bytes[3] = std::byte{9};
    pending.add(at({}), kId, {Errand::entry_check, 1, subject}, {kPeer}, Bytes(3), {});
    EXPECT_TRUE(pending.contains(Errand::entry_check, subject));
    EXPECT_FALSE(pending.contains(Errand::probe, subject));
    EXPECT_FALSE(pending.contains(Errand::entry_check, PnrpId{}));
    pending.reassign(kId, Errand::probe);
    EXPECT_EQ(pending.purpose(kId).errand, Errand::probe);
    pending.reassign(MessageId{99}, Errand::probe); // no such request: nothing happens
    pending.cancel(kId);
    EXPECT_FALSE(pending.contains(Errand::probe, subject));
    EXPECT_FALSE(pending.next_timeout());
}

TEST(PendingList, IsFullAtItsLimit) {
    PendingList pending(modern());
    for (std::uint32_t i = 0; i < kPendingMax; ++i) {
        ASSERT_FALSE(pending.is_full());
        pending.add(at({}), MessageId{i}, {}, {kPeer}, Bytes(3), {});
    }
    EXPECT_TRUE(pending.is_full());
    pending.cancel(MessageId{0});
    EXPECT_FALSE(pending.is_full());
}

} // namespace
} // namespace kith::pnrp
